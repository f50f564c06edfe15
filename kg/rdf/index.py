"""Index: a store's graph as triples that SPARQL can be asked of, kept beside the store's file and made when needed.

It is named after the file that it was made of, so that a graph that has changed has none yet. All its triples are in
the default graph. Patients are not in it: a copy of the graph is no place for them. There are two of them: without
each edge's own node it is made in a minute for two million edges, with it in five.
"""

import fcntl
import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread

import pyoxigraph

from kg.export import without_patients
from kg.graph import Graph
from kg.output import named, require_folder, target
from kg.progress import Progress, silent
from kg.rdf.write import SYNTAXES, write_blocks
from kg.stores.opening import open_store
from kg.stores.protocol import StoreError

FORM = 1
"""Counts up whenever the same graph gives other triples."""


def index_key(url: str, *, evidence: bool) -> str | None:
    """Return what the index of a store's graph is called, another one whenever its file is; None for a server's."""
    if "://" in url:
        return None
    try:
        found = target(url).stat()
    except FileNotFoundError:
        raise StoreError(f"there is no graph at {url} yet: build one with `panakeia build`") from None
    made_of = (FORM, pyoxigraph.__version__, found.st_size, found.st_mtime_ns, found.st_ino)
    return hashlib.sha256(repr(made_of).encode()).hexdigest()[:16] + ("-evidence" if evidence else "")


def open_index(url: str, *, evidence: bool = False, progress: Progress = silent) -> pyoxigraph.Store:
    """Return the index of the store at this path or URL, made first where there is none; a server's is in memory.

    With `evidence` each edge is also a node of its own. Raises `StoreError` for a store that cannot be read or that
    changes meanwhile, `kg.output.OutputError` or `OSError` where the index cannot be written.
    """
    key = index_key(url, evidence=evidence)
    if key is None:
        index = pyoxigraph.Store()
        _fill(index, url, evidence, progress)
        return index
    place = folder_of(url) / key
    if not place.is_dir():
        require_folder(place)
        with _alone(place.parent), named(place.parent):
            if not place.is_dir():
                _make(place, url, key, evidence, progress)
    return pyoxigraph.Store.read_only(str(place))


def folder_of(url: str) -> Path:
    """Return the folder, beside a store's file, of its indexes."""
    place = target(url)
    return place.with_name(f"{place.name}.sparql")


def _make(place: Path, url: str, key: str, evidence: bool, progress: Progress) -> None:
    """Make an index beside its place and put it there; those of an earlier graph go."""
    for left in place.parent.glob(".building-*"):  # a killed maker's: nobody else makes one now
        shutil.rmtree(left, ignore_errors=True)
    building = place.with_name(f".building-{secrets.token_hex(4)}")
    try:
        index = pyoxigraph.Store(str(building))
        _fill(index, url, evidence, progress)
        index.flush()
        del index
        if index_key(url, evidence=evidence) != key:
            raise StoreError(f"{url} was built anew while its triples were indexed: ask again")
        os.replace(building, place)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    current = {index_key(url, evidence=either) for either in (False, True)}
    for other in place.parent.iterdir():
        if other.is_dir() and other.name not in current:
            shutil.rmtree(other, ignore_errors=True)


def _fill(index: pyoxigraph.Store, url: str, evidence: bool, progress: Progress) -> None:
    """Put a store's graph into an empty index: one thread writes triples, through a pipe, and Oxigraph reads them."""
    progress("read the graph", 0.0)
    with open_store(url) as store:
        graph, _ = without_patients(store.read())
    failures: list[BaseException] = []
    reading, writing = os.pipe()
    writer = Thread(target=_write, args=(graph, writing, evidence, progress, failures))
    writer.start()
    try:
        index.bulk_load(path=f"/dev/fd/{reading}", format=pyoxigraph.RdfFormat.N_TRIPLES, lenient=True)
    finally:
        os.close(reading)  # a writer that is not done ends with a broken pipe
        writer.join()
    if failures:
        raise failures[0]
    progress("indexed", 1.0)


def _write(graph: Graph, pipe: int, evidence: bool, progress: Progress, failures: list[BaseException]) -> None:
    try:
        with os.fdopen(pipe, "wb", buffering=1 << 20) as file, suppress(BrokenPipeError):
            write_blocks(
                graph,
                file,
                SYNTAXES["ntriples"],
                lambda step, fraction: progress(step.replace("write", "index"), 0.1 + 0.8 * fraction),
                evidence=evidence,
            )
    except BaseException as failure:  # the other thread raises it
        failures.append(failure)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder of indexes, which is made: one process at a time makes one, others wait for it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
