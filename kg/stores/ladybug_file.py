"""The file of the embedded store: Ladybug writes it beside its place, and it is put there when it is whole."""

import ctypes
import errno
import fcntl
import glob
import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import ladybug

from kg.audit import Audit, audit_paths, write_audit_files
from kg.output import named, put_in_place, settle, target
from kg.stores.protocol import StoreError

WRITER_MEMORY = 2 << 30
"""Bytes of Ladybug's buffer pool; it would take 80 % of the machine's memory by itself."""

LARGEST_FILE = 1 << 40
"""Bytes of address space that each open database reserves. By itself it would take eight times as many, and a process
has room for fifteen of those: too few for one that goes on after writes to a full disk, which leave theirs behind."""

_FILL = -6
"""What glibc's `mallopt` calls `M_PERTURB`: memory that is asked for is filled with the complement of a byte."""

_FULL = re.compile("No space left|quota exceeded", re.IGNORECASE)


def settle_file(path: Path) -> None:
    """Finish or undo what a writer of this store's file, and of the audit beside it, was killed in the midst of."""
    settle(path, *audit_paths(target(path)))


@contextmanager
def written_file(
    path: Path, declare: Callable[[ladybug.Connection], None], *, keep: bool, copy: bool, audit: Audit | None = None
) -> Iterator[ladybug.Connection]:
    """Yield a connection to a new file, and put it in place of a store's afterwards.

    With `keep` the audit beside the store's file, if there is one, stays, and with `copy` the new one begins as its
    copy. Else it is empty and `declare` makes its tables; and without `keep` its own audit is put in place with it, or
    none: the audit beside a graph is never another graph's.
    """
    with _only_writer(path) as building, _whole(path, building):
        kept = keep and path.exists()
        copied = kept and copy
        if copied:
            shutil.copyfile(path, building)
        with _opened(building) as connection:
            if not copied:
                connection.execute("BEGIN TRANSACTION")
                declare(connection)
                connection.execute("COMMIT")
            yield connection
        if kept:
            put_in_place([building], [path])
            return
        parts: Sequence[Path | None] = (None, None)
        if audit is not None:
            parts = audit_paths(building)
            write_audit_files(audit, *audit_paths(building))
        put_in_place([building, *parts], [path, *audit_paths(target(path))])


@contextmanager
def _only_writer(path: Path) -> Iterator[Path]:
    """Yield where to build a store's file; hold the lock that lets one process at a time write it.

    The system drops the lock when the process dies. What a killed writer left is gone before, and what this one leaves
    afterwards.
    """
    place = target(path)
    place.parent.mkdir(parents=True, exist_ok=True)
    building = place.with_name(f".{place.name}.building")
    with named(path), place.with_name(f".{place.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreError(f"{path} is being written by another process: try again when that has ended") from None
        for log in {at.with_name(f"{at.name}.wal") for at in (path, place)}:
            if log.exists():  # it would be replayed into the new file
                told = "holds writes of another program: let that program close the graph, or delete it"
                raise StoreError(f"{log} {told}")
        _remove(building)
        settle_file(path)
        try:
            yield building
        finally:
            _remove(building)


@contextmanager
def _opened(path: Path) -> Iterator[ladybug.Connection]:
    """Yield a connection that writes a file; everything is in the file afterwards.

    What is written is no transaction: nobody reads the file before it is whole, and one for all of it would hold all
    in memory and take four times as long. Nor is there a checkpoint after each table, only one at the end: of a small
    graph that is half of the time.

    When Ladybug could not write its log, closing the database writes it once more, in a destructor, and that ends the
    process. Such a database is never closed.
    """
    with ExitStack() as opened:
        opened.enter_context(_clean_memory)
        database = opened.enter_context(
            ladybug.Database(path, buffer_pool_size=WRITER_MEMORY, max_db_size=LARGEST_FILE)
        )
        connection = opened.enter_context(ladybug.Connection(database))
        try:
            connection.execute("CALL auto_checkpoint=false")
            yield connection
            connection.execute("CHECKPOINT")
        except RuntimeError as failure:
            if _is_of_writing(failure):
                opened.pop_all()
                for leaked in (database, connection):
                    ctypes.pythonapi.Py_IncRef(ctypes.py_object(leaked))
            raise
    if left := sorted(file.name for file in _files(path) if file != path):
        raise StoreError(f"Ladybug left {', '.join(left)}: not all is in the file")


class _CleanMemory:
    """While a writer is inside, memory that the process asks for holds zeros.

    Ladybug writes whole pages to its file, also those that it fills in part. What the rest of them holds was this
    process's own before, and may have been a patient's record. Only glibc can be told so.
    """

    def __init__(self) -> None:
        self._counting = threading.Lock()
        self._inside = 0

    def __enter__(self) -> None:
        self._count(+1)

    def __exit__(self, *failure: object) -> None:
        self._count(-1)

    def _count(self, more: int) -> None:
        with self._counting, suppress(AttributeError):
            self._inside += more
            ctypes.CDLL(None).mallopt(_FILL, 0xFF if self._inside else 0)


_clean_memory = _CleanMemory()


@contextmanager
def _whole(path: Path, building: Path) -> Iterator[None]:
    """Raise `StoreError` with what to do where the file cannot be written for want of space."""
    try:
        yield
    except (RuntimeError, OSError) as failure:
        if not _is_of_writing(failure):
            raise
        known = [file.stat().st_size for file in (target(path), *_files(building)) if file.exists()]
        needed = 2 * max(known, default=0)
        _remove(building)
        free = shutil.disk_usage(building.parent).free
        stands = "the old graph stands" if path.exists() else "nothing was stored"
        if free < needed or _FULL.search(str(failure)):
            told = (
                f"no space left on the disk of {path}: {stands}. At least {-(-needed // 1_000_000)} MB are needed and "
                f"{free // 1_000_000} MB are free: free some, or choose a store on another disk"
            )
        else:
            told = f"{path} could not be written: {stands}. The system says: {_system_s_words(failure)}"
        raise StoreError(told) from failure


def _is_of_writing(failure: Exception) -> bool:
    """Whether the system did not take what was to be written; a bad graph fails otherwise."""
    if isinstance(failure, OSError):
        return failure.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
    return "IO exception" in str(failure)


def _system_s_words(failure: Exception) -> str:
    """Return the cause, without the sentences around it: Ladybug says that all is "durable", in a file thrown away."""
    if isinstance(failure, OSError):
        return str(failure.strerror)
    told = re.search("Error: (.*)", str(failure))
    return told[1] if told else "what was written cannot be read again"


def _files(building: Path) -> list[Path]:
    """Return a file being built and what Ladybug keeps beside it."""
    return list(building.parent.glob(f"{glob.escape(building.name)}*"))


def _remove(building: Path) -> None:
    """Remove a file being built and what is beside it, also when their builder was killed.

    They are emptied first: a database that is never closed would keep their space.
    """
    for leftover in _files(building):
        os.truncate(leftover, 0)
        leftover.unlink()
