"""A course made up by hand: what was measured of a few patients, and what is true of them."""

from collections.abc import Sequence

import numpy as np

from twin.model import Floats
from twin.trials.course import Course
from twin.trials.endpoints.outcome import Repeated, Timed, Value
from twin.trials.grid import Grid

GRID = Grid(28, 1, (1, 8, 15, 22, 29))
NONE = np.inf
GLUCOSE = "glucose"


def course(
    measured: Sequence[Sequence[float]],
    last_day: Sequence[float] | None = None,
    events: dict[str, Sequence[float]] | None = None,
    died: Sequence[bool] | None = None,
    arm: str = "drug",
) -> Course:
    """Patients measured on days 1, 8, 15, 22 and 29; the truth is their measurement, unchanged until the next visit.

    Each takes 1 mg on day 1, 2 mg on day 2, and so on.
    """
    seen = np.array(measured, np.float64)
    n = len(seen)
    true = np.repeat(seen, [7, 7, 7, 7, 1], axis=1)
    doses = np.tile(np.arange(1.0, 29.0), (n, 1))
    return Course(
        arm,
        GRID,
        {GLUCOSE: true},
        {GLUCOSE: seen},
        doses,
        doses,
        {name: np.array(days, np.float64) for name, days in (events or {}).items()},
        np.full(n, NONE) if last_day is None else np.array(last_day, np.float64),
        np.zeros(n, bool) if died is None else np.array(died),
    )


def value(outcome: object) -> Floats:
    assert isinstance(outcome, Value)
    return outcome.value


def timed(outcome: object) -> tuple[list[float], list[bool]]:
    assert isinstance(outcome, Timed)
    return outcome.day.tolist(), outcome.event.tolist()


def repeated(outcome: object) -> Repeated:
    assert isinstance(outcome, Repeated)
    return outcome
