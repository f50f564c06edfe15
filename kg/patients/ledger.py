"""Ledger: a file to which lines are only ever added, each bound to all before it, so that any edit is found.

A line is a JSON object with its number, the hash of the line before, its own (SHA-256), and, where there is a key, a
signature (HMAC-SHA256), without which whoever may write the file could make all hashes anew. The head, a file beside
it, holds the number of lines and the last one; it is written first, so that a line whose writer was killed is not
lost, and a missing end is found. What no file can tell is that it and its head were both put back to an earlier day, or
taken away: whoever must know keeps a head elsewhere.
"""

import fcntl
import hashlib
import hmac
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from kg.output import sync, whole_file

Line = dict[str, Any]

_NOTHING = "0" * 64
"""The hash before the first line."""


class LedgerBroken(ValueError):
    """A ledger that was edited; nothing is added to it."""


@dataclass(frozen=True)
class Broken:
    """The first line, from 1, that is not as it was written, and what is wrong; 0 is the head."""

    line: int
    reason: str


@dataclass(frozen=True)
class Checked:
    """What became of a ledger: its lines, how many carry a signature, and the first that is broken, if one is.

    `signatures` says whether they were checked: without the key only the hashes are.
    """

    lines: int
    signed: int
    signatures: bool
    broken: Broken | None = None


@dataclass(frozen=True)
class Opened:
    """A ledger that is held for writing: its lines so far."""

    path: Path
    file: IO[bytes]
    lines: tuple[Line, ...]
    key: bytes | None

    def add(self, what: Mapping[str, Any]) -> Line:
        """Add a line; when this returns it is on the disk, and if the process dies before it is there or not at all."""
        before = self.lines[-1] if self.lines else None
        line = _line(what, (before["n"] if before else 0) + 1, before["hash"] if before else _NOTHING, self.key)
        _write_head(self.path, line, self.key)
        _append(self.file, line)
        return line


def head_of(path: Path) -> Path:
    """Return where a ledger's head lies."""
    return path.with_name(f"{path.name}.head")


@contextmanager
def opened(path: Path, key: bytes | None = None, *, whole: bool = True) -> Iterator[Opened]:
    """Hold a ledger, new if it is not there, against all other writers, and yield it; one line may be added.

    Not `whole`, only its last line is read and held against the head, whoever signed it. Raises `LedgerBroken` for one
    that was edited.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        head = _head(path)
        _finish(file, head)
        texts = _texts(file) if whole else _last_text(file)
        checked = _check(texts, head, key) if whole else _check_last(texts, head)
        if checked.broken is not None:
            raise LedgerBroken(
                f"{path}, line {checked.broken.line}: {checked.broken.reason}; it was edited, and nothing more is "
                f"written to it. Keep it and {head_of(path).name} for whoever looks into that, and move both away: "
                "then a new one begins"
            )
        yield Opened(path, file, tuple(json.loads(text) for text in texts), key)


def check(path: Path, key: bytes | None = None) -> tuple[Checked, tuple[Line, ...]]:
    """Return what became of a ledger, and its lines up to the first that is broken; one that is not there has none."""
    head = _head(path)
    if not path.exists():
        return _check([], head, key), ()
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        head = _head(path)
        texts = _texts(file)
    found = _check(texts, head, key)
    sound = texts if found.broken is None else texts[: max(0, found.broken.line - 1)]
    return found, tuple(json.loads(text) for text in sound)


def _line(what: Mapping[str, Any], number: int, before: str, key: bytes | None) -> Line:
    line = {"n": number, **what, "before": before}
    digest = hashlib.sha256(_text(line)).hexdigest()
    return {**line, "hash": digest} | ({"signature": _signature(key, "line", digest)} if key else {})


def _text(line: Mapping[str, Any]) -> bytes:
    """Return a line as it is written: the same object has one text only, so that an edit of any byte is found."""
    return json.dumps(line, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def _signature(key: bytes, purpose: str, digest: str) -> str:
    return hmac.new(key, f"ledger {purpose} {digest}".encode(), hashlib.sha256).hexdigest()


def _append(file: IO[bytes], line: Line) -> None:
    file.seek(0, os.SEEK_END)
    file.write(_text(line) + b"\n")
    file.flush()
    os.fsync(file.fileno())


def _write_head(path: Path, line: Line, key: bytes | None) -> None:
    head = {"last": line} | ({"signature": _signature(key, "head", line["hash"])} if key else {})
    with whole_file(head_of(path)) as part:
        part.write_bytes(_text(head) + b"\n")
        part.chmod(0o600)
    sync(path.parent)


def _head(path: Path) -> Line | None:
    """Return a ledger's head, None if there is none; one that is no head is empty."""
    try:
        text = head_of(path).read_bytes()
    except FileNotFoundError:
        return None
    found = _object(text.removesuffix(b"\n"))
    return found if found is not None and isinstance(found.get("last"), dict) else {}


