"""A cohort as a table for learning: what features know, and that nothing after the landmark moves them."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from kg.cohorts.baseline import Baseline
from kg.cohorts.criteria import Definition
from kg.cohorts.features import features
from kg.cohorts.table import at_landmark, tabulate
from kg.files.checked import DesignError, check
from kg.query import cohort as query
from kg.stores.protocol import Store
from tests.conftest import StoreOf, make_graph

PATIENTS = [f"PANAKEIA:P-{letter}" for letter in "abcdefgh"]
STAY, EMERGENCY = "PANAKEIA:visit-inpatient", "PANAKEIA:visit-emergency"
ASPIRIN, CLOPIDOGREL = "DRUGBANK:DB00945", "DRUGBANK:DB00758"
HEART, INFARCTION, GOUT, A1C = "DOID:114", "DOID:5844", "DOID:3", "LOINC:4548-4"
NODES: dict[str, list[dict[str, object]]] = {
    "Drug": [{"id": ASPIRIN, "name": "Aspirin"}, {"id": CLOPIDOGREL, "name": "Clopidogrel"}],
    "Disease": [
        {"id": HEART, "name": "heart disease"},
        {"id": INFARCTION, "name": "myocardial infarction"},
        {"id": GOUT, "name": "gout"},
    ],
    "PharmacologicClass": [{"id": "NDFRT:N1", "name": "Platelet aggregation inhibitor"}],
    "Procedure": [{"id": "SNOMEDCT:415070008", "name": "PCI"}],
    "Measurement": [{"id": A1C, "name": "Hemoglobin A1c"}],
    "Visit": [
        {"id": STAY, "name": "inpatient stay"},
        {"id": EMERGENCY, "name": "emergency visit"},
        {"id": query.OBSERVATION_PERIOD, "name": "period of observation"},
    ],
    "Patient": [{"id": who, "name": who, "sex": "female", "birth_day": -20000} for who in PATIENTS],
}
BROADER = (
    ("disease_related_to_disease", INFARCTION, HEART, {"predicate": "biolink:subclass_of"}),
    ("class_includes_drug", "NDFRT:N1", CLOPIDOGREL, {}),
)
Edge = tuple[str, str, str, dict[str, object]]
INDEX = 100
EVERYTHING = Baseline(least_patients=1)


def of(who: str, relation: str, target: str, day: int | None, **told: object) -> Edge:
    """Return an event of a patient's, under a record of its own."""
    record = f"{who} {relation} {target} {day} {sorted(told.items())}"
    known = {"day": day, "record": record, "negated": False, "precision": "day"}
    return f"patient_{relation}", who, target, known | told


def measured(who: str, day: int, value: float, **told: object) -> Edge:
    return of(who, "has_measurement", A1C, day, value=value, unit="%", **told)


A, B, C, D, E, F, G, H = PATIENTS
BEFORE: tuple[Edge, ...] = (
    *(of(who, "takes_drug", ASPIRIN, INDEX, end_day=130) for who in PATIENTS),
    of(A, "has_condition", INFARCTION, 90),
    of(B, "has_condition", HEART, 90),
    of(C, "has_condition", GOUT, 100),
    of(D, "had_visit", STAY, 98, end_day=104),  # gout is coded when this stay ends
    of(D, "has_condition", GOUT, 99),
    of(D, "had_procedure", "SNOMEDCT:415070008", 99, minute=600, precision="minute"),
    of(D, "had_procedure", "SNOMEDCT:415070008", 98),
    of(E, "had_visit", EMERGENCY, 100),
    of(E, "has_condition", GOUT, 100),
    of(F, "had_visit", STAY, 90, end_day=99),
    of(F, "has_condition", GOUT, 91),
    of(G, "has_condition", GOUT, None),
    of(G, "has_condition", INFARCTION, 80, precision="month"),
    of(G, "has_condition", HEART, 80, negated=True),
    of(H, "takes_drug", CLOPIDOGREL, 50),
    measured(A, 50, 6.0),
    measured(A, 80, 7.0),
    measured(A, 100, 7.4, minute=700, precision="minute"),
)
AFTER: tuple[Edge, ...] = (
    *(of(who, "had_visit", STAY, 101, end_day=110) for who in PATIENTS),
    *(of(who, "has_condition", INFARCTION, 101) for who in PATIENTS),
    *(of(who, "takes_drug", CLOPIDOGREL, 150) for who in PATIENTS),
    *(measured(who, day, 9.0 + day) for who in PATIENTS for day in (101, 300)),
)


