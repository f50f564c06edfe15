"""Every notebook runs from top to bottom on the starter graph, and shows a figure."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))


@pytest.mark.notebook
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs(path: Path, tmp_path: Path) -> None:
    beside = tmp_path / "notebooks"
    beside.mkdir()
    book = nbformat.read(path, as_version=4)
    NotebookClient(book, timeout=900, resources={"metadata": {"path": str(beside)}}).execute()
    shown = [output for cell in book.cells for output in cell.get("outputs", []) if "data" in output]
    assert any("image/png" in output["data"] for output in shown)
