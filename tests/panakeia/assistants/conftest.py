"""A desk of the starter graph and its model, and a client of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from panakeia.desk.desk import Desk, DeskSettings


@pytest.fixture(scope="session")
def desk(starter_store: Path, starter_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    found = Desk(DeskSettings(str(starter_store), starter_model, home=tmp_path_factory.mktemp("home")))
    yield found
    found.close()