def at(day: int = INDEX) -> pd.DataFrame:
    told = {"patient": PATIENTS, "day": float(day), "sex": "female", "birth_day": -20000.0}
    return pd.DataFrame(told)


@pytest.fixture
def store(store_of: StoreOf) -> Store:
    return store_of(GRAPH)


GRAPH = make_graph(NODES, (*BROADER, *BEFORE, *AFTER))
PAST = make_graph(NODES, (*BROADER, *BEFORE))
_LATER_ENDS = tuple(
    (*edge[:3], edge[3] | {"end_day": 999}) if int(str(edge[3].get("end_day") or 0)) > INDEX else edge
    for edge in BEFORE
)
OTHER_FUTURE = make_graph(
    NODES,
    (
        *BROADER,
        *_LATER_ENDS,
        *(of(who, "has_condition", GOUT, 101 + place) for place, who in enumerate(PATIENTS)),
        *(of(who, "had_visit", EMERGENCY, 101) for who in PATIENTS),
        *(measured(who, 102, -5.0) for who in PATIENTS),
    ),
)


def having(table: pd.DataFrame, column: str) -> set[str]:
    return {who[-1] for who, has in zip(PATIENTS, table[column], strict=True) if has == 1.0}


def test_nothing_after_the_landmark_moves_a_feature(store_of: StoreOf) -> None:
    """Events after the landmark deleted, others appended, and the ends of events moved that end after it."""
    tables = [features(store_of(one), at(), EVERYTHING) for one in (GRAPH, PAST, OTHER_FUTURE)]
    pd.testing.assert_frame_equal(tables[0], tables[1])
    pd.testing.assert_frame_equal(tables[0], tables[2])
    assert len(tables[0].columns) > 10


def test_what_is_known_on_the_landmark(store: Store) -> None:
    table = features(store, at(), EVERYTHING)
    gout = "condition: gout (DOID:3)"
    assert having(table, gout) == {"c", "f"}  # d and e: coded at a discharge; g: no day
    assert having(table, "condition: myocardial infarction (DOID:5844)") == {"a"}  # g: a day drawn within the month
    assert having(table, "condition: heart disease (DOID:114)") == {"a", "b"}  # a by what is below it
    assert having(table, "drug: Clopidogrel (DRUGBANK:DB00758)") == {"h"}
    assert having(table, "procedure: PCI (SNOMEDCT:415070008)") == {"d"}  # by the one with a minute
    assert table["visit: inpatient stay (PANAKEIA:visit-inpatient): count"].tolist() == [0, 0, 0, 1, 0, 1, 0, 0]
    assert table["history days"].tolist() == [50.0, 10.0, 0.0, 2.0, 0.0, 10.0, 0.0, 50.0]
    assert table["age"].tolist() == [55.0] * 8


def test_a_stay_s_codes_are_known_the_day_after_it(store: Store) -> None:
    gout = "condition: gout (DOID:3)"
    past = Baseline(least_patients=1, kinds=("condition",))
    assert "d" not in having(features(store, at(day=104), past), gout)
    table = features(store, at(day=111), past)  # the stay of day 101 touches the one before, and ends on 110
    assert "d" in having(table, gout)


def test_a_measurement_s_statistics(store: Store) -> None:
    table = features(store, at(), EVERYTHING)
    stem = f"measurement: Hemoglobin A1c ({A1C}), %: "
    times, values = np.array([50.0, 80.0, 100.0 + 700 / 1440]), np.array([6.0, 7.0, 7.4])
    slope = np.polyfit(times, values, 1)[0] * 365.25
    assert table[stem + "last"][0] == 7.4
    assert table[stem + "mean"][0] == pytest.approx(values.mean())
    assert table[stem + "slope per year"][0] == pytest.approx(slope)
    assert table[stem + "count"].tolist() == [3.0] + [0.0] * 7
    assert table[stem + "days since"][0] == 0.0
    assert table[stem + "last"][1:].isna().all()
    recent = features(store, at(), Baseline(least_patients=1, days=30, kinds=("measurement",)))
    assert recent[stem + "count"][0] == 2.0
    assert np.isnan(features(store, at(day=60), EVERYTHING)[stem + "slope per year"][0])


