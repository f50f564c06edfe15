"""Output: a file that is written beside its place and put there when it is whole; what was there stands until then.

A full disk, an error or a kill in the midst leaves the old file, and the next writer clears away what a killed one
left. See docs/decisions/0007-an-output-is-put-in-place-when-whole.md.
"""

import fcntl
import glob
import os
import secrets
import shutil
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

LISTING = "panakeia-files.txt"
"""The list, in a folder of files that were written together, of these files."""


class OutputError(ValueError):
    """A place that cannot be written to, or that holds what is to be read; raised before any work."""


def require_folder(folder: str | Path) -> None:
    """Raise `OutputError` if this folder cannot be written into, or be made."""
    folder = Path(folder)
    there = next(place for place in (folder, *folder.absolute().parents) if os.path.lexists(place))
    if not there.is_dir():
        free = "expected a folder to write into, or a name that is free"
        raise OutputError(f"{there} is {'no folder' if there.exists() else 'a link to nothing'}: {free}")
    if not os.access(there, os.W_OK | os.X_OK):
        raise OutputError(f"{there} is a folder that you may not write into: choose another, or change its permissions")


def require_file(path: str | Path) -> None:
    """Raise `OutputError` if this file cannot be written or replaced."""
    path = Path(path)
    if path.is_dir():
        raise OutputError(f"{path} is a folder: expected the name of a file to write")
    if path.exists() and not os.access(path, os.W_OK):
        raise OutputError(f"{path} is a file that you may not write: choose another, or change its permissions")
    if _is_replaced(path):
        require_folder(target(path).parent)


def refuse_inputs(outputs: str | Path | Iterable[str | Path], inputs: Iterable[str | Path | None]) -> None:
    """Raise `OutputError` if one of these outputs is one of the inputs, under whatever name; ask before any work.

    The same file by a link, hard or symbolic, is the same. An input folder counts with every file that is in it. None
    and a server's URL are no file.
    """
    read = [Path(given) for given in inputs if given is not None and "://" not in str(given)]
    for output in map(Path, [outputs] if isinstance(outputs, str | Path) else outputs):
        for given in read:
            if _same(output, given) or (given.is_dir() and output.exists() and _within(output, given)):
                inside = "" if _same(output, given) else f" in {given}"
                raise OutputError(
                    f"{output} is also an input{inside}, and writing it would destroy what is read: give the output "
                    "another name"
                )


def target(path: str | Path) -> Path:
    """Return the file behind a link, which is the one that is replaced, so that the link stays."""
    return Path(os.path.realpath(path))


@contextmanager
def whole_file(path: str | Path) -> Iterator[Path]:
    """Yield a new, empty file to write into; afterwards, if all went well, it is in the place of `path`.

    It lies beside `path` and has the permissions of the file that it replaces. Folders are made. A device or a pipe
    is written directly. Raises `OSError` with the name of `path`, whatever was being written when the system failed.
    """
    path = Path(path)
    with named(path):
        if not _is_replaced(path):
            yield path
            return
        with _part(path) as part:
            yield part
            sync(part)
            os.replace(part, target(path))
            sync(target(path).parent)


@contextmanager
def whole_set(first: str | Path, *others: str | Path) -> Iterator[list[Path]]:
    """Yield new files to write into, for files of one folder that belong together; afterwards all are in place.

    Who looks at any time, also after a kill, finds files of one writer only: `first` is never missing, and each of
    the others is either there or, for the few renames that it takes, not there. A kill in just that moment loses
    nothing either: the next `settle`, or the next writer, puts the others of whichever `first` stands back.
    """
    paths = [Path(path) for path in (first, *others)]
    with named(*paths), ExitStack() as stack:
        parts = [stack.enter_context(_part(path)) for path in paths]
        yield parts
        put_in_place(parts, paths)


@contextmanager
def whole_folder(folder: str | Path) -> Iterator[Path]:
    """Yield a new, empty folder to write files into; afterwards, if all went well, these are in `folder`.

    They replace what has their names there, as a set (see `whole_set`), and so does a list of them, `LISTING`, those
    that an earlier one lists; files that no list names stay. What is written lies in a hidden folder until then.
    """
    folder = Path(folder)
    require_folder(folder)
    listing = folder / LISTING
    with named(folder), _part_folder(folder) as part:
        yield part
        names = sorted(str(path.relative_to(part)) for path in part.rglob("*") if path.is_file())
        earlier = listing.read_text(encoding="utf-8").splitlines() if listing.is_file() else []
        (part / LISTING).write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
        old = [name for name in earlier if name not in names and target(folder / name).is_relative_to(target(folder))]
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
        put_in_place(
            [part / LISTING, *(part / name for name in names), *(None for _ in old)],
            [listing, *(folder / name for name in (*names, *old))],
        )


def put_in_place(parts: Sequence[Path | None], paths: Sequence[str | Path]) -> None:
    """Put files that are whole into the places of files that belong together (see `whole_set`).

    Where there is no part, there is no file afterwards; the first is always there.
    """
    for whole in filter(None, parts):
        sync(whole)
    first, *others = places = [target(path) for path in paths]
    with _alone_in(first.parent):
        _settle(first, others)
        try:
            for part, place in zip(parts, places, strict=True):
                if part is not None:
                    os.replace(part, _staged(place))
            for other in others:
                if other.exists():
                    os.replace(other, _replaced(other))
            os.replace(_staged(first), first)
            sync(first.parent)
        finally:
            _settle(first, others)


