"""Asked: what one request asks of a view: who asks, the state in its URL, and the verbs that are asked for it."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import FormData, QueryParams
from starlette.requests import Request

from kg.schema import NODE_KINDS, PERSON
from panakeia.api.access.audit import note_question
from panakeia.api.access.authenticate import Gate
from panakeia.api.access.roles import RIGHTS, Caller
from panakeia.api.jobs import require_own
from panakeia.api.lines import http_line
from panakeia.desk.desk import Desk, NotAllowed, patients_named
from panakeia.desk.lines import command_line, python_line
from panakeia.desk.turns import asked_as
from panakeia.page.answers import Answers, Seen
from panakeia.verb import Right, Verb

_SHORT = 400
"""Letters of a file that a line shows whole."""


@dataclass(frozen=True)
class Question:
    """A verb that a view asked, and the lines that ask it anew; `address` asks it alone, on the page Ask.

    `files` are those that the command line reads, each with its text: those that are long are not among them.
    """

    verb: str
    command: str
    python: str
    http: str
    address: str
    files: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Asked:
    """One request to a view; `state` is what its URL says, or, of a form that was sent, its fields.

    `questions` are filled as the view asks, with those that the page shows; `verbs` are all that were asked.
    """

    desk: Desk
    answers: Answers
    gate: Gate
    request: Request
    caller: Caller | None
    state: QueryParams | FormData
    questions: list[Question] = field(default_factory=list)
    verbs: list[str] = field(default_factory=list)

    @property
    def rights(self) -> frozenset[Right]:
        """What who asks may."""
        return frozenset() if self.caller is None else RIGHTS[self.caller.role]

    def ask(self, verb: str, request: Mapping[str, Any], *, strict: bool = True, quiet: bool = False) -> Seen:
        """Return a verb's answer, and show on the page how to ask it anew, unless `quiet`; raises as the desk does."""
        self.note(self.desk.verbs[verb])
        if not quiet:
            self.shown(verb, request)
        jobs = getattr(self.request.app.state, "jobs", None)
        if jobs is not None and self.caller is not None:
            require_own(jobs, self.desk.verbs[verb], request, self.caller)
        with self.as_caller():
            return self.answers.ask(verb, request, self.rights, strict=strict)

    def as_caller(self) -> AbstractContextManager[None]:
        """Let what is asked meanwhile take the turns of who asks."""
        return nullcontext() if self.caller is None else asked_as(self.caller.owner, self.caller.name)

    @property
    def version(self) -> str:
        """The version of the desk's data."""
        with self.as_caller():
            return self.desk.version()

    def note(self, verb: Verb | None = None) -> None:
        """Let the audit log say which patients the request names, and that a verb was asked, shown or not."""
        if verb is not None and verb.name not in self.verbs:
            self.verbs.append(verb.name)
        said = {"state": [str(value) for value in self.state.values()], "path": self.request.path_params}
        note_question(self.request.scope, ", ".join(self.verbs), patients_named(said))

    def node(self, text: str, kind: str = "", *, quiet: bool = False) -> dict[str, Any]:
        """Return what the graph says of a node; to who may not see patients, without neighbours that are some.

        A store with patients refuses such a caller the whole of `show`, so `neighbours` of all other kinds stands in.
        """
        request: dict[str, Any] = {"node": text} | ({"kind": kind} if kind else {})
        try:
            found: dict[str, Any] = dict(self.ask("show", request, quiet=True).content)
            used = "show"
        except NotAllowed:
            request |= {"of_kind": self.kinds, "top": 1}
            near = self.ask("neighbours", request, quiet=True).content
            found = {**near["node"], "edges": near["edges"], "neighbours": near["neighbours"]}
            used = "neighbours"
        if not quiet:
            self.shown(used, request)
        return found

    @property
    def kinds(self) -> list[str]:
        """Return the kinds of nodes that who asks may see."""
        return [kind for kind in NODE_KINDS if kind != PERSON or "patients" in self.rights]

    def shown(self, verb: str, request: Mapping[str, Any]) -> None:
        """Show on the page how a verb is asked."""
        about = self.desk.verbs[verb]
        request = without_contents(about, request)
        plain = {name: value for name, value in request.items() if about.given[name].role != "file"}
        one = Question(
            verb,
            command_line(about, request),
            python_line(about, request, *self.desk.called),
            http_line(about, request, self.base),
            f"/ask/{verb}?{urlencode({**plain, 'go': '1'}, doseq=True)}",
            _files(about, request),
        )
        if one not in self.questions:
            self.questions.append(one)

    @property
    def runs_jobs(self) -> bool:
        """Whether this desk runs jobs."""
        return getattr(self.request.app.state, "jobs", None) is not None

    @property
    def base(self) -> str:
        """Return the desk's URL, as it was asked."""
        return str(self.request.base_url).rstrip("/")

    def one(self, name: str, default: str = "") -> str:
        """Return a value of the state, without spaces around it."""
        return str(self.state.get(name, default)).strip()

    def many(self, name: str) -> list[str]:
        """Return all values of a name, each once, empty ones left out."""
        texts = (str(value).strip() for value in self.state.getlist(name))
        return list(dict.fromkeys(text for text in texts if text))

    def whole(self, name: str, default: int, most: int) -> int:
        """Return a whole number from 1 to `most`; raises `ValueError`."""
        text = self.one(name) or str(default)
        if not (text.isascii() and text.isdigit() and 1 <= int(text) <= most):
            raise ValueError(f"{name}: got {text!r}, expected a whole number from 1 to {most:,}")
        return int(text)

    def address(self, **changed: Any) -> str:
        """Return this view's URL with some of its state changed; None takes a name out, a list is given as several."""
        kept = [(name, value) for name, value in self.request.query_params.multi_items() if name not in changed]
        for name, value in changed.items():
            values = value if isinstance(value, list | tuple) else [] if value is None else [value]
            kept += [(name, str(one)) for one in values]
        return self.request.url.path + (f"?{urlencode(kept)}" if kept else "")


def without_contents(verb: Verb, request: Mapping[str, Any]) -> dict[str, Any]:
    """Return a request as lines of text can show it: files by their names, without what is long in them."""
    told = {name: _named(value) for name, value in request.items()}
    for name, value in told.items():
        if isinstance(value, str) and len(value) > _SHORT and verb.given[name].role == "file":
            called = (verb.given[name].asked.metavar or name).split("|")[0].strip("[]").casefold()
            told[name] = {"name": called, "text": "..."}
    return told


def _files(verb: Verb, request: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return the short files of a request by the names that its command line has for them."""
    return tuple(
        ((verb.given[name].asked.metavar or "FILE").split("|")[0], value)
        for name, value in request.items()
        if isinstance(value, str) and verb.given[name].role == "file"
    )


def _named(value: Any) -> Any:
    """Return a value as a line of text can show it: a file by its name, without its content."""
    if isinstance(value, list):
        return [_named(one) for one in value]
    return {"name": value["name"], "text": "..."} if isinstance(value, Mapping) else value
