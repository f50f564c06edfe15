"""Who is like a patient, on both stores: by what, what both have, and who is not among them."""

import pytest

from kg.graph import Graph
from kg.query.likeness import similar
from kg.search import UnknownNode
from tests.conftest import StoreOf, make_graph

HAS = "patient_has_phenotype"
NODES: dict[str, list[dict[str, object]]] = {
    "Patient": [
        *({"id": f"PANAKEIA:P-{number}", "name": f"P-{number}"} for number in range(1, 7)),
        {"id": "PANAKEIA:P-7", "name": "P-7", "consent": "withdrawn"},
        {"id": "PANAKEIA:P-8", "name": "P-8", "consent": "given"},
    ],
    "Phenotype": [
        {"id": "HP:0000001", "name": "All"},
        {"id": "HP:0001626", "name": "Abnormality of the cardiovascular system"},
        {"id": "HP:0001977", "name": "Abnormal thrombosis"},
        {"id": "HP:0002625", "name": "Deep venous thrombosis"},
        {"id": "HP:0001250", "name": "Seizure"},
    ],
    "Disease": [{"id": "DOID:9743", "name": "thrombosis"}],
    "Drug": [{"id": "DRUGBANK:DB00682", "name": "Warfarin"}, {"id": "DRUGBANK:DB01418", "name": "Acenocoumarol"}],
    "PharmacologicClass": [{"id": "NDFRT:N0000175960", "name": "Vitamin K Inhibitor"}],
    "Gene": [{"id": "NCBIGene:1559", "name": "CYP2C9"}],
    "Variant": [{"id": "DBSNP:rs1799853", "name": "CYP2C9*2"}, {"id": "DBSNP:rs1057910", "name": "CYP2C9*3"}],
}
EDGES: tuple[tuple[str, str, str, dict[str, object]], ...] = (
    ("phenotype_is_a_phenotype", "HP:0001626", "HP:0000001", {}),
    ("phenotype_is_a_phenotype", "HP:0001250", "HP:0000001", {}),
    ("phenotype_is_a_phenotype", "HP:0001977", "HP:0001626", {}),
    ("phenotype_is_a_phenotype", "HP:0002625", "HP:0001977", {}),
    ("class_includes_drug", "NDFRT:N0000175960", "DRUGBANK:DB00682", {}),
    ("class_includes_drug", "NDFRT:N0000175960", "DRUGBANK:DB01418", {}),
    ("variant_in_gene", "DBSNP:rs1799853", "NCBIGene:1559", {}),
    ("variant_in_gene", "DBSNP:rs1057910", "NCBIGene:1559", {}),
    (HAS, "PANAKEIA:P-1", "HP:0002625", {"day": 1}),
    (HAS, "PANAKEIA:P-1", "HP:0002625", {"day": 9}),  # once more is not more
    (HAS, "PANAKEIA:P-2", "HP:0002625", {"negated": False}),
    (HAS, "PANAKEIA:P-3", "HP:0001977", {}),
    (HAS, "PANAKEIA:P-4", "HP:0001250", {}),
    (HAS, "PANAKEIA:P-4", "HP:0001626", {"negated": True}),  # and so none of its kinds
    (HAS, "PANAKEIA:P-5", "HP:0002625", {"negated": True}),
    (HAS, "PANAKEIA:P-7", "HP:0002625", {}),
    ("patient_has_condition", "PANAKEIA:P-1", "DOID:9743", {}),
    ("patient_has_condition", "PANAKEIA:P-3", "DOID:9743", {}),
    ("patient_takes_drug", "PANAKEIA:P-2", "DRUGBANK:DB00682", {}),
    ("patient_takes_drug", "PANAKEIA:P-8", "DRUGBANK:DB01418", {}),
    ("patient_carries_variant", "PANAKEIA:P-2", "DBSNP:rs1799853", {"copies": 1}),
    ("patient_carries_variant", "PANAKEIA:P-3", "DBSNP:rs1057910", {"copies": 2}),
    ("patient_carries_variant", "PANAKEIA:P-4", "DBSNP:rs1799853", {"negated": True}),
)


@pytest.fixture(scope="module")
def graph() -> Graph:
    return make_graph(NODES, EDGES)


def test_the_likest_come_first_with_what_both_have(store_of: StoreOf, graph: Graph) -> None:
    found = similar(store_of(graph), "p-1", by=["phenotype"])
    assert (found.patient, found.compared, dict(found.weights)) == ("PANAKEIA:P-1", 6, {"phenotype": 1})
    assert [one.patient for one in found.found] == ["PANAKEIA:P-2", "PANAKEIA:P-3", "PANAKEIA:P-4"]
    assert found.found[0].likeness == pytest.approx(1.0)
    assert [[node.name for node, _ in one.shared] for one in found.found] == [
        ["Deep venous thrombosis"],
        ["Abnormal thrombosis"],
        ["All"],
    ]
    assert [[node.name for node in one.lacking] for one in found.found] == [[], [], ["Deep venous thrombosis"]]


def test_who_withdrew_consent_is_not_there_and_not_asked_for(store_of: StoreOf, graph: Graph) -> None:
    everybody = similar(store_of(graph), "PANAKEIA:P-1")
    assert "PANAKEIA:P-7" not in {one.patient for one in everybody.found}
    with pytest.raises(ValueError, match="withdrew consent"):
        similar(store_of(graph), "PANAKEIA:P-7")


def test_every_aspect_counts_that_is_recorded(store_of: StoreOf, graph: Graph) -> None:
    found = similar(store_of(graph), "PANAKEIA:P-3")
    assert dict(found.weights) == {"phenotype": 1, "condition": 1, "variant": 2}
    first = found.found[0]
    whole = sum(found.weights[name] * value for name, value in first.by.items()) / 4
    assert first.likeness == pytest.approx(whole)
    shared = {one.patient: [node.name for node, _ in one.shared] for one in found.found}
    assert "thrombosis" in shared["PANAKEIA:P-1"]
    assert "CYP2C9" in shared["PANAKEIA:P-2"]  # the gene, of two variants
    assert "PANAKEIA:P-4" in shared and "CYP2C9" not in shared["PANAKEIA:P-4"]  # who was found not to carry it


def test_drugs_of_one_class_are_alike(store_of: StoreOf, graph: Graph) -> None:
    [one] = similar(store_of(graph), "PANAKEIA:P-2", by=["drug"]).found
    assert [(node.name, node.kind) for node, _ in one.shared] == [("Vitamin K Inhibitor", "PharmacologicClass")]
    assert 0 < one.likeness < 1


def test_no_more_than_asked_for(store_of: StoreOf, graph: Graph) -> None:
    found = similar(store_of(graph), "PANAKEIA:P-1", top=1)
    assert len(found.found) == 1
    assert found.to_frame()["rank"].tolist() == [1]
    assert found.to_json()["similar"][0]["patient"] == found.found[0].patient
    assert "1 most like PANAKEIA:P-1" in found.to_text()


def test_what_cannot_be_asked(store_of: StoreOf, graph: Graph) -> None:
    store = store_of(graph)
    with pytest.raises(ValueError, match="nothing is recorded"):
        similar(store, "PANAKEIA:P-6")
    with pytest.raises(ValueError, match="expected some of phenotype, condition, drug, variant"):
        similar(store, "PANAKEIA:P-1", by=["zodiac"])
    with pytest.raises(ValueError, match="top"):
        similar(store, "PANAKEIA:P-1", top=0)
    with pytest.raises(UnknownNode) as failure:
        similar(store, "Ottoline Quillfeather")
    assert "Quillfeather" not in str(failure.value)
