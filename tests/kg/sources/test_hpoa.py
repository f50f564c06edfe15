"""HPO's annotations: frequencies as fractions, and a phenotype that is excluded is nowhere counted as present."""

import csv
import gzip
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.build import build_graph
from kg.fetch import Fetch
from kg.graph import Graph
from kg.schema import RELATIONS
from kg.sources import hpo, hpoa
from tests.kg.sources import test_hpo

HEADER = "\t".join([*hpoa.COLUMNS, "biocuration"])
COMMENTS = '#description: "HPO annotations for rare diseases"\n#version: 2025-01-16\n'
MARFAN = "OMIM:154700\tMarfan syndrome\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\tHPO:probinson[2012-04-24]"


def marfan(qualifier: str = "", term: str = "HP:0001166", frequency: str = "124/197", **said: str) -> str:
    reference = said.get("reference", "PMID:28050285;PMID:33436942")
    rest = (said.get(column, "") for column in ("sex", "modifier"))
    onset, evidence = said.get("onset", ""), said.get("evidence", "PCS")
    return MARFAN.format(qualifier, term, reference, evidence, onset, frequency, *rest, said.get("aspect", "P"))


def fetch(folder: Path, *lines: str, names: bool = True) -> Fetch:
    path = folder / hpoa.ANNOTATIONS.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress((COMMENTS + "\n".join([HEADER, *lines]) + "\n").encode()))
    if names:
        (folder / hpo.ONTOLOGY.path).write_bytes(gzip.compress(test_hpo.OBO.encode()))
    return Fetch(folder, cache=folder / "no-cache", offline=True)


def build(folder: Path, *lines: str) -> Graph:
    graph, audit = build_graph([hpoa.read(fetch(folder, *lines))])
    assert audit.rejected.num_rows == 0
    return graph


def test_an_annotation_says_how_often_by_whom_and_in_whom(tmp_path: Path) -> None:
    line = marfan(onset="HP:0003577", sex="FEMALE", modifier="HP:0012828;HP:0003674")
    graph = build(tmp_path, line)
    (edge,) = graph.edges["disease_has_phenotype"].to_pylist()
    assert edge == {
        "subject": "OMIM:154700",
        "object": "HP:0001166",
        "source": "hpoa",
        "source_version": "2025-01-16-unverified",
        "licence": "LicenseRef-HPO",
        "knowledge_level": "knowledge_assertion",
        "agent_type": "manual_agent",
        "references": ["PMID:28050285", "PMID:33436942"],
        "evidence_code": "PCS",
        "reported_in": "PMID:28050285;PMID:33436942",
        "frequency_low": pytest.approx(124 / 197),
        "frequency_high": pytest.approx(124 / 197),
        "frequency_text": "124/197",
        "onset": "HP:0003577",
        "sex": "female",
        "modifier": "HP:0012828;HP:0003674",
    }
    assert graph.nodes["Disease"].to_pylist()[0]["name"] == "Marfan syndrome"
    assert graph.nodes["Phenotype"].to_pylist()[0]["name"] == "Arachnodactyly"


@pytest.mark.parametrize(
    "line",
    [
        marfan(qualifier="NOT", frequency=""),
        marfan(qualifier="NOT"),
        marfan(frequency="0/7"),
        marfan(frequency="0%"),
        marfan(frequency="HP:0040285"),
        marfan(qualifier="NOT", frequency="", aspect="H"),
    ],
)
def test_an_excluded_phenotype_is_never_one_that_the_disease_has(tmp_path: Path, line: str) -> None:
    graph = build(tmp_path, line)
    assert graph.edge_counts() == {"disease_lacks_phenotype": 1}
    assert RELATIONS["disease_lacks_phenotype"].negated
    assert RELATIONS["disease_lacks_phenotype"].biolink == "biolink:related_to", "no claim that it has one"


@pytest.mark.parametrize(
    ("text", "fractions"),
    [
        ("HP:0040280", (1, 1)),
        ("HP:0040281", (0.80, 0.99)),
        ("HP:0040282", (0.30, 0.79)),
        ("HP:0040283", (0.05, 0.29)),
        ("HP:0040284", (0.01, 0.04)),
        ("7/8", (0.875, 0.875)),
        ("62.5%", (0.625, 0.625)),
        ("100%", (1, 1)),
    ],
)
def test_frequencies_are_fractions_of_patients(text: str, fractions: tuple[float, float]) -> None:
    assert hpoa.frequency(text) == pytest.approx(fractions)


def test_an_unknown_frequency_is_none_at_all(tmp_path: Path) -> None:
    (edge,) = build(tmp_path, marfan(frequency="")).edges["disease_has_phenotype"].to_pylist()
    assert (edge["frequency_low"], edge["frequency_high"], edge["frequency_text"]) == (None, None, None)


def test_two_studies_are_two_edges_and_a_repeated_line_is_one(tmp_path: Path) -> None:
    other = marfan(reference="PMID:1", frequency="1/2")
    graph = build(tmp_path, marfan(), other, marfan(), marfan(reference="PMID:2", frequency="1/2"))
    assert sorted(graph.edges["disease_has_phenotype"]["reported_in"].to_pylist()) == [
        "PMID:1",
        "PMID:2",
        "PMID:28050285;PMID:33436942",
    ]


@pytest.mark.parametrize(
    ("aspect", "relation"),
    [
        ("I", "disease_has_mode_of_inheritance"),
        ("C", "disease_has_clinical_course"),
        ("M", "disease_has_clinical_modifier"),
        ("H", "disease_follows_medical_history"),
    ],
)
def test_what_is_no_sign_has_a_relation_of_its_own(tmp_path: Path, aspect: str, relation: str) -> None:
    assert build(tmp_path, marfan(aspect=aspect)).edge_counts() == {relation: 1}


