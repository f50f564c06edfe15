"""CIViC: evidence for and against, each where it belongs; variants with their place, drugs by exact names only."""

import csv
import gzip
import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.build import build_graph
from kg.fetch import Fetch
from kg.graph import Graph
from kg.rows import Rows
from kg.schema import RELATIONS
from kg.sources import civic

L858R = {
    "evidence_id": "2994",
    "gene": "EGFR",
    "entrez_id": "1956",
    "variant": "L858R",
    "variant_id": "33",
    "disease": "Lung Non-small Cell Carcinoma",
    "doid": "3908",
    "drugs": "Erlotinib",
    "evidence_type": "Predictive",
    "evidence_direction": "Supports",
    "evidence_level": "A",
    "clinical_significance": "Sensitivity/Response",
    "citation_id": "24868098",
    "source_type": "PubMed",
    "nct_ids": "NCT00446225, NCT00874419",
    "rating": "5",
    "evidence_status": "accepted",
    "chromosome": "7",
    "start": "55259515",
    "stop": "55259515",
    "reference_bases": "T",
    "variant_bases": "G",
    "reference_build": "GRCh37",
    "variant_origin": "Somatic",
}
DRUGBANK = "drugbank_id\tname\nDB00530\tErlotinib\nDB00317\tGefitinib\nDB00001\tTwice\nDB00002\tTwice\n"


def rows(folder: Path, *items: dict[str, str], drugbank: bool = True) -> Rows:
    lines = ["\t".join(civic.COLUMNS)]
    lines += ["\t".join((L858R | item).get(column, "") for column in civic.COLUMNS) for item in items]
    path = folder / civic.EVIDENCE.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    if drugbank:
        (folder / "attributes").mkdir(exist_ok=True)
        (folder / civic.DRUGBANK.path).write_bytes(gzip.compress(DRUGBANK.encode()))
    return civic.read(Fetch(folder, cache=folder / "no-cache", offline=True))


def build(folder: Path, *items: dict[str, str]) -> Graph:
    graph, audit = build_graph([rows(folder, *items)])
    assert audit.rejected.num_rows == 0
    return graph


def statements(graph: Graph) -> dict[str, int]:
    return {relation: count for relation, count in graph.edge_counts().items() if relation != "variant_in_gene"}


def test_an_item_says_what_it_found_where_and_in_which_disease(tmp_path: Path) -> None:
    graph = build(tmp_path, {})
    (edge,) = graph.edges["variant_sensitizes_to_drug"].to_pylist()
    assert edge == {
        "subject": "CIVIC.VID:33",
        "object": "DRUGBANK:DB00530",
        "source": "civic",
        "source_version": "2021-02-unverified",
        "licence": "CC0-1.0",
        "knowledge_level": "knowledge_assertion",
        "agent_type": "manual_agent",
        "references": ["PMID:24868098"],
        "evidence_id": "CIVIC.EID:2994",
        "molecular_profile": "EGFR L858R",
        "evidence_type": "Predictive",
        "direction": "Supports",
        "clinical_significance": "Sensitivity/Response",
        "level": "A",
        "rating": 5,
        "evidence_status": "accepted",
        "variant_origin": "Somatic",
        "trials": ["CLINICALTRIALS:NCT00446225", "CLINICALTRIALS:NCT00874419"],
        "disease": "DOID:3908",
        "disease_name": "Lung Non-small Cell Carcinoma",
        "combination": None,
        "with_drugs": [],
    }
    (variant,) = graph.nodes["Variant"].to_pylist()
    assert (variant["name"], variant["gene"], variant["grch37"]) == ("EGFR L858R", "NCBIGene:1956", "7-55259515-T-G")
    assert {kind: table["id"].to_pylist() for kind, table in graph.nodes.items()} == {
        "Gene": ["NCBIGene:1956"],
        "Variant": ["CIVIC.VID:33"],
        "Drug": ["DRUGBANK:DB00530"],
        "Disease": ["DOID:3908"],
    }


