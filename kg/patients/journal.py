"""Journal: who asked what of which patients, when: one line a question, in a ledger where every edit is found.

It holds no identifier: a cohort stands as the digest of its pseudonyms and its size, a single patient as the pseudonym,
and anything else that was asked for not at all. It lies beside the graph's file, or in the folder that PANAKEIA_JOURNAL
names; a server's in the user's folder for state. Where PANAKEIA_KEY is set, every line is signed with it.
"""

import getpass
import hashlib
import os
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from kg.notebook import notebook_html
from kg.patients.deidentify import KEY_VARIABLE
from kg.patients.ledger import Broken, check, opened

FOLDER_VARIABLE = "PANAKEIA_JOURNAL"
USER_VARIABLE = "PANAKEIA_USER"
COLUMNS = ("when", "who", "verb", "about", "size", "detail")

_PSEUDONYM = re.compile(r"PANAKEIA:P-[0-9a-f]{1,64}", re.ASCII)
_STATE = ".local/state"
_ASKING: ContextVar[str] = ContextVar("asking", default="")


class JournalError(OSError):
    """A journal that cannot be written; the message says what to do."""


@dataclass(frozen=True)
class Journal:
    """The lines of a journal, and whether they are as they were written.

    `frame` has the columns when, who, verb, about, size, detail, and a row for each line before the first broken one.
    `signed` of the `lines` carry a signature; `signatures` says whether these were checked, which takes the key.
    """

    file: str
    frame: pd.DataFrame
    lines: int
    signed: int
    signatures: bool
    broken: Broken | None

    @property
    def sound(self) -> bool:
        """Whether every line is as it was written."""
        return self.broken is None

    def to_frame(self) -> pd.DataFrame:
        """Return the lines."""
        return self.frame

    def to_json(self) -> dict[str, Any]:
        """Return the whole as JSON values."""
        rows = self.frame.astype(object).where(self.frame.notna(), None).to_dict(orient="records")
        return {
            "journal": self.file,
            "sound": self.sound,
            "broken": None if self.broken is None else asdict(self.broken),
            "lines": self.lines,
            "signed": self.signed,
            "signatures_checked": self.signatures,
            "entries": rows,
        }

    def to_text(self) -> str:
        """Return in a line or two whether the journal is sound."""
        told = f"{self.file}: {self.lines} lines, {self.signed} of them signed"
        if self.broken is not None:
            place = f"line {self.broken.line}" if self.broken.line else "the head"
            return f"{told}\nNOT SOUND: {place} {self.broken.reason}"
        if self.signed and not self.signatures:
            return f"{told}; all hashes hold, the signatures were not checked: {KEY_VARIABLE} is not set"
        return f"{told}; all is as it was written"

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return notebook_html(self.to_text(), self.to_frame())


@contextmanager
def asked_by(name: str) -> Iterator[None]:
    """Let what is noted meanwhile, in this thread or task, be of who asks a server by this name; none is the user.

    >>> with asked_by("ward 3"):
    ...     _user({USER_VARIABLE: "desk"})
    'ward 3'
    """
    before = _ASKING.set(name)
    try:
        yield
    finally:
        _ASKING.reset(before)


def asking() -> str:
    """Return by which name a server knows who asks now; nothing where no server does."""
    return _ASKING.get()


def note(
    store: str | Path, verb: str, about: str | Collection[str] = (), size: int | None = None, detail: str = ""
) -> None:
    """Write down that somebody asks this of a store's patients; call it before the answer is given.

    `about` is one patient's pseudonym or a cohort's pseudonyms, whose number is the size unless that is given. What is
    no pseudonym is not written down. `detail` is for figures such as an epsilon, never for what was typed. Raises
    `kg.patients.ledger.LedgerBroken` for a journal that was edited, `JournalError` where it cannot be written.
    """
    one = isinstance(about, str)
    what: dict[str, Any] = {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "who": _user(os.environ),
        "verb": verb,
        "about": _pseudonym(str(about)) if one else cohort_digest(about),
        "size": size if size is not None else (1 if one else len(set(about))) if about else None,
        "detail": detail,
    }
    path = place(store, "journal")
    try:
        with opened(path, key(), whole=False) as ledger:
            ledger.add(what)
    except OSError as failure:
        raise JournalError(
            f"the journal {path} cannot be written ({failure.strerror or failure}), and without it nothing is told of "
            f"patients: set {FOLDER_VARIABLE} to a folder that can be"
        ) from failure


def read_journal(store: str | Path) -> Journal:
    """Return a store's journal, every line held against the ones before it, the head and the key."""
    path = place(store, "journal")
    found, lines = check(path, key())
    rows = [[line.get(name) for name in COLUMNS] for line in lines]
    frame = pd.DataFrame(rows, columns=list(COLUMNS)).astype({"size": "Int64"})
    return Journal(str(path), frame, found.lines, found.signed, found.signatures, found.broken)


def cohort_digest(patients: Collection[str]) -> str:
    """Return what tells a cohort from all others without saying who is in it; no patients have none.

    >>> cohort_digest(["PANAKEIA:P-1", "PANAKEIA:P-0"]) == cohort_digest({"PANAKEIA:P-0", "PANAKEIA:P-1"})
    True
    """
    if not patients:
        return ""
    return f"cohort:{hashlib.sha256(chr(10).join(sorted(set(patients))).encode()).hexdigest()[:20]}"


def place(store: str | Path, kind: str, environment: Mapping[str, str] = os.environ) -> Path:
    """Return where a store's ledger of this kind lies (a journal, a budget).

    >>> str(place("out/graph.lbdb", "journal", {}))
    'out/graph.lbdb.journal.jsonl'
    """
    text = str(store)
    folder = environment.get(FOLDER_VARIABLE)
    scheme, is_server, rest = text.partition("://")
    if not folder and not is_server:
        return Path(f"{text}.{kind}.jsonl")
    if is_server:
        identity, name = f"{scheme}://{rest.rpartition('@')[2]}", "server"  # without user and password
    else:
        identity, name = os.path.realpath(text), Path(text).name
    state = environment.get("XDG_STATE_HOME") or Path.home() / _STATE
    digest = hashlib.sha256(identity.encode()).hexdigest()[:12]
    return Path(folder or Path(state) / "panakeia") / f"{name}-{digest}.{kind}.jsonl"


def key(environment: Mapping[str, str] = os.environ) -> bytes | None:
    """Return the key that lines are signed with, None where PANAKEIA_KEY is not set."""
    return environment.get(KEY_VARIABLE, "").strip().encode() or None


def _pseudonym(text: str) -> str:
    return text if _PSEUDONYM.fullmatch(text) else ""


def _user(environment: Mapping[str, str]) -> str:
    """Return who asks: as a server knows its caller, else as PANAKEIA_USER says, else as the system does."""
    if caller := asking():
        return caller
    try:
        return environment.get(USER_VARIABLE) or getpass.getuser()
    except (OSError, KeyError):  # a process whose user has no name
        return f"user {os.getuid()}"
