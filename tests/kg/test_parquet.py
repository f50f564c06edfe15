"""Parquet: what is written reads back equal, column by column, with others' readers too."""

from pathlib import Path

import pandas as pd
import pytest

from kg.export import export
from kg.files.text import FileError
from kg.graph import Graph
from kg.parquet import read


def test_a_graph_comes_back_equal(graph: Graph, tmp_path: Path) -> None:
    exported = export(graph, "parquet", tmp_path, patients=True)
    back = read(tmp_path)
    assert back.nodes == graph.nodes and back.edges == graph.edges and back.sources == graph.sources
    assert exported.records["nodes/Drug.parquet"] == graph.nodes["Drug"].num_rows
    frame = pd.read_parquet(tmp_path / "edges" / "binds.parquet")
    assert 1260.0 in frame["affinity_nM"].tolist() and len(frame) == graph.edges["binds"].num_rows


def test_patients_have_no_file_unless_asked_for(graph: Graph, tmp_path: Path) -> None:
    export(graph, "parquet", tmp_path)
    assert not (tmp_path / "nodes" / "Patient.parquet").exists() and "Patient" not in read(tmp_path).nodes


@pytest.mark.parametrize("cut", [0, 3, 100, -5])
def test_a_file_that_is_cut_off_is_named(graph: Graph, cut: int, tmp_path: Path) -> None:
    export(graph, "parquet", tmp_path)
    path = tmp_path / "nodes" / "Drug.parquet"
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(FileError, match=r"Drug.parquet is not a Parquet file, or only a part of one"):
        read(tmp_path)


def test_other_columns_and_missing_releases_are_named(graph: Graph, tmp_path: Path) -> None:
    export(graph, "parquet", tmp_path)
    pd.DataFrame({"id": ["x"]}).to_parquet(tmp_path / "nodes" / "Drug.parquet")
    with pytest.raises(
        FileError, match=r"Drug.parquet has the columns id \(large_string\); expected id \(string\), name"
    ):
        read(tmp_path)
    (tmp_path / "releases.json").write_text("{}x", encoding="utf-8")
    with pytest.raises(FileError, match=r"releases.json: expected the releases of an export to Parquet"):
        read(tmp_path)
    with pytest.raises(FileError, match=r"releases.json is not there: expected a folder that an export to Parquet"):
        read(tmp_path / "nodes")
