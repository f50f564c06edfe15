"""Cohorts of the graph: who is asked for, as of when; what no record states; nobody's id is told, and it is noted."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from kg.files.checked import DesignError, check
from kg.graph import Graph, table
from kg.patients.journal import read_journal
from kg.patients.keeping import set_consent
from kg.schema import edge_columns, node_columns
from kg.stores.opening import open_store
from tests.twin.populations.patients import ANY
from twin.library.warfarin.covariates import CYP2C9
from twin.populations.population import Population
from twin.trials.protocol import TrialDesign
from twin.trials.run import run

KILOGRAMS = ((20, 80.0), (40, 90.0))
"""Of the first patient, by day."""
BORN = -60 * 365.25


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A store of five adults and a child: P-1 is fully known, P-2 of no known CYP2C9, P-3 withdrew consent."""
    people = [
        {"id": f"PANAKEIA:P-{number}", "name": f"P-{number}", "sex": "male", "age_years": age, "birth_day": birth}
        for number, age, birth in (
            (1, 60.0, int(BORN)),
            (2, 71.0, None),
            (3, 50.0, None),
            (4, 45.0, None),
            (5, 9.0, None),
        )
    ]
    genes = [{"id": "NCBIGene:1559", "name": "CYP2C9"}, {"id": "NCBIGene:79001", "name": "VKORC1"}]
    told = {"source": "made up", "references": []}
    calls = [
        {
            "subject": f"PANAKEIA:P-{number}",
            "object": genes[gene]["id"],
            **told,
            "diplotypes": [pair],
            "not_excluded": [],
        }
        for number, gene, pair in ((1, 0, "*1/*3"), *((who, 1, "GA") for who in range(1, 6)))
    ]
    weighed = [
        {"subject": "PANAKEIA:P-1", "object": "LOINC:29463-7", **told, "day": day, "value": kg, "unit": "kg"}
        | {"record": f"r{day}", "negated": False}
        for day, kg in KILOGRAMS
    ]
    taken = [
        {"subject": f"PANAKEIA:P-{number}", "object": "DRUGBANK:DB00682", **told, "day": 30, "record": f"t{number}"}
        for number in (1, 2, 3)
    ]
    nodes = {
        "Patient": table(node_columns("Patient"), people),
        "Gene": table(node_columns("Gene"), genes),
        "Measurement": table(node_columns("Measurement"), [{"id": "LOINC:29463-7", "name": "Body weight"}]),
        "Drug": table(node_columns("Drug"), [{"id": "DRUGBANK:DB00682", "name": "warfarin"}]),
    }
    edges = {
        "patient_has_diplotype": table(edge_columns("patient_has_diplotype"), calls),
        "patient_has_measurement": table(edge_columns("patient_has_measurement"), weighed),
        "patient_takes_drug": table(edge_columns("patient_takes_drug"), taken),
    }
    path = str(tmp_path_factory.mktemp("cohort") / "graph.lbdb")
    with open_store(path, create=True) as held:
        held.replace(Graph(nodes, edges))
        set_consent(held, "P-3", "withdrawn")
    return path


def listed(tmp_path: Path, store: str, *ids: str, **changes: object) -> Population:
    file = tmp_path / "ids.csv"
    file.write_text("id\n" + "\n".join(ids) + "\n", encoding="utf-8")
    content = {"kind": "cohort", "source": "made up", "store": store, "patients": str(file)}
    return check(content | changes, ANY, "population")


def defined(tmp_path: Path, store: str, **changes: object) -> Population:
    file = tmp_path / "cohort.toml"
    file.write_text('name = "on warfarin"\n[entry]\ndrug = "warfarin"\n', encoding="utf-8")
    content = {"kind": "cohort", "source": "made up", "store": store, "definition": str(file)}
    return check(content | changes, ANY, "population")


def test_a_patient_is_as_the_record_says(tmp_path: Path, store: str) -> None:
    drawn = listed(tmp_path, store, "P-1").sample(3, 1)
    known = {"age_years": 60.0, "CYP2C9": "*1/*3", "VKORC1": "GA", "weight_kg": 90.0}
    assert {name: values.tolist() for name, values in drawn.covariates.items()} == {
        n: [v] * 3 for n, v in known.items()
    }
    assert drawn.ids == ("S000001", "S000002", "S000003")


def test_by_a_definition_a_patient_is_as_of_the_index_day(tmp_path: Path, store: str) -> None:
    population = defined(tmp_path, store, needs=["weight_kg"])
    drawn = population.sample(1, 1).covariates
    assert drawn["weight_kg"].tolist() == [80.0], "the later weight is of a day after the index"
    assert drawn["age_years"] == pytest.approx([60.0 + 30 / 365.25], abs=0.06)
    told = [row.assumption for row in population.assumptions()]
    assert "on warfarin: 2 patients" in told and any("lacks weight_kg" in one for one in told)


