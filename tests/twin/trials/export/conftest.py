"""Studies that exports are held against, each run once."""

import pytest

from tests.twin.trials import small
from twin.trials.export.study import Study
from twin.trials.protocol import TrialDesign
from twin.trials.run import run
from twin.trials.stored import Stored


def study_of(design: TrialDesign) -> Study:
    return Study.of(Stored.of(run(design)), "TEST-01")


@pytest.fixture(scope="session")
def survival() -> Study:
    return study_of(small.survival(30))


@pytest.fixture(scope="session")
def warfarin() -> Study:
    return study_of(small.twins(20))


@pytest.fixture(scope="session")
def tacrolimus() -> Study:
    return study_of(small.twice_a_day(10))
