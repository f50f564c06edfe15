"""SPARQL for strangers: each query in a process of its own, which ends when it takes too long or too much memory.

Three unbound patterns over two million edges would run for years and fill any memory; Oxigraph has no limit of its own.
"""

import io
import json
import subprocess
import sys
import threading
from dataclasses import asdict, dataclass

import pandas as pd
import pyoxigraph

from kg.rdf.index import folder_of, index_key, open_index
from kg.rdf.names import turtle_prefixes
from kg.sparql import QueryError, ask, asks_for_evidence, check_query, frame_of
from kg.sparql_child import TOO_LONG

_INDEXED_S = 20
_ONE = threading.Lock()
_MAKING: dict[str, "subprocess.Popen[bytes]"] = {}


@dataclass(frozen=True)
class Limits:
    """What one query may take: seconds, bytes of memory, and bytes of its answer as JSON."""

    seconds: int = 30
    memory_bytes: int = 4 << 30
    answer_bytes: int = 64 << 20


class NotNow(OSError):
    """A query that may be asked again later."""


def ask_apart(store: str, query: str, evidence: bool | None, limits: Limits) -> pd.DataFrame:
    """Return the answers of a store's graph to a query, as `kg.sparql.ask` does.

    Raises what `kg.sparql.check_query` raises, `QueryError` for what passes the limits, and `NotNow` while another
    query is answered or the triples are indexed, which goes on beside.
    """
    check_query(query)
    wanted = asks_for_evidence(query) if evidence is None else evidence
    if not _ONE.acquire(blocking=False):
        raise NotNow("another query is being answered: ask again in some seconds")
    try:
        key = index_key(store, evidence=wanted)
        if key is None:
            return ask(open_index(store, evidence=wanted), query)
        place = folder_of(store) / key
        if not place.is_dir():
            _make(store, key, wanted)
        return frame_of(_answered(str(place), query, limits), query)
    finally:
        _ONE.release()


def _answered(
    index: str, query: str, limits: Limits
) -> pyoxigraph.QueryBoolean | pyoxigraph.QueryTriples | pyoxigraph.QuerySolutions | list[pyoxigraph.Triple]:
    asked = {"index": index, "query": query, "prefixes": turtle_prefixes(), **asdict(limits)}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "kg.sparql_child"],
            input=json.dumps(asked).encode(),
            capture_output=True,
            timeout=limits.seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _passed(f"{limits.seconds} s") from None
    if done.returncode == TOO_LONG:
        raise _passed(f"{limits.answer_bytes >> 20} MB of answer")
    if done.returncode:  # it was ended by the system, or found no memory
        raise _passed(f"{limits.memory_bytes >> 30} GB of memory, or {limits.seconds} s")
    kind, _, body = done.stdout.partition(b"\n")
    if kind == b"triples":
        return [one.triple for one in pyoxigraph.parse(io.BytesIO(body), format=pyoxigraph.RdfFormat.N_TRIPLES)]
    return pyoxigraph.parse_query_results(io.BytesIO(body), format=pyoxigraph.QueryResultsFormat.JSON)


def _passed(limit: str) -> QueryError:
    return QueryError(
        f"the query takes more than {limit}: ask for less (bind a variable, add LIMIT), or export the graph "
        "(panakeia export --format nquads) and ask it on a machine of yours"
    )


def _make(store: str, key: str, evidence: bool) -> None:
    """Index a graph in a process beside, once; raises `NotNow` where that is not done soon."""
    making = _MAKING.get(key)
    if making is None or making.poll() is not None:
        _MAKING.clear()
        making = _MAKING[key] = subprocess.Popen(
            [sys.executable, "-m", "kg.rdf.index_child", store, "1" if evidence else ""], stdin=subprocess.PIPE
        )
    try:
        status = making.wait(_INDEXED_S)
    except subprocess.TimeoutExpired:
        raise NotNow(
            "the graph is being indexed for SPARQL, which takes minutes after each build: ask again then"
        ) from None
    if status:
        raise NotNow("the graph could not be indexed for SPARQL: let whoever runs the desk run panakeia sparql there")
