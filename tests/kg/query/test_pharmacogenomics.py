"""Advice on a patient of the store: from the graph's own edges alone, on both stores."""

from collections.abc import Callable
from typing import Any

import pytest

from kg.graph import Graph
from kg.pharmacogenomics.recommend import Advice
from kg.query.pharmacogenomics import AdviceError, advice
from kg.search import UnknownNode
from kg.stores.protocol import Store
from tests.conftest import make_graph

StoreOf = Callable[[Graph], Store]

CYP2C19, TPMT, NUDT15, HLA_B = "NCBIGene:1557", "NCBIGene:7172", "NCBIGene:55270", "NCBIGene:3106"
NORMAL, POOR, UNKNOWN = "Normal function", "No function", "Unknown function"
NODES: dict[str, list[dict[str, object]]] = {
    "Gene": [
        {"id": gene, "name": name}
        for gene, name in ((CYP2C19, "CYP2C19"), (TPMT, "TPMT"), (NUDT15, "NUDT15"), (HLA_B, "HLA-B"))
    ],
    "Drug": [
        {"id": "DRUGBANK:DB00758", "name": "Clopidogrel"},
        {"id": "DRUGBANK:DB00993", "name": "Azathioprine"},
        {"id": "DRUGBANK:DB01048", "name": "Abacavir"},
    ],
    "Haplotype": [
        {"id": f"PANAKEIA:CYP2C19*{n}", "name": f"CYP2C19*{n}", "gene": CYP2C19, "allele_name": f"*{n}"}
        for n in (1, 2, 17)
    ],
    "GenePhenotype": [
        {"id": f"PANAKEIA:{name.replace(' ', '_').replace(':', '_')}", "name": name, "gene": gene, "phenotype": told}
        for gene, name, told in (
            (CYP2C19, "CYP2C19 Normal Metabolizer", "Normal Metabolizer"),
            (CYP2C19, "CYP2C19 Intermediate Metabolizer", "Intermediate Metabolizer"),
            (CYP2C19, "CYP2C19 Poor Metabolizer", "Poor Metabolizer"),
            (CYP2C19, "CYP2C19 Rapid Metabolizer", "Rapid Metabolizer"),
            (TPMT, "TPMT Poor Metabolizer", "Poor Metabolizer"),
            (NUDT15, "NUDT15 No Result", "No Result"),
            (HLA_B, "HLA-B*57:01 positive", "*57:01 positive"),
        )
    ],
    "Patient": [
        {"id": f"PANAKEIA:P-{n}", "name": f"patient {n}", "consent": "withdrawn" if n == 9 else None} for n in range(10)
    ],
}
NO_MORE: dict[str, Any] = {"function_pairs": []}
Edge = tuple[str, str, str, dict[str, object]]


def made(n: int, gene: str, *diplotypes: str, **more: object) -> Edge:
    told = {"diplotypes": list(diplotypes), "missing_positions": [], "not_excluded": [], "method": "vcf"}
    return "patient_has_diplotype", f"PANAKEIA:P-{n}", gene, told | {"record": f"r{n}"} | more


def of(n: int, phenotype: str, **more: object) -> Edge:
    return "patient_has_gene_phenotype", f"PANAKEIA:P-{n}", f"PANAKEIA:{phenotype}", {"negated": False} | more


def guides(phenotype: str, drug: str, recommendation: str, **more: object) -> Edge:
    told = NO_MORE | {"recommendation": recommendation, "classification": "Strong", "source": "cpic"}
    return "phenotype_guides_drug", f"PANAKEIA:{phenotype}", drug, told | {"guideline_url": "https://a.example"} | more


FUNCTIONS: tuple[Edge, ...] = tuple(
    (
        "haplotype_of_gene",
        f"PANAKEIA:CYP2C19*{n}",
        CYP2C19,
        {"function": function, "source": source},
    )
    for n, function, source in (
        *((1, NORMAL, "pharmcat"), (2, POOR, "pharmcat"), (17, "Increased function", "pharmcat")),
        *((1, "Normal function (*1)", "dpwg"), (2, "No function (*2)", "dpwg")),
    )
)
RULES: tuple[Edge, ...] = tuple(
    ("phenotype_of_gene", f"PANAKEIA:CYP2C19_{name}_Metabolizer", CYP2C19, {"function_pairs": [pair], "source": source})
    for name, pair, source in (
        ("Normal", "Normal function/Normal function", "pharmcat"),
        ("Intermediate", "No function/Normal function", "pharmcat"),
        ("Intermediate", "Increased function/No function", "pharmcat"),
        ("Poor", "No function/No function", "pharmcat"),
        ("Rapid", "Increased function/Normal function", "pharmcat"),
    )
)
GRAPH = make_graph(
    NODES,
    (
        *FUNCTIONS,
        *RULES,
        guides("CYP2C19_Poor_Metabolizer", "DRUGBANK:DB00758", "Avoid clopidogrel."),
        guides("CYP2C19_Intermediate_Metabolizer", "DRUGBANK:DB00758", "Avoid clopidogrel, if possible."),
        guides("CYP2C19_Normal_Metabolizer", "DRUGBANK:DB00758", "Use the label's dose."),
        guides(
            "CYP2C19_Poor_Metabolizer",
            "DRUGBANK:DB00758",
            "Choose another.",
            source="dpwg",
            function_pairs=["No function (*2)/No function (*2)"],
            genotype_group="*2/*2",
        ),
        guides(
            "NUDT15_No_Result",
            "DRUGBANK:DB00993",
            "A tenth of the dose.",
            other_phenotype="PANAKEIA:TPMT_Poor_Metabolizer",
        ),
        guides(
            "TPMT_Poor_Metabolizer",
            "DRUGBANK:DB00993",
            "A tenth of the dose.",
            other_phenotype="PANAKEIA:NUDT15_No_Result",
        ),
        guides("HLA-B*57_01_positive", "DRUGBANK:DB01048", "Abacavir is not recommended."),
        made(1, CYP2C19, "*2/*2", phenotype="Poor Metabolizer"),
        ("patient_takes_drug", "PANAKEIA:P-1", "DRUGBANK:DB00758", {"negated": False, "record": "d1"}),
        ("patient_takes_drug", "PANAKEIA:P-1", "DRUGBANK:DB00993", {"negated": True, "record": "d2"}),
        made(2, CYP2C19, "*1/*2", method="record"),
        made(3, CYP2C19, "*1/*2", "*2/*2"),
        made(4, CYP2C19, "*1/*1", not_excluded=["*2"], missing_positions=["chr10:94781859 rs4244285"]),
        made(5, CYP2C19, note="not called: no position"),
        of(6, "TPMT_Poor_Metabolizer"),
        of(6, "CYP2C19_Poor_Metabolizer", negated=True),
        made(7, CYP2C19, "*1/*2", record="a"),
        made(7, CYP2C19, "*2/*2", record="b"),
        made(8, HLA_B, "*57:01/*08:01", method="outside call"),
        made(9, CYP2C19, "*2/*2"),
    ),
)


