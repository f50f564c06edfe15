"""Shared: what several sessions of one process hold together: the names and steps of a graph, and models."""

from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from kg.files.stamp import Stamp, stamp_of

if TYPE_CHECKING:
    from gnn.ask import AnyModel
    from kg.progress import Progress
    from kg.stores.held import HeldGraph


@dataclass(frozen=True)
class _Kept:
    """A model, and what changes as soon as its file does."""

    stamp: Stamp | None
    model: "AnyModel"


class Shared:
    """A graph's names and steps once they are read, and each model, loaded once; several threads may ask."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._models: dict[Path, _Kept] = {}
        self._graph: tuple[str, HeldGraph] | None = None

    def graph(self, store: str) -> "HeldGraph | None":
        """Return what is held of a store's graph; nothing before `read`, nor of a file that has changed since."""
        held = self._graph
        if held is None or held[0] != store or held[1].stamp != stamp_of(Path(store)):
            return None
        return held[1]

    def read(self, store: str, progress: "Progress") -> "HeldGraph | None":
        """Read what is to be held of a store's graph, unless it is there; a server's is not held."""
        from kg.stores.held_file import read_held

        if "://" in store:
            return None
        if (found := self.graph(store)) is None and (found := read_held(Path(store), progress)) is not None:
            self._graph = store, found
        return found

    def model(self, folder: Path) -> "AnyModel":
        """Return the model in a folder, loaded once; anew where its file has changed. Raises what loading raises."""
        from gnn.ask import load
        from gnn.checkpoint import model_file

        with self._lock:
            stamp = stamp_of(model_file(folder))
            kept = self._models.get(folder)
            if kept is None or kept.stamp != stamp:
                kept = self._models[folder] = _Kept(stamp, load(folder))
            return kept.model
