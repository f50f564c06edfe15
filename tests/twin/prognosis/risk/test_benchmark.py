"""The benchmark's patients are those that were published, and plain regression has the published figures."""

from pathlib import Path

import pytest

from benchmarks.risk import TASKS, Task, leak, promise
from twin.prognosis.risk.judge import JudgeSettings, frame_of, judge
from twin.prognosis.risk.outcome import outcome_of
from twin.prognosis.risk.split import SplitSettings
from twin.prognosis.risk.validate import validate

pytestmark = pytest.mark.mirror
LATER = {
    "num",
    "DEATH",
    "ANGINA",
    "HOSPMI",
    "MI_FCHD",
    "ANYCHD",
    "STROKE",
    "CVD",
    "HYPERTEN",
    "DiabetesAge",
    "Diabetes",
}


@pytest.mark.parametrize(
    ("name", "patients", "events"),
    [
        ("cleveland", 303, 139),  # Detrano R et al. Am J Cardiol 1989;64:304-310: 303, disease in 46 %
        ("hospitals", 720, 139 + 106 + 115),
        ("pima", 768, 268),  # Smith JW et al. 1988
        ("framingham", 4224, 379),
        ("framingham_times", 4240, 1046),
        ("nhanes", 11_769, 1668),
        ("pbc_visits", 1802, 313),  # visits, counted in the files by awk too
        ("framingham_visits", 10_759, 1229),
        ("respiratory_visits", 444, 249),
    ],
)
def test_the_patients_are_those_that_were_published(name: str, patients: int, events: int, mirror: Path) -> None:
    task = TASKS[name](mirror)
    outcome = outcome_of(task.rows, task.question)
    assert len(task.rows) == patients
    assert (outcome if outcome.ndim == 1 else outcome[:, 1]).sum() == events
    features = set(task.question.features)
    assert not features & LATER and not [one for one in features if one.startswith("TIME")]


def plain(task: Task) -> dict[str, float]:
    found = validate(
        task.rows, outcome_of(task.rows, task.question), task.question, ("base_rate", "logistic"), task.split
    )
    figures = frame_of(judge(found, task.question, JudgeSettings(resamples=20)), "binary")
    return figures[figures["learner"] == "logistic"].set_index("measure")["value"].to_dict()


def test_plain_regression_is_as_published(mirror: Path) -> None:
    """Pima .835 and Framingham .744 within the fold's luck; of 91 % accuracy, the majority class is all."""
    assert plain(TASKS["pima"](mirror))["AUROC"] == pytest.approx(0.835, abs=0.01)
    found = plain(TASKS["framingham"](mirror))
    assert found["AUROC"] == pytest.approx(0.744, abs=0.015)
    assert abs(found["accuracy above majority"]) < 0.005 and found["majority class"] > 0.9


def test_the_age_at_diagnosis_is_found_out(mirror: Path) -> None:
    assert "DiabetesAge alone tells the outcome (share with one outcome 1.000 by its being missing)" in leak(mirror)[0]


def test_the_promise_is_told_beside_the_majority_class() -> None:
    one = {"learner": "logistic", "lower": -0.01, "upper": 0.01}
    figures = [
        {**one, "measure": "accuracy", "value": 0.91},
        {**one, "measure": "majority class", "value": 0.911},
        {**one, "measure": "accuracy above majority", "value": -0.001},
    ]
    told = "85 % reached: logistic 0.910, -0.001 (-0.010 to +0.010) above the majority class"
    assert promise(figures) == f"{told}; the majority class alone has 0.911"
    assert SplitSettings().outer == 5
