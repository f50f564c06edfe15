"""Every drug and result of the recommendation tables gives the card that `panakeia pgx` gives for an outside call."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import combinations_with_replacement
from pathlib import Path

import pytest

from kg.fetch import Fetch
from kg.patients.terms.tables import rows as table_rows
from kg.pharmacogenomics.alleles import function_pair, phenotype_id
from kg.pharmacogenomics.calls import Caller, read_caller
from kg.pharmacogenomics.outside import OutsideCall, alleles
from kg.pharmacogenomics.phenotype import Rules
from kg.pharmacogenomics.recommend import Advice, Guidance, read_guidance, recommend
from kg.pharmacogenomics.vcf import Sample
from panakeia.hooks.advice import indicator
from panakeia.hooks.cards import markdown
from panakeia.hooks.desk import Desk
from tests.kg.patients.made_up_records import genotype
from tests.panakeia.hooks.conftest import SIGN, Json, call, order, phenotype
from tests.panakeia.hooks.test_services import must_be_a_card

Case = tuple[tuple[str, str], ...]
"""Genes, each with a phenotype or, if it has a slash, a diplotype."""
EMPTY = Sample("nobody", {})


@pytest.fixture(scope="module")
def files(mirror: Path) -> tuple[Caller, Guidance]:
    """The tables as `panakeia pgx` reads them for a VCF: from files, not from the graph."""
    return read_caller(Fetch(mirror, offline=True)), read_guidance(Fetch(mirror, offline=True))


def cases(guidance: Guidance, rules: Mapping[str, Rules]) -> dict[Case, list[str]]:
    """Return the results by which any recommendation goes, with the drugs that it is on."""
    found: dict[Case, set[str]] = defaultdict(set)
    names = _phenotypes()
    for row in guidance.rows:
        if row["function_pairs"]:
            for pair in row["function_pairs"]:
                if diplotype := _of_functions(rules.get(row["gene"], Rules(row["gene"])), pair):
                    found[((row["gene"], diplotype),)].add(row["drug"])
            continue
        ends = [row["subject"], *([row["other_phenotype"]] if row["other_phenotype"] else [])]
        told = tuple(sorted(names[end] for end in ends if not end.endswith("_No_Result")))
        if told:
            found[told].add(row["drug"])
    return {case: sorted(drugs) for case, drugs in found.items()}


def _phenotypes() -> dict[str, tuple[str, str]]:
    listed = [(row["gene"], row["phenotype"]) for row in table_rows("gene_phenotypes.tsv")]
    return {phenotype_id(*one): one for one in listed}


def _of_functions(rules: Rules, pair: str) -> str | None:
    names = [name for name in rules.dpwg if "≥" not in name and "/" not in name and name in rules.functions]
    for one, other in combinations_with_replacement(names, 2):
        if function_pair([rules.dpwg[one], rules.dpwg[other]]) == pair:
            return f"{one}/{other}"
    return None


def results(case: Case) -> Iterator[Json]:
    for gene, said in case:
        yield genotype(f"{gene} {said}") if "/" in said else phenotype(gene, said)


def outside(case: Case) -> dict[str, OutsideCall]:
    return {
        gene: OutsideCall(gene, (alleles(gene, said),) if "/" in said else (), None if "/" in said else said, None)
        for gene, said in case
    }


def test_every_drug_and_result_gives_the_card_that_pgx_gives(made: Desk, files: tuple[Caller, Guidance]) -> None:
    caller, guidance = files
    rows = cases(guidance, caller.rules)
    told = 0
    ids = {row["drug"]: row["object"] for row in guidance.rows}
    for number, (case, drugs) in enumerate(rows.items()):
        called = caller.call(EMPTY, "GRCh38", outside(case))
        tested = {gene: called[gene] for gene, _ in case}
        by_drug: dict[str, list[Advice]] = defaultdict(list)
        for one in recommend(called, guidance, caller.rules, drugs):
            by_drug[one.drug_id].append(one)
        orders = [order(f"{number}-{at}", text=drug) for at, drug in enumerate(drugs)]
        for at, drug in enumerate(drugs):
            if ids[drug].startswith("RXNORM:"):
                orders[at] = order(f"{number}-{at}", code=ids[drug].removeprefix("RXNORM:"))
        cards = made.answer(SIGN, call(SIGN, orders, list(results(case))))["cards"]
        for drug in drugs:
            mine = [card for card in cards if card["summary"].casefold().startswith(f"{drug.casefold()}")]
            expected = by_drug[ids[drug]]
            assert expected, (case, drug, tested)
            for source in {one.source for one in expected}:
                said = [one for one in expected if one.source == source]
                match = [card for card in mine if all(markdown(one.recommendation) in card["detail"] for one in said)]
                assert match, (case, drug, source, [card["detail"] for card in mine])
                assert indicator(said) in {card["indicator"] for card in match}, (case, drug)
                told += len(said)
        for card in cards:
            must_be_a_card(card)
    assert told > 1_700
    assert len(rows) > 150
