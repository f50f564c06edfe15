"""Parquet: a graph as a file for each kind and each relation, typed and exact, for whatever reads columns."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from kg.files.releases import RELEASES, releases_in, write_releases
from kg.files.text import FileError
from kg.graph import Graph, arrow_schema
from kg.progress import Progress
from kg.schema import NODE_KINDS, RELATIONS, AttributeType, edge_columns, node_columns


def write(graph: Graph, folder: Path, progress: Progress) -> Mapping[str, int]:
    """Write `nodes/<kind>.parquet`, `edges/<relation>.parquet` and `releases.json`; return how many rows each has."""
    tables = {f"nodes/{kind}.parquet": rows for kind, rows in graph.nodes.items()}
    tables |= {f"edges/{relation}.parquet": rows for relation, rows in graph.edges.items()}
    total, done = sum(rows.num_rows for rows in tables.values()), 0
    for name, rows in tables.items():
        progress(f"write {name}", done / max(1, total))
        (folder / name).parent.mkdir(exist_ok=True)
        parquet.write_table(rows, folder / name, compression="zstd")
        done += rows.num_rows
    return {name: rows.num_rows for name, rows in tables.items()} | write_releases(graph.sources, folder)


def read(folder: str | Path) -> Graph:
    """Return the graph that `write` wrote into a folder; kinds and relations that have no file are empty.

    Raises `FileError` for a file that is no Parquet, or has other columns than our schema, and for a folder without
    the releases.
    """
    folder = Path(folder)
    if not (folder / RELEASES).is_file():
        raise FileError(f"{folder / RELEASES} is not there: expected a folder that an export to Parquet wrote")
    try:
        releases = tuple(releases_in(folder / RELEASES))
    except (ValueError, TypeError) as failure:
        raise FileError(f"{folder / RELEASES}: expected the releases of an export to Parquet: {failure}") from None
    nodes = _read_all(folder / "nodes", NODE_KINDS, node_columns)
    return Graph(nodes, _read_all(folder / "edges", RELATIONS, edge_columns), releases)


def _read_all(
    folder: Path, names: Iterable[str], columns: Callable[[str], dict[str, AttributeType]]
) -> dict[str, pa.Table]:
    paths = {name: folder / f"{name}.parquet" for name in names}
    return {name: _read(path, arrow_schema(columns(name))) for name, path in paths.items() if path.exists()}


def _read(path: Path, schema: pa.Schema) -> pa.Table:
    try:
        rows = parquet.read_table(path)
    except (pa.ArrowInvalid, OSError) as failure:
        raise FileError(f"{path} is not a Parquet file, or only a part of one: {failure}") from None
    if not rows.schema.equals(schema):
        raise FileError(
            f"{path} has the columns {_told(rows.schema)}; expected {_told(schema)}: was it written by another version?"
        )
    return rows


def _told(schema: pa.Schema) -> str:
    return ", ".join(f"{field.name} ({field.type})" for field in schema)
