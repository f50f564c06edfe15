"""The page on pharmacogenomics: each question on it, asked of the mirror's data, has the answer that stands there."""

import re
from collections.abc import Callable
from itertools import combinations_with_replacement
from pathlib import Path

import pytest

from kg.build import build_graph
from kg.fetch import Fetch
from kg.graph import Graph
from kg.patients.imports import import_patients
from kg.pharmacogenomics.calls import Caller, call_vcf
from kg.pharmacogenomics.phenotype import read_rules
from kg.pharmacogenomics.recommend import Advice, read_guidance, recommend
from kg.query.pharmacogenomics import advice, rules_of
from kg.sources import cpic, dpwg, pharmcat, pharmgkb, pypgx
from kg.stores.protocol import Store
from tests.conftest import ROOT

PAGE = ROOT / "docs" / "pharmacogenomics.md"
QUESTIONS = re.findall(r"```cypher\n(.*?)```\n```text\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture(scope="module")
def whole(mirror: Path) -> Graph:
    fetch = Fetch(mirror, cache=mirror / "no-cache", offline=True)
    graph, _ = build_graph([source.read(fetch) for source in (pharmcat, cpic, dpwg, pypgx, pharmgkb)])
    return graph


def test_every_question_of_the_page_has_an_answer_on_it() -> None:
    assert len(QUESTIONS) == PAGE.read_text(encoding="utf-8").count("```cypher") > 5


@pytest.mark.mirror
def test_the_page_s_questions_have_its_answers(store_of: Callable[[Graph], Store], whole: Graph) -> None:
    store = store_of(whole)
    for question, answer in QUESTIONS:
        rows = store.query(question, {})
        assert "".join(" | ".join(map(str, row.values())) + "\n" for row in rows) == answer, question


@pytest.mark.mirror
def test_no_two_names_of_alleles_or_phenotypes_are_spelt_alike(whole: Graph) -> None:
    for kind in ("Haplotype", "GenePhenotype"):
        assert [row for row in whole.nodes[kind].to_pylist() if row["synonyms"]] == []


@pytest.mark.mirror
def test_every_recommendation_s_second_phenotype_is_a_node(whole: Graph) -> None:
    known = set(whole.nodes["GenePhenotype"]["id"].to_pylist())
    others = set(whole.edges["phenotype_guides_drug"]["other_phenotype"].to_pylist())
    assert others - {None} <= known


@pytest.mark.mirror
def test_any_two_alleles_make_the_same_by_the_graph_as_by_the_tables(
    store_of: Callable[[Graph], Store], whole: Graph, mirror: Path
) -> None:
    tables = read_rules(Fetch(mirror, offline=True))
    rules = rules_of(store_of(whole), tables)
    for gene, told in tables.items():
        assert rules[gene].dpwg == told.dpwg
        for pair in combinations_with_replacement(list(told.functions)[:60], 2):
            ours, theirs = rules[gene].judge(pair), told.judge(pair)
            assert (ours.phenotype, ours.activity_score) == (theirs.phenotype, theirs.activity_score), (gene, pair)


@pytest.mark.mirror
@pytest.mark.parametrize("example", ["pharmcat.example", "pharmcat.example2"])
def test_advice_from_the_store_is_that_from_the_vcf(
    store_of: Callable[[Graph], Store], whole: Graph, mirror: Path, caller: Caller, example: str
) -> None:
    fetch, path = Fetch(mirror, offline=True), mirror / "pgx" / "pharmcat" / "vcf" / f"{example}.vcf"
    (results,) = call_vcf(path, caller).values()
    guidance = read_guidance(fetch)
    store = store_of(whole)
    imported = import_patients(path, store, b"a key that only this test knows, and who reads it", fetch=fetch)
    found = advice(store, imported.patients[0])

    def told(advised: tuple[Advice, ...]) -> set[tuple[object, ...]]:
        return {
            (one.drug, one.source, one.recommendation, one.strength, one.population, *one.results.items())
            for one in advised
        }

    assert told(found.advice) == told(recommend(results, guidance, caller.rules))
    for gene, result in results.items():
        ours = found.results.get(gene, result)
        assert (ours.diplotypes, ours.phenotype, ours.activity_score, ours.missing_positions) == (
            *(result.diplotypes, result.phenotype, result.activity_score, result.missing_positions),
        )