def test_who_withdrew_consent_or_is_no_adult_or_unknown_is_left_out_and_counted(tmp_path: Path, store: str) -> None:
    population = listed(tmp_path, store, "P-1", "PANAKEIA:P-3", "P-5", "P-9", "P-8")
    left_out = {row.assumption: row.value for row in population.assumptions() if "Left out" in row.assumption}
    assert sorted(filter(None, left_out.values())) == [1, 1, 2]
    assert [count for text, count in left_out.items() if "no patient of this id" in text] == [2]
    assert any("withdrew consent" in text for text in left_out)


def test_a_genotype_that_is_not_known_is_drawn_as_frequent_as_it_is(tmp_path: Path, store: str) -> None:
    population = listed(tmp_path, store, "P-2", "P-4", given={"race": "asian"})
    drawn = population.sample(4000, 1).covariates
    likely = CYP2C9.likely("asian")
    found, counts = np.unique(drawn["CYP2C9"], return_counts=True)
    often = [pair for pair in likely if likely[pair] * 4000 > 5]
    seen = dict(zip(found.tolist(), counts.tolist(), strict=True))
    expected = np.array([likely[pair] for pair in often])
    observed = np.array([seen.get(pair, 0) for pair in often])
    assert stats.chisquare(observed, expected / expected.sum() * observed.sum()).pvalue > 1e-3
    assert set(drawn["race"]) == {"asian"} and set(drawn["age_years"]) == {71.0, 45.0}
    assert any("CYP2C9 of 2 patients is not known" in row.assumption for row in population.assumptions())


def test_what_is_not_known_of_all_is_stated_of_nobody_and_told(tmp_path: Path, store: str) -> None:
    population = listed(tmp_path, store, "P-1", "P-2")
    assert population.stated == ("age_years", "CYP2C9", "VKORC1")
    assert any(row.assumption.startswith("weight_kg is not known of all") for row in population.assumptions())
    assert listed(tmp_path, store, "P-1", "P-2", needs=["weight_kg"]).stated[-1] == "weight_kg"


def test_nobody_s_id_is_told(tmp_path: Path, store: str) -> None:
    population = listed(tmp_path, store, "P-1", "P-2", "P-3")
    told = f"{population.sample(9, 1)}{population.assumptions()}{population.fingerprint}{population!r}"
    assert "P-1" not in told and "P-2" not in told


def test_that_it_is_asked_is_noted(tmp_path: Path, store: str) -> None:
    before = len(read_journal(store).to_frame())
    listed(tmp_path, store, "P-1", "P-2")
    line = read_journal(store).to_frame().iloc[-1]
    assert len(read_journal(store).to_frame()) == before + 1
    assert (line["verb"], line["size"]) == ("trial population", 2) and "P-1" not in str(line["about"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"given": {"race": "martian"}}, "given.race: got martian, expected one of white, asian"),
        ({"given": {"rase": "white"}}, "given: got rase, expected covariates: age_years, "),
        ({"needs": ["weight"]}, "needs: got weight, expected covariates: age_years, "),
        ({"definition": "cohort.toml"}, "expected one of definition .* and patients"),
        ({"patients": None}, "expected one of definition .* and patients"),
        ({"store": "nowhere.lbdb"}, "nowhere.lbdb"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, store: str, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(DesignError, match=message):
        listed(tmp_path, str(changes.pop("store", store)), "P-1", **changes)


def test_a_trial_enrols_them_once_each_and_says_where_there_are_too_few(tmp_path: Path, store: str) -> None:
    arms = [
        {"name": name, "policy": {"kind": "fixed", "doses": [dose]}} for name, dose in (("low", 3.0), ("high", 5.0))
    ]
    content: dict[str, Any] = {
        "trial": {"name": "t", "model": "warfarin_hamberg2007", "seed": 1, "weeks": 1, "subjects_per_arm": 2}
        | {"design": "twins"},
        "population": listed(tmp_path, store, "P-1", "P-2", order="as listed").model_dump(),
        "visits": {"days": [1, 8]},
        "conduct": {"adherence": 1.0, "measurement_error": False},
        "endpoints": [{"kind": "value", "name": "INR8", "observable": "INR", "day": 8}],
        "arms": arms,
    }
    result = run(check(content, TrialDesign, "trial"))
    assert result.subjects["AGE"].tolist() == [60.0, 71.0] * 2
    told = result.assumptions[result.assumptions["about"] == "population"]["assumption"].tolist()
    assert any(text.startswith("Real patients, each enrolled once") for text in told)
    content["trial"]["subjects_per_arm"] = 3
    with pytest.raises(DesignError, match=r"trial\.subjects_per_arm: the trial enrols 3, and the population has 2"):
        check(content, TrialDesign, "trial")
