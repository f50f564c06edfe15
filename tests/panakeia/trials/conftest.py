"""A trial of few, run once: the report and the exports are held against its result."""

import pytest

from tests.conftest import ROOT
from twin.trials.protocol import TrialDesign
from twin.trials.result import TrialResult
from twin.trials.run import load, run


def small(name: str, size: int, seed: int = 1) -> TrialDesign:
    """Return an example's design with fewer patients."""
    design = load(ROOT / f"panakeia/examples/{name}_trial.toml")
    outline = design.trial.model_copy(update={"subjects_per_arm": size, "seed": seed})
    return design.model_copy(update={"trial": outline})


@pytest.fixture(scope="session")
def warfarin() -> TrialResult:
    """Two arms of the same forty twins; nobody leaves."""
    return run(small("warfarin", 40))


@pytest.fixture(scope="session")
def survival() -> TrialResult:
    """Two arms of thirty patients with cancer; many die, some leave."""
    return run(small("survival", 30))
