"""Small trials whose reports and exports are held against what happened: of twins, of survival, twice a day."""

from collections.abc import Mapping
from typing import Any

from kg.files.checked import check
from tests.twin.trials.designs import EXAMPLES, fixed
from twin.trials.protocol import TrialDesign
from twin.trials.run import load

STOP = {"kind": "constant", "name": "bleeding", "then": "stop", "per_week": 0.05}
TTR = {"kind": "time_in_range", "name": "TTR", "observable": "INR", "low": 2.0, "high": 3.0}


def changed(example: str, **changes: Any) -> TrialDesign:
    """Return an example's design with other values in some of its tables, or with other lists."""
    content = load(EXAMPLES / f"{example}_trial.toml").model_dump(mode="json", exclude_none=True)
    for table, values in changes.items():
        content[table] = content[table] | values if isinstance(values, Mapping) and table in content else values
    return check(content, TrialDesign, "the test")


def survival(size: int) -> TrialDesign:
    """Return a trial of so many patients an arm of whom many die and some leave; one arm is treated from week 9 on."""
    return changed(
        "survival",
        trial={"subjects_per_arm": size},
        visits={"days": [1, 57, 113, 337]},
        enrolment={"kind": "piecewise", "periods": [{"per_week": 5.0}]},
        hazards=[
            {"kind": "of_model", "name": "death", "then": "die"},
            {"kind": "constant", "name": "dropout", "then": "leave", "per_week": 0.002},
        ],
        endpoints=[
            {"kind": "time_to_event", "name": "OS", "events": ["death"]},
            {"kind": "change", "name": "SIZE8", "observable": "tumour_size_mm", "day": 57, "percent": True},
        ],
        analysis={"multiplicity": "none"},
        interims=None,
        arms=[
            {"name": "from the start", "policy": fixed(1.0, 0.0)},
            {"name": "later", "policy": fixed(*[0.0] * 8, 1.0, 0.0, every="7d")},
        ],
    )


def twins(size: int) -> TrialDesign:
    """Return a trial of so many twins with missed doses, a treatment that is stopped, and an endpoint by visit."""
    return changed(
        "warfarin",
        trial={"subjects_per_arm": size, "weeks": 4},
        visits={"days": [1, 4, 8, 15, 22, 29]},
        conduct={"adherence": 0.9},
        hazards=[STOP],
        endpoints=[TTR, {"kind": "by_visit", "name": "INR change", "observable": "INR"}],
    )


def twice_a_day(size: int) -> TrialDesign:
    """Return a week's trial of so many patients an arm twice a day, against placebo."""
    return changed(
        "tacrolimus",
        trial={"subjects_per_arm": size, "weeks": 1},
        visits={"days": [1, 4, 6, 8]},
        conduct={"adherence": 0.95},
        hazards=[],
        endpoints=[{"kind": "value", "name": "LEVEL", "observable": "tacrolimus_ug_per_L", "day": 6}],
        arms=[
            {"name": "placebo", "policy": {"kind": "placebo", "every": "12h"}, "titration": "none"},
            {"name": "active", "policy": fixed(7.0, every="12h")},
        ],
    )
