"""What a Session holds: a graph, a model and a data mirror, opened when a verb needs them."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self

from kg.output import refuse_inputs, require_file

if TYPE_CHECKING:
    from gnn.ask import AnyModel
    from gnn.checkpoint import Model
    from kg.patients.bedside import Bedside
    from kg.progress import Progress
    from kg.sparql_apart import Limits
    from kg.stores.protocol import Store
    from panakeia.verbs.shared import Shared

STORE = "out/graph.lbdb"
MODEL = "out/model"


class _Begins(Exception):
    """Ends a verb of which only the checks were asked for, where its work would begin."""


class Held:
    """The things that all verbs share; see `panakeia.ask.Session`."""

    def __init__(
        self,
        store: str | Path = STORE,
        model: str | Path = MODEL,
        *,
        data: str | Path | None = None,
        progress: "Progress | None" = None,
        patients: bool = True,
        limits: "Limits | None" = None,
        shared: "Shared | None" = None,
    ) -> None:
        self.store, self.model = str(store), Path(model)
        self.data = None if data is None else Path(data)
        self._progress, self._patients, self._limits = progress, patients, limits
        self._opened: Store | None = None
        self._shared = shared
        self._loaded: dict[Path, AnyModel] = {}
        self._guided: Bedside | None = None
        self._checks = False
        self._notes = 0

    def __repr__(self) -> str:
        return f"Session({without_login(self.store)!r}, {str(self.model)!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the store; the next verb opens it again."""
        if self._opened is not None:
            self._opened.__exit__()
            self._opened = self._guided = None

    def _graph(self) -> "Store":
        """Return the session's store, opened."""
        if self._opened is None:
            from kg.files.stamp import stamp_of
            from kg.stores.held import Held as HeldStore
            from kg.stores.hidden import WithoutPatients
            from kg.stores.opening import open_store

            before = stamp_of(Path(self.store))
            opened = open_store(self.store).__enter__()
            held = None if self._shared is None else self._shared.graph(self.store)
            if held is not None and held.stamp == before:  # what was opened is what was read
                opened = HeldStore(opened, held)
            self._opened = opened if self._patients else WithoutPatients(opened)
        return self._opened

    def _network(self, *tasks: str) -> "Model":
        """Return the session's model, loaded; where tasks are named, that of one of them (`gnn.folders.holding`).

        Raises `ValueError` for a model of patients, who are no nodes.
        """
        from gnn.checkpoint import Model

        if not isinstance(model := self._any_network(*tasks), Model):
            raise ValueError(
                f"the model in {self.model} is one of patients: expected one of nodes, named with --model; for a "
                "patient `panakeia rank PATIENT` says why each drug is ranked, `panakeia patient support` and "
                "`panakeia patient warnings` what speaks for and against it"
            )
        return model

    def _any_network(self, *tasks: str) -> "AnyModel":
        """Return the session's model, or that of one of these tasks, also one of patients."""
        from gnn.ask import load
        from gnn.folders import holding

        folder = holding(self.model, tasks) if tasks else self.model
        if folder in self._loaded:
            return self._loaded[folder]
        if self._shared is not None:
            return self._shared.model(folder)
        return self._loaded.setdefault(folder, load(folder))

    def _noted(self, verb: str, about: str | Collection[str] = (), size: int | None = None, detail: str = "") -> None:
        """Write into the store's journal that this is asked of its patients (see `kg.patients.journal.note`)."""
        from kg.patients.journal import note

        if self._checks:
            return
        self._notes += 1
        note(self.store, verb, about, size, detail)

    def _noted_if_named(self, verb: str, nodes: Iterable[tuple[str, str]]) -> None:
        """Write into the journal which patients, among nodes by kind and identifier, an answer names, if any."""
        from kg.schema import PERSON

        patients = list(dict.fromkeys(node for kind, node in nodes if kind == PERSON))
        if patients:
            self._noted(verb, patients[0] if len(patients) == 1 else patients)

    @contextmanager
    def _only_checked(self) -> Iterator[None]:
        """Let verbs end where their work would begin: what can be told of a request without work is told, or it fits.

        A verb that takes long says by `_begins`, or by `_telling`, where that is.
        """
        self._checks = True
        try:
            yield
        except _Begins:
            pass
        finally:
            self._checks = False

    def _begins(self) -> None:
        """Say that what was asked for is checked, as far as that takes no work, and that the work begins."""
        if self._checks:
            raise _Begins

    @contextmanager
    def _telling(self) -> "Iterator[Progress]":
        """Begin the work, and yield whom to tell how far it is: whoever was given, else a bar."""
        self._begins()
        if self._progress is not None:
            yield self._progress
            return
        from panakeia.terminal import progress_bar

        with progress_bar() as progress:
            yield progress


def names(given: str | Sequence[str]) -> list[str]:
    """Return one name, or several, as a list."""
    return [given] if isinstance(given, str) else list(given)


def check_output(out: str | Path, *inputs: object) -> None:
    """Raise `OutputError`, before the work, where a file cannot be written or is one of the inputs."""
    require_file(out)
    refuse_inputs(out, [given for given in inputs if isinstance(given, str | Path)])


def without_login(store: str) -> str:
    """Return a store's URL without user and password, a file as it is."""
    scheme, separator, rest = store.partition("://")
    return scheme + separator + rest.rpartition("@")[2] if separator else store


def into(out: str | Path | None) -> str:
    return "" if out is None else f", written into {out}"
