"""Warm: what a desk reads and works out before it is asked, so that the first who asks does not wait for it."""

import gc
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock, Thread
from typing import TYPE_CHECKING

from panakeia.verbs.shared import Shared

if TYPE_CHECKING:
    from kg.progress import Progress


@dataclass(frozen=True)
class _Now:
    """Of which state of the desk's files all is held, or being read: then `doing` says what is done."""

    state: str
    doing: str


class Warmth:
    """Reads a graph's names and steps and loads the models beside whoever asks, and again when their files change.

    `rounds` counts how often it was done; a session that was opened before the last does not have what is held since.
    `then` is called when all is held, before it is ready: `ready` says whether it ever was. Nothing is left to be done
    after that: whoever asks first would wait for it.
    """

    def __init__(self, store: str, model: Path, shared: Shared, then: Callable[[], None]) -> None:
        self._store, self._model, self._shared, self._then = store, model, shared, then
        self._lock = Lock()
        self._say: Callable[[str], None] | None = None
        self._now = _Now("", "")
        self.rounds = 0
        self.ready = False

    @property
    def doing(self) -> str:
        """What is being done; nothing when all is done, or none was ever wanted."""
        return self._now.doing

    def begin(self, state: str, say: Callable[[str], None]) -> Thread | None:
        """Begin, and go on whenever `follow` sees another state; `say` is told how far it is."""
        self._say = say
        return self.follow(state)

    def follow(self, state: str) -> Thread | None:
        """Return the thread that begins anew, where the state is another than that of what is held."""
        with self._lock:
            if self._say is None or self.doing or self._now.state == state:
                return None
            self._now = _Now(state, "begin")
            thread = Thread(target=self._run, args=(state, self._say), name="warm the desk", daemon=True)
            thread.start()
            return thread

    def _run(self, state: str, say: Callable[[str], None]) -> None:
        def progress(stage: str, share: float) -> None:
            if self.doing != stage:
                self._now = _Now(state, stage)
                say(f"the desk gets ready ({share:.0%}): {stage}")

        told = "the desk is ready"
        try:
            warm(self._store, self._model, self._shared, progress)
            self.rounds += 1  # sessions that are opened from now on have what is held
            self._then()
            _settle()
        except (ValueError, OSError) as failure:
            told = f"the desk answers, but slowly: {failure}"
        finally:
            self._now, self.ready = _Now(state, ""), True
        say(told)


def _settle() -> None:
    """Let Python's search for rubbish pass over all that is held: else every question that makes many objects has the
    millions of them looked through, for a third of its time.
    """
    gc.unfreeze()  # what was held before may be rubbish by now
    gc.collect()
    gc.freeze()


def warm(store: str, model: Path, shared: Shared, progress: "Progress") -> None:
    """Read and work out all that is shared; raises `ValueError` or `OSError` where the graph or a model is none."""
    from gnn.checkpoint import Model, model_file
    from gnn.folders import folder_for
    from gnn.score import prepare
    from gnn.task import TASKS

    held = shared.read(store, progress)
    if held is not None:
        progress("read spellings", 0.4)
        _ = held.names.spelt
    for folder in {folder_for(model, task): None for task in TASKS}:
        if model_file(folder).exists():
            progress(f"load {folder.name}", 0.6)
            loaded = shared.model(folder)
            if isinstance(loaded, Model):
                prepare(loaded)


def known_pair(shared: Shared, folder: Path) -> list[tuple[str, str]]:
    """Return the ends of one pair that the model in a folder has an answer of; none where there is no such model."""
    from gnn.checkpoint import Model, model_file

    if not model_file(folder).exists() or not isinstance(model := shared.model(folder), Model):
        return []
    known = model.answers.known[model.task.relation].tocoo()
    subjects, objects = model.senders.subjects[known.row[:1]], model.senders.objects[known.col[:1]]
    ends = zip(subjects.tolist(), objects.tolist(), strict=True)
    return [(model.around.subjects.nodes[here], model.around.objects.nodes[there]) for here, there in ends]


def warm_risks(folders: Sequence[Path]) -> None:
    """Load the first risk that is kept in these folders, where there is one, for what reads it to be imported.

    That takes seconds once, and most of a first forecast: skops imports all of scikit-learn, and what that can work
    with, to know which types are harmless. Where there is none, nothing is imported.
    """
    from twin.prognosis.risk.places import places

    if not any(map(places, folders)):
        return
    from twin.prognosis.risk.kept import found

    kept = next((one for folder in folders for one in found(folder)), None)
    if kept is None:
        return
    from twin.prognosis.risk.saved import load

    with suppress(ValueError, OSError, ImportError):  # whoever asks for it is told what is wrong
        load(kept.folder)
