"""Small trials, run once each: reports are held against their results."""

import pytest

from tests.twin.trials import small
from twin.trials.result import TrialResult
from twin.trials.run import run


@pytest.fixture(scope="session")
def warfarin() -> TrialResult:
    """The example of forty twins; nobody leaves."""
    return run(small.changed("warfarin", trial={"subjects_per_arm": 40}))


@pytest.fixture(scope="session")
def survival() -> TrialResult:
    """Two arms of thirty patients with cancer; many die, some leave."""
    return run(small.survival(30))
