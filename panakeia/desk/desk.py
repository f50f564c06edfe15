"""Desk: asks a verb for a face: the request checked, the caller's rights held, a session lent, the answer kept."""

import hashlib
import json
import queue
import shutil
import tempfile
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, get_args

from kg.files.reach import within
from kg.files.stamp import stamp_of
from kg.patients.deidentify import names_pseudonym, pseudonyms_in
from kg.schema import PERSON
from kg.stores.hidden import PatientsHidden
from panakeia.answer import Answer
from panakeia.ask import Session
from panakeia.commands.every import EVERY
from panakeia.desk.kept import Kept
from panakeia.desk.named import Named, roots_of
from panakeia.desk.requests import Upload, arguments, checked
from panakeia.desk.tables import FORMS, Form, rendered
from panakeia.desk.turns import AT_ONCE, Turns, turns_of
from panakeia.desk.warm import Warmth, known_pair, warm_risks
from panakeia.desk.wording import in_words_of
from panakeia.verb import DOES, Right, Verb
from panakeia.verbs.held import MODEL, STORE
from panakeia.verbs.shared import Shared

if TYPE_CHECKING:
    from kg.progress import Progress

ALL: frozenset[Right] = frozenset(get_args(Right))
"""The rights of whoever works on the machine itself."""
KEPT_BYTES = 64 << 20


class NotAllowed(ValueError):
    """What who asks may not: `right` is the one that is missing."""

    def __init__(self, right: Right, what: str) -> None:
        super().__init__(
            f"{what} needs the right to {DOES[right]} ({right}): ask whoever runs the desk for a key that has it"
        )
        self.right = right


@dataclass(frozen=True)
class DeskSettings:
    """What a desk serves: a store and a model, a mirror of public files, and its own folder."""

    store: str = STORE
    model: Path = Path(MODEL)
    data: Path | None = None
    home: Path = Path("out/desk")


@dataclass(frozen=True)
class At:
    """Where a verb works: the folder of its files, in `in` and `out`, and who is told how far it is."""

    folder: Path
    progress: "Progress | None" = None


@dataclass(frozen=True)
class Reply:
    """An answer as bytes: `etag` changes when the graph, the model or the arguments do, `version` names the data.

    `names_patient` says that it has a pseudonym in it, so that nobody on the way keeps it.
    """

    body: bytes
    media_type: str
    etag: str
    version: str
    names_patient: bool = False


