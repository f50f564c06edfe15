"""What the tests of formats share: the demo of MIMIC-IV, read once."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from kg.patients.formats.mimic import READER
from kg.patients.record import Account, Person, Reading


@pytest.fixture(scope="session")
def mimic_demo(mirror: Path) -> tuple[list[Person], Account]:
    """The hundred patients of the demo, and what was not taken."""
    account = Account()
    reading = Reading(account, datetime(2026, 1, 1, tzinfo=UTC))
    return list(READER.read([mirror / "patients" / "mimic-iv-demo"], reading)), account