@pytest.mark.parametrize(
    ("evidence_type", "direction", "significance", "relation"),
    [
        ("Predictive", "Supports", "Sensitivity/Response", "variant_sensitizes_to_drug"),
        ("Predictive", "Supports", "Resistance", "variant_confers_resistance_to_drug"),
        ("Predictive", "Supports", "Reduced Sensitivity", "variant_alters_response_to_drug"),
        ("Predictive", "Supports", "Adverse Response", "variant_alters_response_to_drug"),
        ("Predictive", "Does Not Support", "Sensitivity/Response", "variant_not_shown_to_affect_drug"),
        ("Predictive", "Does Not Support", "Resistance", "variant_not_shown_to_affect_drug"),
        ("Predictive", "Does Not Support", "", "variant_not_shown_to_affect_drug"),
        ("Diagnostic", "Supports", "Positive", "variant_indicates_disease"),
        ("Diagnostic", "Supports", "Negative", "variant_not_shown_to_affect_disease"),
        ("Diagnostic", "Does Not Support", "Positive", "variant_not_shown_to_affect_disease"),
        ("Prognostic", "Supports", "Poor Outcome", "variant_worsens_outcome_of_disease"),
        ("Prognostic", "Supports", "Better Outcome", "variant_improves_outcome_of_disease"),
        ("Prognostic", "Does Not Support", "Poor Outcome", "variant_not_shown_to_affect_disease"),
        ("Predisposing", "Supports", "Pathogenic", "variant_predisposes_to_disease"),
        ("Predisposing", "Supports", "Uncertain Significance", "variant_uncertain_for_disease"),
        ("Predisposing", "N/A", "N/A", None),
        ("Predictive", "Supports", "N/A", None),
        ("Functional", "Supports", "Gain of Function", None),
    ],
)
def test_each_kind_of_evidence_is_an_edge_of_its_own_relation(
    tmp_path: Path, evidence_type: str, direction: str, significance: str, relation: str | None
) -> None:
    said = {"evidence_type": evidence_type, "evidence_direction": direction, "clinical_significance": significance}
    read = rows(tmp_path, said)
    graph, _ = build_graph([read])
    assert statements(graph) == ({relation: 1} if relation else {})
    assert dict(read.left_out) == ({} if relation else {f"{evidence_type} evidence: {significance}": 1})


def test_what_is_not_supported_is_of_a_negated_relation_only() -> None:
    for (evidence_type, significance), supported in civic.RULES.items():
        against = civic.relation(evidence_type, "Does Not Support", significance)
        assert against is None or (RELATIONS[against].negated and RELATIONS[against].biolink == "biolink:related_to")
        assert not supported or supported in RELATIONS
    for relation in ("variant_sensitizes_to_drug", "variant_confers_resistance_to_drug", "variant_indicates_disease"):
        assert not RELATIONS[relation].negated


@pytest.mark.parametrize(
    "item",
    [
        {"evidence_direction": "Perhaps"},
        {"evidence_direction": ""},
        {"clinical_significance": "Wonderful"},
        {"evidence_type": "Oncogenic"},
    ],
)
def test_a_word_that_the_rules_do_not_know_is_rejected_with_its_line(tmp_path: Path, item: dict[str, str]) -> None:
    _, audit = build_graph([rows(tmp_path, {}, item)], max_reject_share=1)
    (rejected,) = audit.rejected.to_pylist()
    assert (rejected["line"], rejected["reason"]) == (3, "unknown relation")
    assert next(iter(item.values())) in rejected["text"]


def test_two_items_are_two_edges_even_between_the_same_ends(tmp_path: Path) -> None:
    graph = build(tmp_path, {}, {"evidence_id": "2995", "evidence_level": "C"})
    levels = {row["evidence_id"]: row["level"] for row in graph.edges["variant_sensitizes_to_drug"].to_pylist()}
    assert levels == {"CIVIC.EID:2994": "A", "CIVIC.EID:2995": "C"}


