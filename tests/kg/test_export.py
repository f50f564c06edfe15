"""Exports: a format is found by its name, files are whole, and patients stay at home unless asked for."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pytest

import kg.export
from kg.export import ExportError, Format, export, without_patients
from kg.graph import Graph, SourceRelease
from kg.progress import Progress
from kg.schema import RELATIONS
from tests.conftest import EDGES, NODES, RELEASE, make_graph


def write(graph: Graph, folder: Path, progress: Progress) -> Mapping[str, int]:
    """Write the names of a graph's kinds."""
    progress("write", 0.5)
    (folder / "kinds.txt").write_text("\n".join(graph.nodes), encoding="utf-8")
    return {"kinds.txt": len(graph.nodes)}


@pytest.fixture
def by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(kg.export.FORMATS, "kinds", Format("names", __name__))


def with_patients() -> Graph:
    """The small graph, whose patients a release of their own states."""
    graph = make_graph(NODES, EDGES)
    theirs = pa.array([["fhir"]] * 3, pa.list_(pa.string()))
    nodes = dict(graph.nodes)
    nodes["Patient"] = nodes["Patient"].set_column(4, "provided_by", theirs)
    nodes["Measurement"] = nodes["Measurement"].set_column(4, "provided_by", theirs[:1])
    release = SourceRelease("fhir", "1", "private", "", "", {"Jane_Doe.json": "00"})
    return Graph(nodes, graph.edges, (RELEASE, release))


@pytest.mark.usefixtures("by_name")
def test_an_export_names_its_files_and_what_it_left_out(tmp_path: Path) -> None:
    done = export(with_patients(), "kinds", tmp_path)
    assert "Patient" not in (tmp_path / "kinds.txt").read_text(encoding="utf-8")
    assert done.records == {"kinds.txt": len(NODES) - 2}
    assert done.left_out["Patient"] == 3 and done.left_out["patient_takes_drug"] == 1
    assert done.to_frame().to_dict("records") == [{"file": "kinds.txt", "records": len(NODES) - 2}]
    assert "3 Patient" in done.to_text() and done.to_json()["left_out"]["Patient"] == 3
    asked = export(with_patients(), "kinds", tmp_path, patients=True)
    assert asked.left_out == {} and "Patient" in (tmp_path / "kinds.txt").read_text(encoding="utf-8")


def test_without_patients_nothing_tells_of_them() -> None:
    left, left_out = without_patients(with_patients())
    assert "Patient" not in left.nodes and "Measurement" not in left.nodes
    assert not [name for name in left.edges if "Patient" in (RELATIONS[name].subject, RELATIONS[name].object)]
    assert left.sources == (RELEASE,)
    assert left_out["Measurement"] == 1 and sum(left_out.values()) == 3 + 1 + 18
    assert without_patients(left) == (left, {})


def test_a_node_that_only_a_record_states_stays_where_an_edge_needs_it() -> None:
    graph = with_patients()
    theirs = pa.array([["fhir"]] * 3, pa.list_(pa.string()))
    drugs = graph.nodes["Drug"].set_column(4, "provided_by", theirs)
    left, _ = without_patients(Graph({**graph.nodes, "Drug": drugs}, graph.edges, graph.sources))
    assert left.nodes["Drug"]["provided_by"].to_pylist() == [[], [], []]


def test_an_unknown_format_is_refused_with_those_that_there_are(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="no format 'rdf'; expected one of"):
        export(make_graph(NODES, EDGES), "rdf", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_release_that_states_patients_and_more_stays_without_its_files() -> None:
    graph = make_graph(NODES, EDGES)  # all of one release
    left, left_out = without_patients(graph)
    assert [(release.name, release.files) for release in left.sources] == [("by-hand", {})]
    assert left.nodes["Measurement"].num_rows == 1 and "Measurement" not in left_out
    assert left.nodes["Drug"] == graph.nodes["Drug"]


def test_a_part_without_patients_is_rid_of_a_release_that_states_them_elsewhere() -> None:
    graph = with_patients()
    nodes = {kind: graph.nodes[kind] for kind in ("Drug", "Measurement")}
    left, left_out = without_patients(Graph(nodes, {}, graph.sources), {"fhir"})
    assert left.sources == (RELEASE,) and left_out == {"Measurement": 1}


@pytest.mark.usefixtures("by_name")
def test_a_patient_who_withdrew_consent_is_in_no_export(tmp_path: Path) -> None:
    graph = with_patients()
    consents = pa.array([None, None, "withdrawn"])
    people = graph.nodes["Patient"]
    nodes = {**graph.nodes, "Patient": people.set_column(people.column_names.index("consent"), "consent", consents)}
    exported = export(dataclasses.replace(graph, nodes=nodes), "parquet", tmp_path, patients=True)
    assert exported.left_out == {"Patient": 1, "patient_has_condition": 1}
    assert b"PANAKEIA:P-3" not in b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
