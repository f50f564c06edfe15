"""What the tests of formats share: the demo of MIMIC-IV, read once, and a way to write and read FHIR."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from kg.patients.formats.mimic import READER
from kg.patients.record import Account, Person, Reading
from tests.kg.patients.formats.fhir_files import Found, ReadFiles, read_paths, write_all
from tests.kg.patients.made_up_records import Resource


@pytest.fixture(scope="session")
def mimic_demo(mirror: Path) -> tuple[list[Person], Account]:
    """The hundred patients of the demo, and what was not taken."""
    account = Account()
    reading = Reading(account, datetime(2026, 1, 1, tzinfo=UTC))
    return list(READER.read([mirror / "patients" / "mimic-iv-demo"], reading)), account


@pytest.fixture
def read_fhir(tmp_path: Path) -> ReadFiles:
    """Return a function that writes FHIR contents into files and reads them."""

    def read(*contents: Resource | list[Resource]) -> Found:
        return read_paths(write_all(tmp_path, contents))

    return read