class Desk:
    """The verbs of a store and a model, for several askers at once."""

    def __init__(self, settings: DeskSettings | None = None) -> None:
        self.settings = settings or DeskSettings()
        self._idle: queue.LifoQueue[tuple[tuple[str, bool], Session]] = queue.LifoQueue()
        self._turns = Turns()
        self._bytes: Kept[bytes] = Kept(KEPT_BYTES, len)
        self._versions: dict[str, str] = {}
        self.shared = Shared()
        self.warmth = Warmth(self.settings.store, self.settings.model, self.shared, self._first)

    @cached_property
    def verbs(self) -> Mapping[str, Verb]:
        """Return the verbs that are offered, by name: all but those of the machine's own user."""
        return {name: verb for name, verb in EVERY.items() if not verb.here}

    def answer(
        self,
        name: str,
        request: Mapping[str, Any],
        rights: frozenset[Right] = ALL,
        at: At | None = None,
        *,
        strict: bool = True,
    ) -> Answer:
        """Return a verb's answer to a request.

        Raises `KeyError` for a verb that is not offered, `Refused` for a request that cannot be asked, `NotAllowed`
        where a right is missing or patients would be shown without it, and what the verb's room raises.
        """
        verb, given = self._given(name, request, rights, strict)
        return self._answered(verb, given, rights, at)[0]

    def ask(
        self,
        name: str,
        request: Mapping[str, Any],
        rights: frozenset[Right] = ALL,
        form: Form = "json",
        *,
        strict: bool = True,
    ) -> Reply:
        """Return a verb's answer as bytes; what names no patient, and no journal has to know of, is kept.

        Raises what `answer` raises.
        """
        verb, given = self._given(name, request, rights, strict)
        state, version = self.state(), self.version()
        sees_patients = "patients" in rights  # the same question has another answer without
        asked = json.dumps([name, given, form, sees_patients], default=_told, sort_keys=True)
        etag = hashlib.sha256(f"{state}\n{asked}".encode()).hexdigest()[:32]
        keep = verb.repeats and not verb.long
        for name_of_kept in _kept_by(verb, given):
            self.kept(name_of_kept)  # what is gone since is told, not answered from before
        body, named = self._bytes.get(etag) if keep else None, False
        if body is None:
            found, told, noted = self._answered(verb, given, rights, None)
            body, named = told if form == "json" else rendered(found, form), names_pseudonym(told.decode())
            if keep and not (named or noted):
                self._bytes.put(etag, body)
        return Reply(body, FORMS[form], etag, version, named)

    def require(self, name: str, request: Mapping[str, Any], rights: frozenset[Right], *, strict: bool = True) -> None:
        """Raise what `answer` raises before it runs: for what cannot be asked, and for who may not.

        What takes long has checked all that takes no work (`panakeia.verbs.held.Held`): files, names, numbers.
        """
        verb, given = self._given(name, request, rights, strict)
        if verb.long:
            folder = Path(tempfile.mkdtemp(prefix="panakeia-"))
            try:
                called = self._called(verb, given, folder)
                with self._session(None, patients="patients" in rights) as session, session._only_checked():
                    _run(verb, session, given, called, folder)
            finally:
                shutil.rmtree(folder, ignore_errors=True)

    def state(self) -> str:
        """Return what changes as soon as the graph or a model does."""
        seen = []
        for place in (Path(self.settings.store), *sorted(self.settings.model.parent.glob("*/model.safetensors"))):
            if stamp := stamp_of(place):
                seen.append(" ".join([place.name, *map(str, stamp)]))
        return "\n".join(seen) or self.settings.store

    def version(self) -> str:
        """Return the version of the graph's data, as reports name it."""
        from kg.graph import data_version
        from kg.stores.releases import read_releases

        state = self.state()
        if state not in self._versions:
            with self._session(None, patients=True) as session:
                self._versions = {state: data_version(read_releases(session._graph()))}
        return self._versions[state]

    @property
    def called(self) -> tuple[str, str]:
        """Return what the store and the model are called, without where they lie, and without a login."""
        from panakeia.verbs.held import without_login

        store = self.settings.store
        return without_login(store) if "://" in store else Path(store).name, self.settings.model.name

    def warm(self, say: Callable[[str], None]) -> Thread | None:
        """Begin to read what all sessions share, beside whoever asks; return the thread, none where it has begun."""
        return self.warmth.begin(self.state(), say)

    def _first(self) -> None:
        """Ask, with patients and without, what is asked most, and load a risk, if one is kept: what that imports and
        opens the first time, the first who asks does not wait for.
        """
        for drug, disease in known_pair(self.shared, self.settings.model):
            for verb, asked in (
                ("info", {}),
                ("models_list", {}),
                ("search", {"text": disease, "top": 1}),
                ("show", {"node": disease}),
                ("rank", {"nodes": [disease], "top": 1}),
                ("explain", {"a": drug, "b": disease, "top": 1}),
                ("paths", {"a": drug, "b": disease, "top": 1}),
                ("neighbours", {"node": disease, "top": 1}),
            ):
                for rights in (ALL, frozenset[Right]({"graph"})):
                    with suppress(ValueError, OSError):  # of another graph, say: whoever asks is told
                        self.answer(verb, asked, rights)
        warm_risks([self.settings.model.parent, self.settings.home / "jobs"])

    def close(self) -> None:
        """Let go of all sessions."""
        while not self._idle.empty():
            self._idle.get_nowait()[1].close()

    def kept(self, name: str) -> Path:
        """Return the folder of what the desk keeps by this name: a model beside its own, or a job's output.

        Raises `ValueError` for a name of nothing.
        """
        models, jobs = self.settings.model.parent, self.settings.home / "jobs"
        for folder in (jobs, models):
            place = folder / name
            inside = ".." not in Path(name).parts and place.resolve().is_relative_to(folder.resolve())
            if inside and place.is_dir() and (folder == jobs or not self._is_own(place)):
                return place
        raise ValueError(
            f"got {name!r}, expected the name of a model ({self._models()}), or of a job's output (ID/out)"
        )

    def _is_own(self, place: Path) -> bool:
        """Return whether a place is in the desk's own folder, which may lie beside the models, or has it in itself."""
        home, place = self.settings.home.resolve(), place.resolve()
        return place.is_relative_to(home) or home.is_relative_to(place)

    def _models(self) -> str:
        found = [place.parent.name for place in self.settings.model.parent.glob("*/model.s*")]
        return ", ".join(sorted(found)) or "none is trained"

    def _given(
        self, name: str, request: Mapping[str, Any], rights: frozenset[Right], strict: bool
    ) -> tuple[Verb, dict[str, Any]]:
        verb = self.verbs[name]
        if verb.right not in rights:
            raise NotAllowed(verb.right, f"`{verb.command}`")
        given = checked(verb, request, strict=strict)
        of_patients = given.get("patients") is True or PERSON in {*_texts([given.get("kind"), given.get("of_kind")])}
        if "patients" not in rights and (of_patients or any(map(names_pseudonym, _texts(given)))):
            raise NotAllowed("patients", "what is asked of a patient")
        return verb, given

    def _answered(
        self, verb: Verb, given: Mapping[str, Any], rights: frozenset[Right], at: At | None
    ) -> tuple[Answer, bytes, bool]:
        """Return a verb's answer, its JSON, and whether it was written into the store's journal."""
        folder = Path(tempfile.mkdtemp(prefix="panakeia-")) if at is None else at.folder
        try:
            called = self._called(verb, given, folder)
            with self._session(None if at is None else at.progress, patients="patients" in rights) as session:
                before = session._notes
                found = self._named(verb, _run(verb, session, given, called, folder), folder)
                noted = session._notes > before
            told = rendered(found, "json")
            if "patients" not in rights and names_pseudonym(told.decode()):
                raise NotAllowed("patients", "the answer names patients, and it")
            return found, told, noted
        finally:
            if at is None:
                shutil.rmtree(folder, ignore_errors=True)

    def _called(self, verb: Verb, given: Mapping[str, Any], folder: Path) -> dict[str, Any]:
        """Return what a verb's function is called with; its files lie in the folder."""
        called = arguments(verb, given, folder, self.kept)
        folder.joinpath("out").mkdir(parents=True, exist_ok=True)
        for name, about in verb.given.items():
            if about.role == "kept" and isinstance(called.get(name), Path) and name not in given:
                called[name] = self.settings.model.parent
        return called

    def _named(self, verb: Verb, answer: Answer, folder: Path) -> Answer:
        """Return an answer in which what is kept, or written, is told by name."""
        held = self.settings
        places = [folder, held.model.parent, held.home / "jobs"]
        if "://" not in held.store:
            places.append(Path(held.store).parent)
        every = [str(one) for place in places for one in (place, place.absolute())]
        tells = verb.right == "write" or any(one.role in ("kept", "out") for one in verb.given.values())
        return Named(answer, roots_of(every), tells)

    @contextmanager
    def _session(self, progress: "Progress | None", *, patients: bool) -> Iterator[Session]:
        """Lend a session of today's graph and model, with patients or without; one of an older graph is closed."""
        from kg.progress import silent
        from kg.sparql_apart import Limits

        with self._turns.turn(turns_of()):
            self.warmth.follow(now := self.state())
            state, held = (f"{now}\n{self.warmth.rounds}", patients), self.settings
            session = self._idle_one(state) or Session(
                held.store, held.model, data=held.data, patients=patients, limits=Limits(), shared=self.shared
            )
            session._progress = progress or silent
            try:
                yield session
            finally:
                if self._idle.qsize() < 2 * AT_ONCE:
                    self._idle.put((state, session))
                else:  # it was made while long questions had the others
                    session.close()

    def _idle_one(self, state: tuple[str, bool]) -> Session | None:
        """Return a session that nobody uses, of this state; others of this graph stay, those of an older are closed."""
        others, found = [], None
        while found is None:
            try:
                seen, session = self._idle.get_nowait()
            except queue.Empty:
                break
            if seen == state:
                found = session
            elif seen[0] == state[0]:
                others.append((seen, session))
            else:
                session.close()
        for other in others:
            self._idle.put(other)
        return found


