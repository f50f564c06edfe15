"""Loading doses and steps, against the closed forms of one compartment."""

import numpy as np
import pytest

from tests.twin.test_warfarin import cohort_of
from twin import library
from twin.dose.asked import Found, asked
from twin.dose.loading import Loaded, loaded, steps_to
from twin.dose.report import report
from twin.dose.schedule import Phases, Schedule, Window, seen
from twin.dose.search import find
from twin.dose.subjects import of_cohort
from twin.dose.target import DoseError
from twin.engine import typical
from twin.library.warfarin.coefficients import EU_PACT_ELIMINATION
from twin.library.warfarin.doses import eu_pact_loading
from twin.patient import Cohort

MODEL = library.load("generic_1cpt_iv")
NAME = next(iter(MODEL.observables))
ONE = Cohort(("a",), {})
PERSON = typical(MODEL, {}, None, 1)
VOLUME, RATE = float(PERSON.central_volume_l[0]), float(PERSON.clearance_l_per_h[0] / PERSON.central_volume_l[0])
TAU = 6.0
SHORT = 1 - np.exp(-RATE * TAU)


def found_of(*limits: str, **how: object) -> Found:
    wanted = asked(MODEL, f"{NAME}=2", limits=limits, every="6h", **how)  # type: ignore[arg-type]
    return find(of_cohort(MODEL, ONE, None), wanted)


def loaded_of(*limits: str, **how: object) -> tuple[Found, Loaded]:
    found = found_of(*limits, **how)
    return found, loaded(found)


def test_a_loading_dose_is_volume_times_target() -> None:
    found, load = loaded_of(after="0h", loading=1)
    assert load.dose[0] == pytest.approx(VOLUME * 2, rel=1e-6)
    assert found.dose[0] == pytest.approx(VOLUME * 2 * SHORT, rel=1e-6)
    assert load.value[0] == pytest.approx(2, rel=1e-6) and load.window.words == "after 6 h"


@pytest.mark.parametrize(
    ("loading", "how"),
    [
        (1, {"measure": "mean"}),
        (1, {"measure": "peak"}),
        *((doses, how) for doses in (1, 2, 3) for how in ({}, {"duration": "2h"}, {"loading_at": "1d"})),
    ],
)
def test_loading_is_to_the_long_run_as_what_has_accumulated(loading: int, how: dict[str, str]) -> None:
    # after N of an endless series of doses D, 1 - exp(-N k tau) of the steady state is there; later doses keep it
    found, load = loaded_of(loading=loading, **how)
    assert load.dose[0] / found.dose[0] == pytest.approx(1 / -np.expm1(-loading * RATE * TAU), rel=1e-5)


def test_three_loading_doses_are_those_of_eu_pact() -> None:
    # EU-PACT's LD3, the middle one of its days 1 to 3, is that of one compartment with a diplotype's elimination
    rate = EU_PACT_ELIMINATION["*1/*1"].value
    per_dose = eu_pact_loading(np.array([5.0]), np.array(["*1/*1"]))[0, 1] / 5.0
    people = PERSON._replace(clearance_l_per_h=np.array([rate * VOLUME]))
    schedule = Schedule(first=3)
    given = Phases(np.array([5.0 * per_dose]), np.array([5.0]))
    for day in (3, 4, 9):  # in the long run from the third day on
        window = Window(24.0 * (day - 1), 24.0 * day, False)
        trough = seen(MODEL, people, given, schedule, window, False).counted(NAME, "trough")[0]
        decay = np.exp(-24 * rate)
        assert trough == pytest.approx(5.0 / VOLUME * decay / (1 - decay), rel=1e-9)


def test_whole_tablets_and_the_most_change_hold_the_loading_dose() -> None:
    found, load = loaded_of(loading=1, step=5.0, most_change=0.25)
    free = load.wanted[0]
    most = found.dose[0] / 0.75
    assert free > most and load.dose[0] % 5 == 0 and most - 5 < load.dose[0] <= most
    told = report(found, None, spreads=False).to_json()
    row = told["patients"][0]["loading"]
    assert row["dose"] == load.dose[0] and row["if_free"] == free and row["reason"] is None
    assert told["most_change"] == 0.25 and told["loading"]["doses"] == 1


def test_a_limit_holds_for_loading_too() -> None:
    found, load = loaded_of(f"{NAME}<2.1", loading=1, after="0h")  # 2 is the peak, at once and in the long run
    assert not load.reasons and load.highest[0] == pytest.approx(2, rel=1e-3)
    found, load = loaded_of(f"{NAME}<2.5", loading=1)  # for a trough of 2 at once, the peak is 2 exp(k tau)
    assert load.highest[0] == pytest.approx(2 * np.exp(RATE * TAU), rel=1e-3)
    told = report(found, None, spreads=False).to_json()["patients"][0]
    assert told["loading"]["dose"] is None and "is asked for" in (told["loading"]["reason"] + str(told["reason"]))


def test_out_of_reach_is_said() -> None:
    found, load = loaded_of(loading=1, high=1.2 * found_of().dose[0])
    assert np.isfinite(found.dose[0]) and np.isnan(load.dose[0]) and "out of reach" in load.reasons["a"]
    row = report(found, None, spreads=False).to_json()["patients"][0]["loading"]
    assert row["dose"] is None and row["nearest"]["dose"] == pytest.approx(1.2 * found.dose[0])


def test_steps_lead_to_the_dose_by_no_more_than_they_may() -> None:
    model = library.load("warfarin_hamberg2007")
    cohort = cohort_of([("*1/*1", "GG", 71.0), ("*1/*3", "GA", 71.0)])
    how = {"step": 0.5, "high": 15.0, "current": 5.0, "most_change": 0.2}
    found = find(of_cohort(model, cohort, None), asked(model, "INR=2.5", **how))  # type: ignore[arg-type]
    assert found.dose.tolist() == [8.0, 3.0]
    rows = report(found, None, spreads=False).to_json()["patients"]
    assert rows[0]["steps"] == [6.0, 7.0, 8.0] and rows[1]["steps"] == [4.0, 3.5, 3.0]
    assert steps_to(5.0, found) == [] and steps_to(np.nan, found) == []
    free = find(of_cohort(MODEL, ONE, None), asked(MODEL, f"{NAME}=2", current=10.0, most_change=0.5))
    assert steps_to(30.0, free) == [15.0, 22.5, 30.0] and steps_to(2.0, free) == [5.0, 2.5, 2.0]


def test_a_tablet_may_be_too_much_of_a_change() -> None:
    found = find(of_cohort(MODEL, ONE, None), asked(MODEL, f"{NAME}=2", step=5.0, current=10.0, most_change=0.2))
    assert steps_to(30.0, found) == []


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"loading": 1, "current": 5.0, "most_change": 0.2}, "for who begins"),
        ({"loading_at": "3d"}, "how many loading doses"),
        ({"most_change": 0.2}, "what doses change from"),
        ({"current": 5.0}, "the most it may change"),
        ({"loading": 1, "at": "84d"}, "leave out when it is looked at"),
        ({"loading": 3, "loading_at": "2d"}, "expected 72 h or more"),
    ],
)
def test_what_does_not_go_together(how: dict[str, object], said: str) -> None:
    with pytest.raises(DoseError, match=said):
        asked(MODEL, f"{NAME}=2", **how)  # type: ignore[arg-type]