def told(found: tuple[Advice, ...]) -> list[tuple[str, str, str]]:
    return [(one.drug, one.source, one.recommendation) for one in found]


@pytest.mark.parametrize(
    ("n", "expected"),
    [
        (0, []),
        (1, [("Clopidogrel", "cpic", "Avoid clopidogrel."), ("Clopidogrel", "dpwg", "Choose another.")]),
        (2, [("Clopidogrel", "cpic", "Avoid clopidogrel, if possible.")]),
        (5, []),
        (6, [("Azathioprine", "cpic", "A tenth of the dose.")]),
        (8, [("Abacavir", "cpic", "Abacavir is not recommended.")]),
    ],
)
def test_advice_is_what_the_graph_says_of_what_is_known(
    store_of: StoreOf, n: int, expected: list[tuple[str, str, str]]
) -> None:
    assert told(advice(store_of(GRAPH), f"P-{n}").advice) == expected


def test_each_of_several_diplotypes_has_its_advice_and_says_so(store_of: StoreOf) -> None:
    for n in (3, 7):
        found = advice(store_of(GRAPH), f"P-{n}")
        assert {(one.source, one.only_for) for one in found.advice} == {
            ("cpic", ("CYP2C19 *1/*2",)),
            ("cpic", ("CYP2C19 *2/*2",)),
            ("dpwg", ("CYP2C19 *2/*2",)),
        }
        assert found.results["CYP2C19"].phenotype is None
    assert "calls of it contradict each other" in found.results["CYP2C19"].notes


def test_what_was_not_tested_leaves_advice_in_doubt(store_of: StoreOf) -> None:
    found = advice(store_of(GRAPH), "P-4")
    assert [(one.recommendation, one.in_doubt) for one in found.advice] == [("Use the label's dose.", ("CYP2C19: *2",))]
    result = found.results["CYP2C19"]
    assert result.possible == ("Normal Metabolizer", "Intermediate Metabolizer")
    assert result.missing_positions == ("chr10:94781859 rs4244285",)


def test_a_gene_that_nobody_called_has_no_result(store_of: StoreOf) -> None:
    for n in (0, 5, 6):
        result = advice(store_of(GRAPH), f"P-{n}").results["CYP2C19"]
        assert not result.called
        assert result.notes == (("not called: no position",) if n == 5 else ("not called: nothing is recorded of it",))


def test_the_drugs_that_are_taken_are_told_and_one_drug_can_be_asked_for(store_of: StoreOf) -> None:
    found = advice(store_of(GRAPH), "P-1")
    assert found.taken == {"DRUGBANK:DB00758": "Clopidogrel"}
    assert advice(store_of(GRAPH), "P-1", ["azathioprine"]).advice == ()
    assert told(advice(store_of(GRAPH), "P-2", ["clopidogrel"]).advice) == told(advice(store_of(GRAPH), "P-2").advice)


def test_who_and_what_cannot_be_advised_on(store_of: StoreOf) -> None:
    with pytest.raises(AdviceError, match="withdrew consent"):
        advice(store_of(GRAPH), "P-9")
    with pytest.raises(UnknownNode):
        advice(store_of(GRAPH), "P-10")
    with pytest.raises(UnknownNode):
        advice(store_of(GRAPH), "P-1", ["phlogiston"])


def test_a_graph_without_guidelines_says_so(store_of: StoreOf, graph: Graph) -> None:
    bare = Graph(graph.nodes, {name: rows for name, rows in graph.edges.items() if name != "phenotype_guides_drug"})
    patient = graph.nodes["Patient"]["id"][0].as_py()
    with pytest.raises(AdviceError, match="no guidelines on drugs; build it with"):
        advice(store_of(bare), patient)