def _run(verb: Verb, session: Session, given: Mapping[str, Any], called: Mapping[str, Any], folder: Path) -> Answer:
    """Call a verb's function: what is wrong is told by the request's parameters, and no file names others."""
    try:
        with in_words_of(verb, given), within(folder):
            return verb.function(session, **called)
    except PatientsHidden:
        raise NotAllowed("patients", "what is asked of patients") from None


def _kept_by(verb: Verb, given: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names, in a request, of what the desk keeps."""
    for name, about in verb.given.items():
        if about.role == "kept" and (found := given.get(name)):
            yield from [found] if isinstance(found, str) else found


def patients_named(request: Mapping[str, Any]) -> set[str]:
    """Return the pseudonyms that a request names, also in files that it gives by their content."""
    return {one for text in _texts(request) for one in pseudonyms_in(text)}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Upload):
        yield from _texts(value.model_dump())
    elif isinstance(value, Mapping):
        for name, one in value.items():
            yield from _texts(_decoded(one) if name == "base64" and isinstance(one, str) else one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _texts(one)


def _decoded(content: str) -> str:
    """Return what is text in base64; what is none is refused where the request is checked."""
    try:
        return b64decode(content, validate=True).decode("utf-8", "ignore")
    except ValueError:
        return ""


def _told(value: Any) -> Any:
    return value.model_dump() if hasattr(value, "model_dump") else str(value)