def _object(text: bytes) -> Line | None:
    """Return the JSON object that a line is, None if it is none, or is not written as we write it."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and _text(found) == text else None


def _finish(file: IO[bytes], head: Line | None) -> None:
    """Put the last line, which the head has, where its writer was killed before it had written all of it."""
    last = (head or {}).get("last")
    if last is None:
        return
    text = _text(last) + b"\n"
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 2 * len(text) - 65536))
    tail = file.read()
    begun = tail[tail.rfind(b"\n") + 1 :]
    complete = _object(tail[: tail.rfind(b"\n")].rpartition(b"\n")[2]) if b"\n" in tail else None
    previous = complete["hash"] if complete and isinstance(complete.get("hash"), str) else _NOTHING
    if previous == last.get("before") and (b"\n" in tail or last.get("n") == 1) and text.startswith(begun):
        file.seek(size - len(begun))
        file.truncate()
        _append(file, last)


def _texts(file: IO[bytes]) -> list[bytes]:
    file.seek(0)
    return file.read().splitlines(keepends=True)


def _last_text(file: IO[bytes]) -> list[bytes]:
    """Return the last line of a file, or the last piece of it where it is longer than a line of ours can be."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 65536))
    return file.read().splitlines(keepends=True)[-1:]


def _check(texts: list[bytes], head: Line | None, key: bytes | None) -> Checked:
    """Hold all lines against each other, the key and the head."""
    before, signed = _NOTHING, 0
    for number, text in enumerate(texts, start=1):
        line = _object(text.removesuffix(b"\n"))
        reason = _fault(line, text, number, before) or _unsigned(line or {}, key, signed)
        if reason is not None or line is None:
            return Checked(number - 1, signed, key is not None, Broken(number, reason or ""))
        signed += "signature" in line
        before = line["hash"]
    return Checked(len(texts), signed, key is not None, _head_fault(len(texts), before, signed, head, key))


def _check_last(texts: list[bytes], head: Line | None) -> Checked:
    """Hold the last line against the head."""
    last = (head or {}).get("last", {})
    number = last.get("n") if texts else 0
    broken = _head_fault(number if isinstance(number, int) else 1, last.get("hash", _NOTHING), 0, head, None)
    if broken is None and texts and texts[0] != _text(last) + b"\n":
        broken = Broken(last["n"], "is another than the head knows: it was changed, or the end taken away")
    return Checked(0, 0, False, broken)


def _fault(line: Line | None, text: bytes, number: int, before: str) -> str | None:
    """Return what is wrong with a line, None if nothing is."""
    if not text.endswith(b"\n"):
        return "is cut off"
    if line is None:
        return "is no line of a ledger"
    inner = {name: value for name, value in line.items() if name not in ("hash", "signature")}
    if line.get("n") != number:
        return f"has another number than {number}: a line was taken out, put in or moved"
    if line.get("before") != before:
        return "does not follow the line before it: one of the two was changed, or a line taken out, put in or moved"
    if line.get("hash") != hashlib.sha256(_text(inner)).hexdigest():
        return "has another hash than what stands in it: it was changed"
    return None


def _unsigned(line: Line, key: bytes | None, signed: int) -> str | None:
    """Return what is wrong with a line's signature: lines may be without one only before the first that has one."""
    if key is None:
        return None
    if "signature" not in line:
        return (
            "is not signed, though earlier lines are: whoever may write the file can have made it" if signed else None
        )
    if not hmac.compare_digest(str(line["signature"]), _signature(key, "line", line["hash"])):
        return "is signed with another key, or was changed"
    return None


def _head_fault(number: int, last_hash: str, signed: int, head: Line | None, key: bytes | None) -> Broken | None:
    """Return what is wrong with the head, or with the end of the lines, which it knows."""
    if head is None:
        return Broken(0, "is missing: it was taken away") if number else None
    last = head.get("last", {})
    if not isinstance(last.get("n"), int):
        return Broken(0, "is no head of a ledger: it was changed")
    if last["n"] > number:
        return Broken(number + 1, f"is missing, of {last['n']}: the end was taken away, or its writer was killed")
    if last["n"] < number:
        return Broken(last["n"] + 1, "is more than the head knows of: it was put in")
    if last.get("hash") != last_hash:
        return Broken(number, "is another than the head knows: the lines, or the head, were made anew")
    if key is not None and signed and head.get("signature") != _signature(key, "head", last_hash):
        return Broken(0, "is not signed with this key: it was changed")
    if key is not None and number and not signed:
        return Broken(1, "is not signed, nor is any other: whoever may write the file can have made them all")
    return None