def test_features_are_chosen_by_who_has_them_and_one_of_equal_columns_is_kept(store: Store) -> None:
    few = features(store, at(), Baseline(least_patients=2))
    assert [name for name in few if name.startswith("drug")] == []  # aspirin have all, clopidogrel one
    whole = features(store, at(), EVERYTHING)
    assert "drug class: Platelet aggregation inhibitor (NDFRT:N1)" not in whole  # the same patients as clopidogrel


def test_columns_asked_for_come_in_order_also_where_nobody_has_them(store: Store) -> None:
    wanted = ["drug: nobody's (X:1)", "age", "drug class: Platelet aggregation inhibitor (NDFRT:N1)", "measurement: y"]
    table = features(store, at(), EVERYTHING, wanted)
    assert list(table) == wanted
    assert table.iloc[:, 0].tolist() == [0.0] * 8
    assert having(table, wanted[2]) == {"h"}
    assert table.iloc[:, 3].isna().all()


def cohort(**more: Any) -> Definition:
    stay = {"name": "readmitted", "kind": "event", "of": {"visit": "inpatient stay"}, "window": {"to": 30}}
    content = {
        "name": "made",
        "entry": {"drug": "aspirin", "days_after": 5},
        "outcome": [stay, {"name": "t", "kind": "time", "of": {"drug": "clopidogrel"}, "window": {"to": 40}}],
        "features": {"least_patients": 1},
    }
    return check(content | more, Definition, "made.toml")


def test_a_table_has_a_row_a_patient_and_says_of_which_data_it_is(store: Store) -> None:
    table = tabulate(store, cohort(), "readmitted")
    assert table.rows["USUBJID"].tolist() == PATIENTS
    assert table.rows["SITEID"].tolist() == ["by-hand"] * 8
    assert table.rows["AVAL"].tolist() == [1.0] * 8
    assert (table.target, table.horizon) == ("binary", None)
    assert not {"AVAL", "USUBJID", "SITEID"} & set(table.features)
    assert set(table.features) < set(table.rows)
    other = tabulate(store, cohort(features={"least_patients": 2}), "readmitted")
    assert table.version.split()[0] == other.version.split()[0] and table.version != other.version
    timed = tabulate(store, cohort(), "t")
    assert (timed.target, timed.horizon) == ("survival", 40.0)
    assert timed.rows["AVAL"].tolist() == [40.0] * 8 and timed.rows["CNSR"].tolist() == [1.0] * 8


def test_the_future_changes_outcomes_but_no_feature(store_of: StoreOf) -> None:
    outcome = cohort().outcome[0].model_copy(update={"follow_up": "assumed"})
    assumed = cohort().model_copy(update={"outcome": (outcome,)})
    now, past = (tabulate(store_of(one), assumed, "readmitted") for one in (GRAPH, PAST))
    assert now.features == past.features
    columns = list(now.features)
    pd.testing.assert_frame_equal(now.rows[columns], past.rows[columns])
    assert past.rows["AVAL"].tolist() == [0.0] * 8


def test_a_patient_of_today_has_the_features_of_the_table_without_a_future(store_of: StoreOf) -> None:
    table = tabulate(store_of(GRAPH), cohort(), "readmitted")
    today = at_landmark(store_of(PAST), cohort(entry={"drug": "aspirin", "days_after": 90}), table.features, [D, "X"])
    assert today["USUBJID"].tolist() == [D]
    expected = table.rows[table.rows["USUBJID"] == D][list(table.features)].reset_index(drop=True)
    pd.testing.assert_frame_equal(today[list(table.features)], expected, check_dtype=False)


def test_what_cannot_be_a_table_is_refused(store: Store) -> None:
    with pytest.raises(DesignError, match="has no outcome 'x': expected one of readmitted, t"):
        tabulate(store, cohort(), "x")
    with pytest.raises(DesignError, match="keep = first or last"):
        tabulate(store, cohort(keep="all"), "readmitted")