def test_drugs_given_together_are_an_edge_each_that_names_the_others(tmp_path: Path) -> None:
    together = {"drugs": "Gefitinib,HER2 Inhibitor CP-724,714", "drug_interaction_type": "Combination"}
    graph = build(tmp_path, together)
    edges = {row["object"]: row for row in graph.edges["variant_sensitizes_to_drug"].to_pylist()}
    other = "PANAKEIA:civic-drug-her2-inhibitor-cp-724-714"
    assert {drug: (row["combination"], row["with_drugs"]) for drug, row in edges.items()} == {
        "DRUGBANK:DB00317": ("Combination", ["HER2 Inhibitor CP-724,714"]),
        other: ("Combination", ["Gefitinib"]),
    }


@pytest.mark.parametrize(
    ("name", "curie"),
    [
        ("erlotinib", "DRUGBANK:DB00530"),
        ("Erlotinib Hydrochloride", "PANAKEIA:civic-drug-erlotinib-hydrochloride"),
        ("Twice", "PANAKEIA:civic-drug-twice"),
    ],
)
def test_a_drug_is_drugbank_s_by_its_whole_name_only(tmp_path: Path, name: str, curie: str) -> None:
    (drug,) = build(tmp_path, {"drugs": name}).nodes["Drug"].to_pylist()
    assert (drug["id"], drug["name"]) == (curie, name)


def test_without_drugbank_every_drug_is_known_by_its_name_only(tmp_path: Path) -> None:
    graph, _ = build_graph([rows(tmp_path, {}, drugbank=False)])
    assert graph.nodes["Drug"]["id"].to_pylist() == ["PANAKEIA:civic-drug-erlotinib"]


def test_a_disease_without_a_number_is_known_by_its_name(tmp_path: Path) -> None:
    graph = build(tmp_path, {"doid": "", "disease": "Solid Tumor"})
    assert graph.nodes["Disease"]["id"].to_pylist() == ["PANAKEIA:civic-disease-solid-tumor"]


@pytest.mark.parametrize(
    ("item", "where"),
    [
        ({}, "7-55259515-T-G"),
        ({"stop": "55259516", "reference_bases": "TC", "variant_bases": "AG"}, "7-55259515-TC-AG"),
        ({"reference_bases": "", "variant_bases": "G"}, None),
        ({"reference_bases": "C", "variant_bases": "G/A"}, None),
        ({"stop": "55259600"}, None),
        ({"start": "", "stop": ""}, None),
        ({"reference_build": ""}, None),
        ({"reference_build": "GRCh38"}, None),
        ({"chromosome2": "2"}, None),
    ],
)
def test_a_variant_has_a_place_only_where_it_is_exact(item: dict[str, str], where: str | None) -> None:
    assert civic.place(dict.fromkeys(civic.COLUMNS, "") | L858R | item) == where


@pytest.mark.parametrize(
    ("gene", "variant", "name"),
    [
        ("EGFR", "L858R", "EGFR L858R"),
        ("ALK", "ALK FUSIONS", "ALK FUSIONS"),
        ("ALK", "EML4-ALK", "EML4-ALK"),
        ("ABL1", "BCR-ABL T315I", "ABL1 BCR-ABL T315I"),
    ],
)
def test_a_profile_names_its_gene_once(gene: str, variant: str, name: str) -> None:
    assert civic.profile({"gene": gene, "variant": variant}) == name


def test_an_abstract_of_a_congress_is_a_reference_by_its_number(tmp_path: Path) -> None:
    graph = build(tmp_path, {"source_type": "ASCO", "citation_id": "7", "asco_abstract_id": "9063", "rating": ""})
    (edge,) = graph.edges["variant_sensitizes_to_drug"].to_pylist()
    assert (edge["references"], edge["rating"]) == (["ASCO abstract 9063"], None)


