"""Answers: a desk's answers page by page, kept in memory so that a cursor goes on where the page before ended."""

import hashlib
import json
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mcp_types import CallToolResult

from kg.patients.deidentify import names_pseudonym
from kg.progress import Progress, silent
from panakeia.assistants.jobs import Done, done_job, own_job, run_job
from panakeia.assistants.pages import About, Whole, page, read_cursor
from panakeia.assistants.pieces import written
from panakeia.desk.desk import At, Desk, NotAllowed
from panakeia.desk.jobs.job import Asked as JobAsked
from panakeia.desk.jobs.job import now
from panakeia.desk.jobs.queue import Jobs
from panakeia.desk.kept import Kept
from panakeia.desk.turns import asked_as
from panakeia.verb import Right, Verb

KEPT_BYTES = 32 << 20
_SAYS_SOURCE = ("source", "sources")
"""Under what an edge's evidence says whose it is."""
_AGAIN = "the cursor is of another question, or the data have changed since: ask again without it"


@dataclass(frozen=True)
class Asked:
    """A question to a desk: a verb, its request, what who asks may, who they are, and the cursor where it goes on."""

    verb: str
    request: Mapping[str, Any]
    rights: frozenset[Right]
    owner: str = ""
    cursor: str | None = None
    who: str = ""


