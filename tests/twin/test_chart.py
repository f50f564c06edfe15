"""A patient of the graph as a model sees them: what is taken from the record, what is left open, what is refused."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kg.graph import Graph, table
from kg.patients.keeping import set_consent
from kg.query.people import MEASURED
from kg.schema import edge_columns, node_columns
from kg.stores.opening import open_store
from twin import library
from twin.chart import TAKEN, from_graph, parse_days, treated
from twin.covariates import Category, Continuous
from twin.patient import PatientError
from twin.regimen import every

MODEL = library.load("warfarin_hamberg2007")


def store_of(
    tmp_path: Path,
    genotypes: dict[str, str] | None = None,
    not_excluded: dict[str, list[str]] | None = None,
    **patient: object,
) -> str:
    people = [{"id": "PANAKEIA:P-1", "name": "P-1", **patient}]
    genes = [{"id": f"NCBIGene:{number}", "name": gene} for number, gene in enumerate(genotypes or {}, start=1)]
    calls = [
        {"subject": "PANAKEIA:P-1", "object": gene["id"], "source": "made up", "references": []}
        | {"diplotypes": [(genotypes or {})[gene["name"]]], "not_excluded": (not_excluded or {}).get(gene["name"], [])}
        for gene in genes
    ]
    relation = "patient_has_diplotype"
    nodes = {"Patient": table(node_columns("Patient"), people), "Gene": table(node_columns("Gene"), genes)}
    graph = Graph(nodes, {relation: table(edge_columns(relation), calls)})
    path = str(tmp_path / "graph.lbdb")
    with open_store(path, create=True) as store:
        store.replace(graph)
    return path


@pytest.mark.parametrize("name", ["PANAKEIA:P-1", "P-1", "panakeia:p-1"])
def test_a_patient_of_the_graph(tmp_path: Path, name: str) -> None:
    path = store_of(tmp_path, age_years=71.0, genotypes={"CYP2C9": "*1/*3", "VKORC1": "GA", "CYP2D6": "*1/*4"})
    with open_store(path) as store:
        cohort = from_graph(store, name, MODEL).cohort
    assert cohort.ids == ("PANAKEIA:P-1",)
    assert {name: values.tolist() for name, values in cohort.covariates.items()} == {
        "age_years": [71.0],
        "CYP2C9": ["*1/*3"],
        "VKORC1": ["GA"],
    }


def test_a_genome_s_spelling_is_the_model_s(tmp_path: Path) -> None:
    called = {"CYP2C9": "*2/*3", "VKORC1": "rs9923231 reference (C)/rs9923231 variant (T)"}
    with open_store(store_of(tmp_path, age_years=71.0, genotypes=called)) as store:
        cohort = from_graph(store, "P-1", MODEL).cohort
    assert [cohort.covariates[gene].tolist() for gene in called] == [["*2/*3"], ["GA"]]


@pytest.mark.parametrize(
    ("not_excluded", "may_be"),
    [(["*3"], {"*1/*1", "*1/*3", "*3/*3"}), (["*8", "*11"], {"*1/*1"}), ([], {"*1/*1"})],
)
def test_a_genotype_is_what_a_call_leaves_open(tmp_path: Path, not_excluded: list[str], may_be: set[str]) -> None:
    called = {"CYP2C9": "*1/*1", "VKORC1": "GA"}
    path = store_of(tmp_path, age_years=71.0, genotypes=called, not_excluded={"CYP2C9": not_excluded})
    with open_store(path) as store:
        found = from_graph(store, "P-1", MODEL)
    assert set(found.covariates["CYP2C9"]) == may_be and found.certain == (len(may_be) == 1)
    white = MODEL.covariates[1].likely("white")
    whole = sum(white[level] for level in may_be)
    assert found.likely("CYP2C9") == pytest.approx({level: white[level] / whole for level in may_be})


@pytest.mark.parametrize(
    ("patient", "message"),
    [
        (
            {"genotypes": {"CYP2C9": "*1/*3"}},
            "the patient's record lacks age_years, which warfarin_hamberg2007 needs: age_years (a number of years from"
            " 18 to 110); add --set age_years=VALUE",
        ),
        (
            {"age_years": 71.0, "genotypes": {"CYP2C9": "*1/*11", "VKORC1": "GA"}},
            "record states a CYP2C9 that warfarin_hamberg2007 does not know: expected one of *1/*1,",
        ),
        ({"age_years": 9.0, "genotypes": {"CYP2C9": "*1/*1", "VKORC1": "GA"}}, "record states a age_years that"),
    ],
)
def test_what_a_record_lacks_is_named_and_what_it_says_is_not(
    tmp_path: Path, patient: dict[str, Any], message: str
) -> None:
    with open_store(store_of(tmp_path, **patient)) as store, pytest.raises(PatientError) as failure:
        from_graph(store, "PANAKEIA:P-1", MODEL)
    assert message in str(failure.value)
    assert "*11" not in str(failure.value) and "P-1" not in str(failure.value)


def test_who_withdrew_consent_is_not_simulated(tmp_path: Path) -> None:
    called = {"CYP2C9": "*1/*1", "VKORC1": "GA"}
    path = store_of(tmp_path, age_years=71.0, genotypes=called)
    with open_store(path) as store:
        set_consent(store, "P-1", "withdrawn")
        with pytest.raises(PatientError, match="withdrew consent"):
            from_graph(store, "P-1", MODEL)


def test_an_unknown_patient_is_not_echoed(tmp_path: Path) -> None:
    with open_store(store_of(tmp_path)) as store, pytest.raises(PatientError) as failure:
        from_graph(store, "Jane Doe", MODEL)
    assert "no patient of this id" in str(failure.value) and "Jane" not in str(failure.value)


LENIENT = replace(
    MODEL,
    covariates=(
        *MODEL.covariates[:1],
        replace(MODEL.covariates[1], needed=False),
        Category("race", ("white", "black"), {"Caucasian": "white"}, default="white"),
        Continuous("weight_kg", "kg", 2.0, 635.0, needed=False),
    ),
)


def test_a_record_may_lack_what_the_model_does_not_ask_for(tmp_path: Path) -> None:
    with open_store(store_of(tmp_path, age_years=71.0)) as store:
        assert list(from_graph(store, "P-1", LENIENT).covariates) == ["age_years"]


def treated_store(tmp_path: Path, measured: list[dict[str, Any]]) -> str:
    """Return a store with one patient who took warfarin on day 100, 8 in the morning, and was measured."""
    patient = {"id": "PANAKEIA:P-1", "name": "P-1", "age_years": 71.0, "birth_day": 100 - 60 * 365 - 15}
    said = {"subject": "PANAKEIA:P-1", "source": "made up", "references": [], "negated": False, "precision": "minute"}
    labs = [{**said, "object": "LOINC:6301-6", "record": f"r{n}", **one} for n, one in enumerate(measured)]
    took = {**said, "object": "DRUGBANK:DB00682", "day": 100, "minute": 480, "record": "t"}
    nodes = {
        "Patient": table(node_columns("Patient"), [patient]),
        "Measurement": table(node_columns("Measurement"), [{"id": "LOINC:6301-6", "name": "INR"}]),
        "Drug": table(node_columns("Drug"), [{"id": "DRUGBANK:DB00682", "name": "Warfarin"}]),
    }
    edges = {
        TAKEN: table(edge_columns(TAKEN), [took]),
        MEASURED: table(edge_columns(MEASURED), labs),
    }
    path = str(tmp_path / "treated.lbdb")
    with open_store(path, create=True) as store:
        store.replace(Graph(nodes, edges))
    return path


LABS: list[dict[str, Any]] = [
    {"day": 99, "minute": 480, "value": 1.0, "unit": "1"},
    {"day": 103, "minute": 480, "value": 1.6, "unit": "1"},
    {"day": 105, "minute": None, "value": 2.2, "unit": "{INR}", "precision": "day"},
    {"day": 106, "minute": 480, "value": 22.0, "unit": "s"},
    {"day": 107, "minute": 480, "value": None, "unit": "1"},
    {"day": 100, "minute": 480, "value": 3.0, "unit": "1", "precision": "year"},
    {"day": 300, "minute": 480, "value": 3.0, "unit": "1"},
]


def test_labs_are_the_observations_of_a_treatment_and_what_is_not_used_is_counted(tmp_path: Path) -> None:
    doses = every(5.0, 24, 30)
    with open_store(treated_store(tmp_path, LABS)) as store:
        found = treated(store, "P-1", MODEL, doses)
        held = treated(store, "P-1", MODEL, doses, parse_days("1970-04-11:1970-05-01"))
        person = from_graph(store, "P-1", MODEL, {"CYP2C9": "*1/*1", "VKORC1": "GA"}, days=found.days)
    (record,) = found.records.by_id.values()
    assert record.observations.time_h.tolist() == [72.0, 5 * 24 + 4.0, 200 * 24.0]  # noon, 8 in the morning
    assert record.observations.value.tolist() == [1.6, 2.2, 3.0] and record.observations.label == ("INR",) * 3
    assert found.used == {"INR": 3} and found.left_out == {
        "without a number": 1,
        "in a unit other than 1, {INR}": 1,
        "without a day": 1,
        "before TIME 0": 1,
    }
    (record,) = held.records.by_id.values()
    assert record.observations.time_h.tolist() == [3 * 24 + 8.0, 5 * 24 + 12.0]  # from midnight
    assert held.left_out["after the last day"] == 1
    assert person.covariates["age_years"] == pytest.approx([60.0], abs=0.1)  # then, not now


def test_the_body_s_surface_follows_from_what_was_measured_of_it(tmp_path: Path) -> None:
    patient = {"id": "PANAKEIA:P-1", "name": "P-1", "age_years": 50.0}
    said = {"subject": patient["id"], "source": "made up", "references": [], "negated": False, "precision": "day"}
    seen = [("LOINC:29463-7", 70000.0, "g", 1), ("LOINC:29463-7", 79.4, "kg", 9), ("LOINC:8302-2", 1.83, "m", 5)]
    labs = [
        {**said, "object": code, "value": value, "unit": unit, "day": day, "record": f"r{day}"}
        for code, value, unit, day in seen
    ]
    kinds = [{"id": code, "name": code} for code in ("LOINC:29463-7", "LOINC:8302-2")]
    nodes = {
        "Patient": table(node_columns("Patient"), [patient]),
        "Measurement": table(node_columns("Measurement"), kinds),
    }
    path = str(tmp_path / "graph.lbdb")
    with open_store(path, create=True) as store:
        store.replace(Graph(nodes, {MEASURED: table(edge_columns(MEASURED), labs)}))
        person = from_graph(store, "P-1", library.load("tacrolimus_andrews2019_start"), {"CYP3A5": "*1/*3"})
    surface = 0.007184 * 79.4**0.425 * 183**0.725
    assert person.covariates["body_surface_m2"] == pytest.approx([surface], abs=1e-3)
    assert person.certain


def test_what_a_treatment_lacks_is_said_with_what_to_do(tmp_path: Path) -> None:
    doses = every(5.0, 24, 30)
    with open_store(treated_store(tmp_path, LABS[:1])) as store:
        for model, regimen, said in (
            (MODEL, None, "1 dated records of DRUGBANK:DB00682 and the amount of none.*--regimen REGIMEN.csv"),
            (MODEL, doses, "no measurement of INR that can be used: 1 before TIME 0"),
            (
                library.load("theophylline_boeckmann1994"),
                doses,
                "no dated record of DRUGBANK:DB00277.*--days FIRST:LAST",
            ),
            (library.load("tumour_geng2017"), doses, "observes nothing that records state"),
        ):
            with pytest.raises(PatientError, match=said) as failure:
                treated(store, "P-1", model, regimen)
            assert "P-1" not in str(failure.value)


@pytest.mark.parametrize("text", ["", "5", "2018-13-01:", "2018-04-02:2018-04-01", "9999999:", ":5"])
def test_days_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(PatientError, match="expected FIRST:LAST"):
        parse_days(text)