def test_evidence_tells_who_found_it(tmp_path: Path) -> None:
    orphanet = marfan(evidence="TAS", reference="ORPHA:558").replace("OMIM:154700", "ORPHA:558")
    graph = build(tmp_path, marfan(evidence="IEA", reference="OMIM:154700"), orphanet)
    edges = {row["subject"]: row for row in graph.edges["disease_has_phenotype"].to_pylist()}
    assert edges["OMIM:154700"]["agent_type"] == "automated_agent"
    assert edges["ORPHANET:558"]["agent_type"] == "manual_agent"
    assert edges["ORPHANET:558"]["references"] == ["ORPHANET:558"]


@pytest.mark.parametrize(
    ("line", "reason", "said"),
    [
        (marfan(qualifier="MAYBE"), "unknown relation", "hpoa:qualifier 'MAYBE'"),
        (marfan(aspect="X"), "unknown relation", "hpoa:aspect 'X'"),
        (marfan(qualifier="NOT", aspect="X"), "unknown relation", "hpoa:aspect 'X'"),
        (marfan(frequency="4/3"), "unknown relation", "hpoa:frequency '4/3'"),
        (marfan(frequency="0/0"), "unknown relation", "hpoa:frequency '0/0'"),
        (marfan(frequency="120%"), "unknown relation", "hpoa:frequency '120%'"),
        (marfan(frequency="often"), "unknown relation", "hpoa:frequency 'often'"),
        (marfan(evidence="ICE"), "missing evidence", "disease_has_phenotype"),
        (marfan(term="HP:0000057"), "missing end", "HP:0000057"),
        (marfan(term="HP:57"), "malformed CURIE", "HP:57"),
        ("cut off", "malformed CURIE", "cut off"),
    ],
)
def test_a_word_that_is_not_the_format_s_is_rejected_with_its_line(
    tmp_path: Path, line: str, reason: str, said: str
) -> None:
    _, audit = build_graph([hpoa.read(fetch(tmp_path, marfan(), line))], max_reject_share=1)
    rejected = audit.rejected.to_pylist()
    assert {(row["file"], row["line"]) for row in rejected} == {("phenotype.hpoa.gz", 5)}
    assert any(said in row["text"] and row["reason"] in (reason, "unknown relation") for row in rejected), rejected


def test_an_old_identifier_leads_to_the_term_that_stands_for_it_now(tmp_path: Path) -> None:
    at = fetch(tmp_path, marfan(term="HP:0001505"), marfan(term="HP:0000058"))
    graph, audit = build_graph([hpo.read(at), hpoa.read(at)], max_reject_share=1)
    assert graph.edges["disease_has_phenotype"]["object"].to_pylist() == ["HP:0001166"]
    rejected = [(row["line"], row["reason"]) for row in audit.rejected.to_pylist() if row["source"] == "hpoa"]
    assert rejected == [(5, "retired identifier")]


def test_without_the_ontology_the_terms_are_another_source_s(tmp_path: Path) -> None:
    read = hpoa.read(fetch(tmp_path, marfan(), names=False))
    assert [table.num_rows for table in read.nodes] == [1]


@settings(deadline=None, max_examples=25)
@given(st.integers(0, len(marfan())), st.text(alphabet='\t\r\n"9²٣/%:;HPNOTé ', max_size=30), st.integers(0, 30))
def test_any_change_of_a_line_is_read_or_rejected(
    tmp_path_factory: pytest.TempPathFactory, place: int, text: str, cut: int
) -> None:
    line = marfan()[:place] + text + marfan()[place + cut :]
    at = fetch(tmp_path_factory.mktemp("hpoa"), line, marfan(term="HP:0001238"))
    graph, audit = build_graph([hpoa.read(at)], max_reject_share=1)
    assert graph.edge_counts()["disease_has_phenotype"] + audit.rejected.num_rows >= 1


def test_a_number_beyond_reason_is_none() -> None:
    assert hpoa.frequency("9" * 5000 + "/" + "9" * 5000) is None


@pytest.mark.mirror
def test_the_release_has_the_annotations_that_the_csv_module_counts(mirror: Path) -> None:
    at = Fetch(mirror, offline=True)
    graph, audit = build_graph([hpo.read(at), hpoa.read(at)])
    assert audit.rejected.num_rows == 0
    with gzip.open(mirror / hpoa.ANNOTATIONS.path, "rt", encoding="utf-8", newline="") as stream:
        lines = csv.DictReader((line for line in stream if line[0] != "#"), delimiter="\t", quoting=csv.QUOTE_NONE)
        annotations = [row for row in lines]
    assert len(annotations) == 271_702
    lacking = [row for row in annotations if row["qualifier"] == "NOT" or row["frequency"].startswith("0/")]
    told = {tally.table: tally.rows for tally in audit.tallies if tally.source == "hpoa"}
    assert told["disease_lacks_phenotype"] == len(lacking) == 2_711
    assert told["disease_has_phenotype"] == 253_917 - 2_000  # aspect P without NOT, less those of 0/n
    assert graph.edge_counts()["disease_has_mode_of_inheritance"] == 8_854
    assert graph.node_counts()["Disease"] == len({row["database_id"] for row in annotations}) == 12_687
    marfan = [row for row in graph.edges["disease_has_phenotype"].to_pylist() if row["subject"] == "OMIM:154700"]
    (arachnodactyly,) = [row for row in marfan if row["object"] == "HP:0001166"]
    assert (arachnodactyly["frequency_text"], arachnodactyly["evidence_code"]) == ("124/197", "PCS")
    inherited = graph.edges["disease_has_mode_of_inheritance"].to_pylist()
    assert "HP:0000006" in {row["object"] for row in inherited if row["subject"] == "OMIM:154700"}  # dominant