@dataclass(frozen=True)
class Answers:
    """The answers of a desk; where it has a queue of jobs, a long verb is one."""

    desk: Desk
    jobs: Jobs | None = None
    _kept: Kept[bytes] = field(default_factory=lambda: Kept(KEPT_BYTES, len))
    _sources: dict[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)

    def page(self, asked: Asked, progress: Progress = silent) -> CallToolResult:
        """Return the page of an answer that is asked for.

        What changes the store, and what is of patients, runs anew each time it is asked without a cursor: the one for
        its effect, the other for the journal. All else is answered once for a state of the data. Raises what
        `Desk.answer` raises, `ValueError` for a cursor that is not of this question.
        """
        with asked_as(asked.owner, asked.who):
            return self._page(asked, progress)

    def _page(self, asked: Asked, progress: Progress) -> CallToolResult:
        verb = self.desk.verbs[asked.verb]
        if self.jobs is not None:
            require_own(self.jobs, verb, asked)  # before what another's job wrote is looked at
        self.desk.require(asked.verb, asked.request, asked.rights)
        key = self._key(asked, verb)
        start = 0
        if asked.cursor is not None:
            told, start = read_cursor(asked.cursor)
            if told.partition(".")[0] != key:
                raise ValueError(_AGAIN)
            key = told
        elif verb.right == "write":
            key = f"{key}.{secrets.token_hex(4)}"
        anew = asked.cursor is None and not verb.repeats
        kept = None if anew else self._kept.get(key)
        if kept is not None and (asked.cursor is not None or not names_pseudonym(kept.decode())):
            return page(_read(key, kept), start)
        if asked.cursor is not None and verb.right == "write":
            raise ValueError("the rest of this answer is no longer kept, and asking again would change the data again")
        whole = self._whole(key, asked, verb, progress)
        self._kept.put(key, _bytes(whole))
        return page(whole, start)

    def _key(self, asked: Asked, verb: Verb) -> str:
        """Return what tells an answer from others: it changes with the data, but for what changes them itself."""
        state = "" if verb.right == "write" else self.desk.state()
        told = json.dumps([state, asked.verb, asked.request, sorted(asked.rights), asked.owner], sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()[:16]

    def _whole(self, key: str, asked: Asked, verb: Verb, progress: Progress) -> Whole:
        version, sources = self._read_from(verb)
        if self.jobs is not None and verb.long:
            job = JobAsked(asked.owner, asked.verb, dict(asked.request), asked.rights, now(), asked.who)
            done = run_job(self.jobs, job, progress)
            return _of_job(key, verb, done, (version, sources))
        name = secrets.token_hex(16)
        folder = self.desk.settings.home / "jobs" / name if verb.long else Path(tempfile.mkdtemp(prefix="panakeia-"))
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        files: tuple[str, ...] = ()
        try:
            found = self.desk.answer(asked.verb, asked.request, asked.rights, At(folder, progress))
            files = _files(folder / "out") if verb.long else ()
            values = found.to_json()
            about = About(asked.verb, version, named_in(values, sources), f"{name}/out" if files else "", files)
            return Whole(key, found.to_text(), values, about)
        finally:
            shutil.rmtree(folder / "in" if files else folder, ignore_errors=True)

    def job_page(self, number: str, owner: str, rights: frozenset[Right]) -> CallToolResult:
        """Return the first page of what a caller's job came to; raises what `own_job` and `done_job` raise."""
        if self.jobs is None:
            raise ValueError("there are no jobs here: a long verb is answered as it is asked")
        job = own_job(self.jobs, number, owner, rights)
        verb = self.desk.verbs[job.asked.verb]
        with asked_as(owner, job.asked.who):
            return page(_of_job(number, verb, done_job(job), self._read_from(verb)), 0)

    def _read_from(self, verb: Verb) -> tuple[str, tuple[str, ...]]:
        """Return the data's version and the sources that a verb reads from, each with its licence; none is no error."""
        if "store" not in verb.needs:
            return "", ()
        state = self.desk.state()
        if state not in self._sources:
            try:
                releases = self.desk.answer("info", {}).to_json()["sources"]
            except (ValueError, OSError):  # what asks for the graph itself says what is wrong with it
                return "", ()
            told = tuple(f"{one['name']} {one['version']} ({one['licence']})" for one in releases)
            self._sources.clear()
            self._sources[state] = self.desk.version(), told
        return self._sources[state]


def require_own(jobs: Jobs, verb: Verb, asked: Asked) -> None:
    """Raise `ValueError` where a request takes the output of a job that is somebody else's."""
    for name, number in jobs.taken(verb, asked.request):
        try:
            own_job(jobs, number, asked.owner, asked.rights)
        except NotAllowed:
            raise
        except ValueError as failure:
            raise ValueError(f"{name}: {failure}") from None


def _of_job(key: str, verb: Verb, done: Done, read: tuple[str, tuple[str, ...]]) -> Whole:
    words = f"panakeia {verb.command} is done: job {done.number}"
    version, sources = read
    return Whole(
        key, words, done.values, About(verb.name, version, named_in(done.values, sources), done.kept, done.files)
    )


def named_in(values: Any, sources: tuple[str, ...]) -> tuple[str, ...]:
    """Return those of a graph's sources that an answer's edges name, or all where it names none: then it rests on all.

    >>> named_in({"neighbours": [{"source": "sider"}]}, ("hetionet 1.0 (CC0)", "sider 4.1 (CC BY-NC-SA)"))
    ('sider 4.1 (CC BY-NC-SA)',)
    """
    named = set(_named(values))
    return tuple(one for one in sources if one.partition(" ")[0] in named) or sources


def _named(values: Any) -> Iterator[str]:
    if isinstance(values, Mapping):
        for key, value in values.items():
            yield from _texts(value) if key in _SAYS_SOURCE else _named(value)
    elif isinstance(values, list):
        for value in values:
            yield from _named(value)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)


def _files(folder: Path) -> tuple[str, ...]:
    return tuple(sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()))


def _bytes(whole: Whole) -> bytes:
    about = whole.about
    held = [about.verb, about.version, about.sources, about.kept, about.files]
    return written([whole.words, whole.values, held]).encode()


def _read(key: str, kept: bytes) -> Whole:
    words, values, (verb, version, sources, name, files) = json.loads(kept)
    return Whole(key, words, values, About(verb, version, tuple(sources), name, tuple(files)))