@settings(deadline=None, max_examples=25)
@given(
    st.sampled_from(civic.COLUMNS),
    st.text(alphabet='\t\r\n"9²٣-,/:NCTDé ', max_size=30),
    st.sampled_from(civic.COLUMNS),
)
def test_any_change_of_an_item_is_read_or_rejected(
    tmp_path_factory: pytest.TempPathFactory, column: str, text: str, emptied: str
) -> None:
    folder = tmp_path_factory.mktemp("civic")
    _, audit = build_graph(
        [rows(folder, {column: text, emptied: ""}, {column: f"{L858R.get(column, '')}{text}"})], max_reject_share=1
    )
    assert {row["file"] for row in audit.rejected.to_pylist()} <= {civic.EVIDENCE.name}
    assert all(row["reason"] and row["line"] >= 2 for row in audit.rejected.to_pylist())


@pytest.mark.mirror
def test_the_release_says_what_is_known_of_egfr_and_braf(mirror: Path) -> None:
    read = civic.read(Fetch(mirror, offline=True))
    graph, audit = build_graph([read])
    assert sum(read.left_out.values()) == 10 + 67 + 6 + 1 + 1  # Functional; Predisposing, Prognostic, Predictive
    rejected = audit.rejected.to_pylist()
    assert [(row["line"], row["reason"]) for row in rejected] == [(18, "missing end"), (1091, "missing end")]

    def levels(relation: str, profile: str, drug: str) -> set[str]:
        edges = graph.edges[relation].to_pylist()
        return {row["level"] for row in edges if (row["molecular_profile"], row["object"]) == (profile, drug)}

    erlotinib, vemurafenib = "DRUGBANK:DB00530", "DRUGBANK:DB08881"
    assert "A" in levels("variant_sensitizes_to_drug", "EGFR L858R", erlotinib)  # FDA label of erlotinib
    assert "B" in levels("variant_confers_resistance_to_drug", "EGFR T790M", erlotinib)
    assert not {"A", "B"} & levels("variant_sensitizes_to_drug", "EGFR T790M", erlotinib)
    assert "A" in levels("variant_sensitizes_to_drug", "BRAF V600E", vemurafenib)  # FDA label of vemurafenib

    with gzip.open(mirror / civic.EVIDENCE.path, "rt", encoding="utf-8", newline="") as stream:
        items = list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))
    assert len(items) == 3_706
    told = Counter((row["evidence_type"], row["evidence_direction"], row["clinical_significance"]) for row in items)
    counts = graph.edge_counts()
    assert counts["variant_uncertain_for_disease"] == told["Predisposing", "Supports", "Uncertain Significance"] == 578
    assert counts["variant_worsens_outcome_of_disease"] == told["Prognostic", "Supports", "Poor Outcome"] == 318
    resistance = [
        row["evidence_id"]
        for row in items
        if (row["evidence_direction"], row["clinical_significance"]) == ("Supports", "Resistance")
    ]
    edges = graph.edges["variant_confers_resistance_to_drug"].to_pylist()
    assert {f"CIVIC.EID:{item}" for item in resistance} == {row["evidence_id"] for row in edges}
    assert graph.node_counts() == {"Gene": 325, "Variant": 1_467, "Drug": 351, "Disease": 227}
    drugs = graph.nodes["Drug"]["id"].to_pylist()
    assert sum(drug.startswith("DRUGBANK:") for drug in drugs) == 91
    exact = [row for row in graph.nodes["Variant"].to_pylist() if row["grch37"]]
    assert all(re.fullmatch(r"[0-9XY]+-\d+-[ACGT]+-[ACGT]+", row["grch37"]) for row in exact)
    assert len(exact) == 606  # by awk: bases given, GRCh37, as many as from start to stop, no second chromosome
