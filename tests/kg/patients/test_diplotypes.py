"""What a call of a gene becomes in the graph, whoever made it."""

from collections.abc import Callable

import pytest

from kg.graph import Graph
from kg.patients.diplotypes import call_rows, one_call, stated_call, with_phenotypes
from kg.patients.pharmacogenomics import settle
from kg.patients.record import GeneCall, Person, Place
from kg.patients.terms.nodes import nodes
from kg.stores.protocol import Store
from tests.kg.query.test_pharmacogenomics import GRAPH

PLACE = Place("a file", 1)


def call(gene: str, *diplotypes: str, method: str = "vcf", **more: object) -> GeneCall:
    return GeneCall(gene, diplotypes, method, PLACE, ("gene", gene), **more)  # type: ignore[arg-type]


def edges(made: GeneCall) -> dict[tuple[str, str], dict[str, object]]:
    return {(relation, str(node["id"])): dict(told) for node, relation, told in call_rows(made, nodes([]))}


def carried(made: GeneCall) -> dict[str, object]:
    return {id_: told["copies"] for (relation, id_), told in edges(made).items() if relation.endswith("haplotype")}


@pytest.mark.parametrize(
    ("gene", "of_a_genome", "of_a_laboratory", "haplotypes"),
    [
        ("CYP2C9", "*1/*3", "*3/*1", {"PANAKEIA:CYP2C9*1": 1, "PANAKEIA:CYP2C9*3": 1}),
        (
            "VKORC1",
            "rs9923231 reference (C)/rs9923231 variant (T)",
            "GA",
            {"PANAKEIA:VKORC1_rs9923231_reference_C": 1, "PANAKEIA:VKORC1_rs9923231_variant_T": 1},
        ),
        ("VKORC1", "rs9923231 variant (T)/rs9923231 variant (T)", "AA", {"PANAKEIA:VKORC1_rs9923231_variant_T": 2}),
        (
            "DPYD",
            "Reference/c.1905+1G>A (*2A)",
            "*1/*2A",
            {"PANAKEIA:DPYD_Reference": 1, "PANAKEIA:DPYD_c.1905_1G_A_*2A": 1},
        ),
    ],
)
def test_a_genome_s_call_and_a_laboratory_s_end_in_the_same_edges(
    gene: str, of_a_genome: str, of_a_laboratory: str, haplotypes: dict[str, int]
) -> None:
    one, other = call(gene, of_a_genome), call(gene, of_a_laboratory)
    assert edges(one) == edges(other)
    assert carried(one) == haplotypes
    assert not settle([one_call(one), one_call(other)]).contradicted
    for text in (of_a_genome, of_a_laboratory):
        assert not settle([one_call(one), stated_call(gene, text)]).contradicted


def test_other_diplotypes_contradict_and_several_do_not() -> None:
    assert settle([one_call(call("VKORC1", "GG")), stated_call("VKORC1", "GA")]).contradicted == {"VKORC1"}
    variant = "rs9923231 variant (T)"
    assert settle([one_call(call("VKORC1", f"{variant}/{variant}")), stated_call("VKORC1", "GA")]).contradicted
    assert not settle([one_call(call("CYP2C9", "*1/*3", "*1/*18")), stated_call("CYP2C9", "*1/*3")]).contradicted


def test_alleles_together_on_a_copy_and_a_copy_alone() -> None:
    together = call("DPYD", "[c.1129-5923C>G, c.1236G>A (HapB3) + c.498G>A]/Reference")
    assert carried(together) == {
        "PANAKEIA:DPYD_c.1129-5923C_G_c.1236G_A_HapB3": 1,
        "PANAKEIA:DPYD_c.498G_A": 1,
        "PANAKEIA:DPYD_Reference": 1,
    }
    assert carried(call("G6PD", "A- 202A_376G")) == {"PANAKEIA:G6PD_A-_202A_376G": 1}


def test_what_is_not_sure_has_no_edge_of_its_own() -> None:
    several = call("CYP2C19", "*1/*17", "*1/*4", phenotype=None, note="2 diplotypes fit equally well")
    assert [relation for relation, _ in edges(several)] == ["patient_has_diplotype"]
    not_called = edges(call("CYP2D6", note="not from a VCF"))
    assert [told["diplotypes"] for told in not_called.values()] == [[]]
    open_ = call("CYP2C19", "*1/*2", not_excluded=("*17",), missing_positions=("chr10:94761900 rs12248560",))
    assert carried(open_) == {"PANAKEIA:CYP2C19*2": 1}
    assert edges(open_)["patient_has_diplotype", "NCBIGene:1557"]["not_excluded"] == ["*17"]


def test_phenotypes_and_copies_of_variants() -> None:
    found = edges(
        call("CYP2C19", "*1/*2", phenotype="Intermediate Metabolizer", copies=(("rs4244285", 1), ("rs4986893", 0)))
    )
    assert found["patient_has_gene_phenotype", "PANAKEIA:CYP2C19_Intermediate_Metabolizer"] == {"negated": False}
    assert found["patient_carries_variant", "DBSNP:rs4244285"] == {"copies": 1, "negated": False}
    assert found["patient_carries_variant", "DBSNP:rs4986893"] == {"copies": 0, "negated": True}
    hla = edges(call("HLA-B", "*57:01/*08:01", method="outside call"))
    assert [id_ for relation, id_ in hla if relation == "patient_has_gene_phenotype"] == [
        "PANAKEIA:HLA-B*15_02_negative",
        "PANAKEIA:HLA-B*57_01_positive",
        "PANAKEIA:HLA-B*58_01_negative",
    ]


def test_a_laboratory_s_genotype_gets_the_phenotype_that_the_graph_gives_it(
    store_of: Callable[[Graph], Store],
) -> None:
    given = (
        call("CYP2C19", "*2/*1", method="record"),
        call("CYP2C19", "*1/*2", not_excluded=("*17",)),
        call("CYP2C19", "*1/*2", method="record", phenotype="Poor Metabolizer"),
        call("CYP2C9", "*1/*3", method="record"),
    )
    ((source, person),) = with_phenotypes(store_of(GRAPH), [("fhir", Person(("vcf", "S"), PLACE, calls=given))])
    assert source == "fhir"
    assert [one.phenotype for one in person.calls] == ["Intermediate Metabolizer", None, "Poor Metabolizer", None]
