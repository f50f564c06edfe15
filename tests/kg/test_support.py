"""What the graph supports for a patient: known treatments apart, paths over genes with their weight and evidence."""

import pytest

from kg.metapaths import count_paths
from kg.patients.diplotypes import pharmacogenes
from kg.stores.protocol import Store
from kg.support import WAYS, steps_of, support, support_of
from tests.conftest import StoreOf, make_graph
from tests.kg.query.safety.made_up import ADRB2, ASTHMA, GRAPH, METFORMIN, PROPRANOLOL, SIMVASTATIN, Edge, of


@pytest.fixture
def store(store_of: StoreOf) -> Store:
    """Filled again where a test before had another graph in it: a server holds one at a time."""
    return store_of(GRAPH)


def test_a_path_leads_over_a_gene_of_what_the_condition_is_a_kind_of(store: Store) -> None:
    [one] = support(store, "P-1").of(PROPRANOLOL)
    assert (one.way, one.because.name) == ("gene of the condition", "childhood-onset asthma")
    assert str(one.path) == "asthma - disease_associates_gene -> ADRB2 <- binds - Propranolol"
    assert [node.id for node in one.through] == [ADRB2]
    assert [edge.sources for edge in one.path.edges] == [("by-hand",), ("drugbank",)]
    assert one.path.edges[0].references == ("PMID:1",)


def test_the_weight_is_that_of_the_metapath(store: Store) -> None:
    counted = count_paths(store, ASTHMA, ["disease_associates_gene", "binds"], PROPRANOLOL).ends
    assert support(store, "P-1").weight == {PROPRANOLOL: pytest.approx(counted["dwpc"].iloc[0])}


def test_a_known_treatment_is_told_first_and_weighs_nothing(store: Store) -> None:
    found = support(store, "P-2")
    assert [one.way for one in found.of(METFORMIN)] == ["treats"] and METFORMIN not in found.weight
    assert found.row(METFORMIN) == {"treats": "gout", "genes": None, "support": 0.0}
    assert not found.of(PROPRANOLOL)  # the asthma is over
    assert not support(store, "P-1").of(METFORMIN)  # the gout is denied


def test_a_variant_leads_to_drugs_of_its_gene(store: Store) -> None:
    found = support(store, "P-8")
    assert found.row(PROPRANOLOL)["genes"] == "ADRB2" and found.of(PROPRANOLOL)[0].way == "gene of the variant"
    assert not support(store, "P-7").of(PROPRANOLOL)  # it was looked for and is not there


def test_all_drugs_are_weighed_and_only_the_paths_asked_for_are_told(store: Store) -> None:
    found = support(store, "P-1", shown=0)
    assert found.weight.keys() == {PROPRANOLOL} and not found.supports
    assert not support(store, "P-1", [SIMVASTATIN]).weight


def test_nothing_is_told_of_the_patient(store: Store) -> None:
    found = support(store, "P-1")
    assert "P-1" not in str(found.to_json()) and len(found.to_frame()) == 1
    assert found.to_text() == "drugs with support in the graph: 1; listed as treatments already: 0"
    with pytest.raises(ValueError, match="withdrew consent"):
        support(store, "P-9")


def test_every_way_leads_from_the_patient_to_drugs() -> None:
    for way in WAYS:
        assert steps_of(way)[-1].end == "Drug"


def test_many_patients_are_answered_as_each_is_alone(store: Store) -> None:
    every = [f"PANAKEIA:P-{n}" for n in range(1, 10)]
    for drugs in (None, [PROPRANOLOL], []):
        together = support_of(store, every, drugs)
        assert together.keys() == {*every} - {"PANAKEIA:P-9"}
        for patient, found in together.items():
            assert found == support(store, patient, drugs)
            assert drugs is None or found.weight.keys() <= {*drugs}
    whole = support(store, "P-1")
    assert support(store, "P-1", [PROPRANOLOL]) == whole


def test_a_variant_of_a_pharmacogene_is_no_support_and_is_told_apart(store_of: StoreOf) -> None:
    cyp2c9, warfarin, variant = "NCBIGene:1559", "DRUGBANK:DB00682", "DBSNP:rs1057910"
    assert cyp2c9 in pharmacogenes() and ADRB2 not in pharmacogenes()
    nodes: dict[str, list[dict[str, object]]] = {
        "Gene": [{"id": cyp2c9, "name": "CYP2C9"}, {"id": ADRB2, "name": "ADRB2"}],
        "Drug": [{"id": warfarin, "name": "Warfarin"}, {"id": PROPRANOLOL, "name": "Propranolol"}],
        "Variant": [{"id": variant, "name": "CYP2C9*3"}, {"id": "DBSNP:rs1042713", "name": "ADRB2 R16G"}],
        "Patient": [{"id": "PANAKEIA:P-1", "name": "P-1"}],
    }
    edges: tuple[Edge, ...] = (
        ("binds", warfarin, cyp2c9, {}),
        ("binds", PROPRANOLOL, ADRB2, {}),
        ("variant_in_gene", variant, cyp2c9, {}),
        ("variant_in_gene", "DBSNP:rs1042713", ADRB2, {}),
        of(1, "carries_variant", variant, copies=1),
        of(1, "carries_variant", "DBSNP:rs1042713", copies=1),
    )
    found = support(store_of(make_graph(nodes, edges)), "P-1")
    assert found.weight.keys() == found.supports.keys() == {PROPRANOLOL}
    assert [one.way for one in found.altered[warfarin]] == ["pharmacogene of the variant"]
    assert found.altered.keys() == {warfarin} == found.to_json()["altered"].keys()
    assert "a variant of CYP2C9 may alter the handling of: 1; that is no support" in found.to_text()