def settle(first: str | Path, *others: str | Path) -> None:
    """Finish or undo what a writer of these files was killed in the midst of."""
    places = [target(path) for path in (first, *others)]
    if any(hidden(place).exists() for place in places for hidden in (_staged, _replaced)):
        with _alone_in(places[0].parent):
            _settle(places[0], places[1:])


def sync(path: Path) -> None:
    """Wait until a file, or a folder's list of files, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _settle(first: Path, others: Sequence[Path]) -> None:
    """Put the others of whichever `first` stands in place: it was replaced if it is no longer staged."""
    undo = _staged(first).exists()
    for other in others:
        ours, theirs = (_replaced, _staged) if undo else (_staged, _replaced)
        if ours(other).exists():
            os.replace(ours(other), other)
        theirs(other).unlink(missing_ok=True)
    _staged(first).unlink(missing_ok=True)  # last: as long as it is there, all of this is done again
    sync(first.parent)


def _staged(place: Path) -> Path:
    return place.with_name(f".{place.name}.staged")


def _replaced(place: Path) -> Path:
    return place.with_name(f".{place.name}.replaced")


@contextmanager
def _alone_in(folder: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold a folder's lock; the system drops it when the process dies. Not to `wait` raises where another has it."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        if wait:
            _lock(descriptor)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _part(path: Path) -> Iterator[Path]:
    """Yield an empty file beside a path; it is locked while its writer lives, and gone in the end."""
    place = target(path)
    place.parent.mkdir(parents=True, exist_ok=True)
    _clear_parts(place)
    part, descriptor = _made_part(place)
    try:
        if place.exists():
            _refuse_read_only(place)
            _take_permissions(descriptor, place)
        yield part
    finally:
        os.close(descriptor)
        part.unlink(missing_ok=True)


@contextmanager
def _part_folder(folder: Path) -> Iterator[Path]:
    """Yield an empty folder inside another, locked while its writer lives; what killed writers left goes first."""
    place = target(folder)
    place.mkdir(parents=True, exist_ok=True)
    for left in place.glob(f".{'[0-9a-f]' * 8}.parts"):
        with suppress(OSError), _alone_in(left, wait=False):
            shutil.rmtree(left)
    part = place / f".{secrets.token_hex(4)}.parts"
    part.mkdir()
    try:
        with _alone_in(part):
            yield part
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _made_part(place: Path) -> tuple[Path, int]:
    """Return a new file beside a place, and the descriptor that holds its lock."""
    while True:
        part = place.with_name(f".{place.name}.{secrets.token_hex(4)}.part")
        descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
        _lock(descriptor)
        if os.fstat(descriptor).st_nlink:
            return part, descriptor
        os.close(descriptor)  # another writer took it for a leftover before it was locked


def _clear_parts(place: Path) -> None:
    """Remove the parts beside a place whose writers have died: nobody holds their locks."""
    for part in place.parent.glob(f".{glob.escape(place.name)}.{'[0-9a-f]' * 8}.part"):
        with suppress(OSError):  # a living writer's, or already gone
            descriptor = os.open(part, os.O_RDWR)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                part.unlink()
            finally:
                os.close(descriptor)


def _lock(descriptor: int) -> None:
    with suppress(OSError):  # a file system without locks: its leftovers are never taken for dead
        fcntl.flock(descriptor, fcntl.LOCK_EX)


def _take_permissions(descriptor: int, place: Path) -> None:
    old = place.stat()
    with suppress(PermissionError):  # another user's file, in a folder of ours
        os.fchown(descriptor, old.st_uid, old.st_gid)
    os.fchmod(descriptor, stat.S_IMODE(old.st_mode))


def _refuse_read_only(place: Path) -> None:
    """Open a file as if to write over it: what its permissions forbid, a rename must not do."""
    os.close(os.open(place, os.O_WRONLY))


@contextmanager
def named(*paths: Path) -> Iterator[None]:
    """Let an error of the system in writing name the output, or of several their folder, not a part of it."""
    try:
        yield
    except OSError as failure:
        if failure.errno is None:
            raise
        name = Path(os.fsdecode(failure.filename)).name if isinstance(failure.filename, str | bytes) else ""
        own = [path for path in paths if name.startswith(f".{target(path).name}.")]
        if name and not own:
            raise
        path = own[0] if own else paths[0] if len(paths) == 1 else paths[0].parent  # the system did not say which
        raise type(failure)(failure.errno, failure.strerror, str(path)) from failure


def _is_replaced(path: Path) -> bool:
    """Whether writing replaces a file or makes one; a device, a pipe or a folder is never replaced."""
    return not path.exists() or path.is_file()


def _same(a: Path, b: Path) -> bool:
    if a.exists() and b.exists():
        return a.samefile(b)
    return target(a) == target(b)


def _within(path: Path, folder: Path) -> bool:
    return target(path).is_relative_to(target(folder))
