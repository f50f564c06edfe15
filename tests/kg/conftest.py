"""What several tests of the graph need: a tiny Hetionet in the shape of the published files."""

import gzip
import shutil
from pathlib import Path

import pytest

DATA = Path(__file__).parent.parent / "data"


@pytest.fixture
def hetionet_folder(tmp_path: Path) -> Path:
    """A mirror folder with a hand-made Hetionet of one or two edges a relation, and its attribute files."""
    folder = tmp_path / "mirror"
    for source in DATA.glob("*/*"):
        target = folder / source.relative_to(DATA)
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.name.endswith("nodes.tsv"):
            shutil.copyfile(source, target)
        else:
            target.with_name(target.name + ".gz").write_bytes(gzip.compress(source.read_bytes()))
    return folder
