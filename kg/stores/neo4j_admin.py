"""Neo4j's own import: a graph written as CSV files and read by `neo4j-admin`, into the folder of a stopped server.

It is many times as fast as the driver, and for whoever has the server's folder: see docs/decisions/0003. The database
has the same labels, types and properties afterwards, what stores keep of nodes included (`kg.stores.kept`).
"""

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from kg.graph import Graph, table
from kg.progress import Progress, silent
from kg.schema import NODE_KINDS, RELATIONS, AttributeType, edge_columns, node_columns
from kg.stores.kept import KEPT_COLUMNS, with_kept
from kg.stores.neo4j_write import ANY_KIND
from kg.stores.protocol import StoreError
from kg.stores.releases import RELEASE_COLUMNS, RELEASE_LABEL, release_row

BETWEEN = "\x1f"
"""Between the values of a list: the control character for this; no name or reference holds it."""
_TYPES: dict[AttributeType, str] = {
    "string": "string",
    "double": "double",
    "int64": "long",
    "string[]": "string[]",
    "int64[]": "long[]",
    "boolean": "boolean",
}
_OPTIONS = (
    "--overwrite-destination",
    "--multiline-fields=true",
    f"--array-delimiter=U+{ord(BETWEEN):04X}",
    "--bad-tolerance=0",
)
LAST_LINES = 15


def import_offline(graph: Graph, home: str | Path, database: str = "neo4j", progress: Progress = silent) -> None:
    """Put a graph in place of a database of the stopped server in this folder.

    Start the server then: whoever opens it first as a store indexes it, and gives nodes the empty lists that the tool
    drops. So all that a build never leaves unsaid is as the driver would write it; a list of another attribute that is
    empty is one that is not known. Raises `StoreError` where the folder is no server's, the server runs, or its tool
    fails; then the old database may be gone, and the import is to be done again.
    """
    tool = Path(home).absolute() / "bin" / "neo4j-admin"
    if not tool.is_file():
        raise StoreError(f"{home} is not the folder of a Neo4j server: expected it to hold bin/neo4j-admin")
    with tempfile.TemporaryDirectory(prefix="panakeia-import-") as folder:
        arguments = list(_written(graph, Path(folder), progress))
        progress("neo4j-admin reads the files", 0.5)
        command = [str(tool), "database", "import", "full", database, *_OPTIONS, *arguments]
        command.append(f"--report-file={Path(folder) / 'report'}")
        done = subprocess.run(
            command,
            env=os.environ | {"NEO4J_HOME": str(Path(home).absolute())},
            capture_output=True,
            text=True,
        )
    if done.returncode:
        raise StoreError(_failed(home, database, done.stdout + done.stderr))
    progress("imported", 1.0)


def _failed(home: str | Path, database: str, said: str) -> str:
    if re.search(r"in use|lock|running", said, re.IGNORECASE):
        return (
            f"the server in {home} is running, and its database {database!r} cannot be replaced meanwhile: stop it "
            f"({Path(home) / 'bin' / 'neo4j'} stop), then import again; or load by driver, with its URL as the store"
        )
    tail = "\n".join(said.strip().splitlines()[-LAST_LINES:])
    return f"neo4j-admin could not import into {home}; it said last:\n{tail}"


def _written(graph: Graph, folder: Path, progress: Progress) -> Iterator[str]:
    """Write the graph's tables into the folder; yield the arguments that name them."""
    nodes = {**with_kept(graph), RELEASE_LABEL: table(RELEASE_COLUMNS, map(release_row, graph.sources))}
    total, done = sum(rows.num_rows for rows in (*nodes.values(), *graph.edges.values())), 0
    for label, rows in nodes.items():
        progress(f"write {label}", 0.5 * done / max(1, total))
        columns = node_columns(label) | KEPT_COLUMNS if label in NODE_KINDS else RELEASE_COLUMNS
        header = ["id:ID(" + label + ")", *(f"{name}:{_TYPES[columns[name]]}" for name in columns if name != "id")]
        labels = f"{label}:{ANY_KIND}" if label in NODE_KINDS else label
        yield f"--nodes={labels}={_files(folder, label, header, rows.select(list(columns)))}"
        done += rows.num_rows
    for relation, rows in graph.edges.items():
        progress(f"write {relation}", 0.5 * done / max(1, total))
        columns = edge_columns(relation)
        ends = RELATIONS[relation]
        header = [f":START_ID({ends.subject})", f":END_ID({ends.object})"]
        header += [f"{name}:{_TYPES[columns[name]]}" for name in list(columns)[2:]]
        yield f"--relationships={relation}={_files(folder, relation, header, rows.select(list(columns)))}"
        done += rows.num_rows


def _files(folder: Path, name: str, header: list[str], rows: pa.Table) -> str:
    """Write a header and the rows into files of their own; return both, as the tool wants them named."""
    head, body = folder / f"{name}.header.csv", folder / f"{name}.csv"
    head.write_text(",".join(header) + "\n", encoding="utf-8")
    flat = pa.table({column: _flat(rows[column]) for column in rows.column_names})
    csv.write_csv(flat, body, csv.WriteOptions(include_header=False, quoting_style="needed"))
    return f"{head},{body}"


def _flat(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column as CSV can hold it: a list as one text; null stays null, which is an empty cell without quotes.

    Raises `StoreError` for a list that would come back as another.
    """
    if pa.types.is_list(column.type):
        texts = column.cast(pa.list_(pa.string()))
        flat = pc.list_flatten(texts)
        if flat.null_count or pc.any(pc.match_substring(flat, BETWEEN)).as_py() or _lone_empty(texts):
            raise StoreError("a list of the graph holds nothing, an empty text alone, or a control character")
        return pa.chunked_array([pc.binary_join(chunk, BETWEEN) for chunk in texts.chunks], pa.string())
    if pa.types.is_floating(column.type):
        texts = column.cast(pa.string())
        java: Mapping[str, str] = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
        for arrow, told in java.items():
            texts = pc.if_else(pc.equal(texts, arrow), told, texts)
        return texts
    return column


def _lone_empty(texts: pa.ChunkedArray) -> bool:
    """Tell whether some list holds one empty text: written down, it would be an empty list."""
    one = texts.filter(pc.equal(pc.list_value_length(texts), 1))
    return bool(pc.any(pc.equal(pc.list_flatten(one), "")).as_py())
