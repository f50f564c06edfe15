"""The guidelines' own rules, from the public files: who is warned of which drug, and who is not."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kg.build import build
from kg.fetch import Fetch
from kg.graph import Graph
from kg.safety import Warnings, warnings_of
from kg.stores.opening import open_store
from kg.stores.protocol import Store
from tests.conftest import make_graph

CYP2C19 = "NCBIGene:1557"
STATED = {
    "PANAKEIA:P-HLA": "PANAKEIA:HLA-B*57_01_positive",
    "PANAKEIA:P-NOHLA": "PANAKEIA:HLA-B*57_01_negative",
    "PANAKEIA:P-DPYD": "PANAKEIA:DPYD_Poor_Metabolizer",
    "PANAKEIA:P-G6PD": "PANAKEIA:G6PD_Deficient",
    "PANAKEIA:P-CYP2D6": "PANAKEIA:CYP2D6_Ultrarapid_Metabolizer",
}
CALLED = {"PANAKEIA:P-POOR": "*2/*2", "PANAKEIA:P-NORMAL": "*1/*1", "PANAKEIA:P-BETWEEN": "*1/*2"}
DRUGS = {
    "clopidogrel": "DRUGBANK:DB00758",
    "abacavir": "DRUGBANK:DB01048",
    "fluorouracil": "DRUGBANK:DB00544",
    "capecitabine": "DRUGBANK:DB01101",
    "rasburicase": "DRUGBANK:DB00049",
    "codeine": "DRUGBANK:DB00318",
    "voriconazole": "DRUGBANK:DB00582",
}


@pytest.fixture(scope="module")
def store(mirror: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    url = str(tmp_path_factory.mktemp("guidelines") / "graph.lbdb")
    build(["cpic", "dpwg", "pharmcat"], Fetch(mirror, offline=True), url)
    with open_store(url) as store:
        store.add(patients())
        yield store


def patients() -> Graph:
    who = [{"id": patient, "name": patient} for patient in (*STATED, *CALLED)]
    stated = (("patient_has_gene_phenotype", who, what, {"negated": False}) for who, what in STATED.items())
    called = (
        ("patient_has_diplotype", who, CYP2C19, {"diplotypes": [pair], "missing_positions": [], "not_excluded": []})
        for who, pair in CALLED.items()
    )
    return make_graph({"Patient": who}, (*stated, *called))


@pytest.fixture(scope="module")
def found(store: Store) -> dict[str, Warnings]:
    return warnings_of(store, [*STATED, *CALLED], DRUGS.values())


@pytest.mark.mirror
@pytest.mark.parametrize(
    ("patient", "drug", "severities"),
    [
        ("POOR", "clopidogrel", {"against"}),  # CPIC and DPWG: avoid
        ("BETWEEN", "clopidogrel", {"against", "change"}),  # avoid the standard dose; DPWG: another, or twice the dose
        ("NORMAL", "clopidogrel", set()),
        ("POOR", "voriconazole", {"against", "change"}),
        ("HLA", "abacavir", {"against"}),
        ("NOHLA", "abacavir", set()),
        ("POOR", "abacavir", {"untested"}),
        ("DPYD", "fluorouracil", {"against"}),
        ("DPYD", "capecitabine", {"against"}),
        ("G6PD", "rasburicase", {"against"}),
        ("CYP2D6", "codeine", {"against"}),
        ("NORMAL", "codeine", {"untested"}),
    ],
)
def test_whom_the_guidelines_warn(found: dict[str, Warnings], patient: str, drug: str, severities: set[str]) -> None:
    warned = [one for one in found[f"PANAKEIA:P-{patient}"].of(DRUGS[drug]) if one.kind == "pharmacogenomics"]
    assert {one.severity for one in warned} == severities, [one.sentence for one in warned]


@pytest.mark.mirror
def test_a_warning_has_the_guideline_its_strength_and_its_references(found: dict[str, Warnings]) -> None:
    [one] = found["PANAKEIA:P-HLA"].of(DRUGS["abacavir"])
    assert one.sentence.startswith("Abacavir is not recommended (Strong")
    assert [node.name for node in one.because] == ["HLA-B *57:01 positive"]
    [evidence] = one.evidence
    assert (evidence.source, evidence.source_version) == ("cpic", "1.30.0")
    assert any("cpicpgx.org" in reference for reference in evidence.references)
