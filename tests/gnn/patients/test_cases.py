"""Cases: what is known at a moment, and what is not: each trap of a record planted on purpose."""

import numpy as np

from gnn.patients.cases import COURSE, NOW, STAY, Cases, bounds_of, cases
from gnn.patients.events import read_events
from kg.patients.known import Stays, joined
from kg.schema import WITHDRAWN
from tests.gnn.patients.conftest import (
    ANYBODY,
    ASTHMA,
    EMERGENCY,
    FOR,
    GOUT,
    Edge,
    at,
    has,
    made_up,
    patient,
    stay,
    takes,
)

ONE, OTHER = patient(1), patient(2)
FIRST, SECOND = FOR[GOUT]


def told(*edges: Edge) -> Cases:
    events = read_events(made_up(edges))
    return cases(events, bounds_of(events))


def known(of: Cases, channel: str, kind: int) -> list[set[str]]:
    rows = np.flatnonzero(of.kind == kind)
    return [{of.things[channel][thing] for thing in of.channels[channel][[row]].indices} for row in rows]


def labels(of: Cases, kind: int) -> list[set[str]]:
    rows = np.flatnonzero(of.kind == kind)
    return [{of.drugs[drug] for case, drug in of.labels.T if case == row} for row in rows]


def test_a_drug_of_the_future_is_no_history_but_a_label() -> None:
    of = told(stay(ONE, 100), takes(ONE, ANYBODY, 100, 700), takes(ONE, FIRST, 101, 599), takes(ONE, SECOND, 101, 601))
    assert known(of, "drugs", STAY) == [{ANYBODY, FIRST}]
    assert labels(of, STAY) == [{SECOND}]
    assert of.given[[int(np.flatnonzero(of.kind == STAY)[0])]].sum() == 2  # they are no candidates


def test_a_drug_given_again_later_in_the_stay_is_no_label_but_one_of_an_earlier_stay_is() -> None:
    of = told(
        *(takes(ONE, FIRST, day) for day in (100, 200, 203)), takes(ONE, SECOND, 102), takes(ONE, SECOND, 203),
        stay(ONE, 100), stay(ONE, 200),
    )  # fmt: skip
    assert labels(of, STAY) == [{SECOND}, {SECOND}]


def test_a_diagnosis_of_the_stay_is_known_only_after_it() -> None:
    """It is coded at the discharge, and dated back to the day on which the patient came."""
    of = told(stay(ONE, 100), has(ONE, GOUT, 100), takes(ONE, FIRST, 103), stay(ONE, 200), takes(ONE, SECOND, 203))
    assert known(of, "conditions", STAY) == [set(), {GOUT}]
    assert known(of, "conditions", NOW) == [{GOUT}]


def test_a_diagnosis_of_the_emergency_department_is_known_only_after_the_stay_that_follows() -> None:
    came = ("patient_had_visit", ONE, EMERGENCY, at(99, 1_200, end_day=99))
    of = told(came, has(ONE, GOUT, 99), stay(ONE, 100), takes(ONE, FIRST, 103))
    assert known(of, "conditions", STAY) == [set()]


def test_a_procedure_without_a_minute_is_coded_late_and_one_with_a_minute_is_not() -> None:
    of = told(
        stay(ONE, 100), takes(ONE, FIRST, 103),
        ("patient_had_procedure", ONE, "ICD10PCS:0SG", at(100)),
        ("patient_had_procedure", ONE, "PANAKEIA:MIMIC-1", at(100, 800)),
    )  # fmt: skip
    assert known(of, "procedures", STAY) == [{"PANAKEIA:MIMIC-1"}]


def test_what_has_no_day_or_a_drawn_one_is_known_at_the_end_alone() -> None:
    of = told(
        stay(ONE, 100), takes(ONE, FIRST, 103),
        ("patient_has_condition", ONE, GOUT, {"record": "r"}),
        ("patient_has_condition", ONE, ASTHMA, {"day": 20, "precision": "year", "record": "r"}),
    )  # fmt: skip
    assert known(of, "conditions", STAY) == [set()]
    assert known(of, "conditions", NOW) == [{GOUT, ASTHMA}]


def test_what_is_absent_is_not_known() -> None:
    of = told(("patient_has_condition", ONE, GOUT, at(5, negated=True)), stay(ONE, 100), takes(ONE, FIRST, 103))
    assert known(of, "conditions", NOW) == [set()]


def test_who_withdrew_consent_is_no_case() -> None:
    edges = [edge for one in (ONE, OTHER) for edge in (stay(one, 100), takes(one, FIRST, 103))]
    of = cases(read_events(made_up(edges, {OTHER: WITHDRAWN})), {})
    assert of.people == (ONE,)


def test_a_record_without_stays_is_a_case_after_half_of_its_days() -> None:
    of = told(*(takes(ONE, drug, day) for day, drug in enumerate([ANYBODY] * 4 + [FIRST, FIRST, SECOND, ANYBODY])))
    assert known(of, "drugs", COURSE) == [{ANYBODY}]
    assert labels(of, COURSE) == [{FIRST, SECOND}]
    assert of.moment[of.kind == COURSE].tolist() == [4 * 1_440]


def test_a_value_is_low_or_high_among_those_of_its_unit() -> None:
    measured = [
        ("patient_has_measurement", ONE, "LOINC:1", at(day, value=float(day), unit="mg/dL")) for day in range(1, 51)
    ]
    events = read_events(made_up(measured))
    bounds = bounds_of(events)
    assert bounds == {"LOINC:1 mg/dL": (11.0, 40.0)}
    of = cases(events, bounds)
    assert known(of, "values", NOW) == [{"LOINC:1 low", "LOINC:1 high"}]


def test_stays_that_touch_are_one() -> None:
    day = 1_440
    several = Stays(
        *(np.array(column) for column in ([0, 0, 0, 1], [0, 2 * day, 9 * day, 0], [day, 4 * day, 10 * day, day]))
    )
    assert [column.tolist() for column in joined(several)] == [[0, 0, 1], [0, 9 * day, 0], [4 * day, 10 * day, day]]
