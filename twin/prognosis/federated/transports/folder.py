"""Folder: a site asked through files, where no connection may be made: request.json is put in, answer.json comes out.

The folder is one that both see, or that somebody carries to and fro.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from kg.output import whole_file
from twin.prognosis.federated.refusal import SiteRefused
from twin.prognosis.federated.site import Site
from twin.prognosis.federated.wire import LARGEST, digest

REQUEST, ANSWER = "request.json", "answer.json"
_PAUSE = 0.05


@dataclass(frozen=True)
class Folder:
    """A way to a site by a folder."""

    name: str

    def ask(self, message: bytes, seconds: float) -> bytes:
        """Return its answer; raises `SiteRefused` where none to this message comes in time."""
        folder, until, to = Path(self.name), time.monotonic() + seconds, digest(message)
        if not folder.is_dir():
            raise SiteRefused("its folder is not there")
        try:
            with whole_file(folder / REQUEST) as part:
                part.write_bytes(message)
            while time.monotonic() < until:
                found = _read(folder / ANSWER)
                if found is not None and not _to_another(found, to):
                    return found
                time.sleep(_PAUSE)
        except OSError as failure:
            raise SiteRefused(f"its folder cannot be used: {failure.strerror}") from None
        raise SiteRefused(f"it does not answer within {seconds:g} s")


def serve_folder(site: Site, folder: Path, stopped: Callable[[], bool]) -> None:
    """Answer every request that is put into a folder, until it is `stopped`."""
    last = ""
    while not stopped():
        message = _read(folder / REQUEST)
        if message is not None and digest(message) != last:
            with whole_file(folder / ANSWER) as part:
                part.write_bytes(site.answer(message))
            last = digest(message)
        time.sleep(_PAUSE)


def _to_another(answer: bytes, to: str) -> bool:
    """Return whether this is an answer to an earlier ask, which lies there until the next one comes."""
    try:
        found = json.loads(answer)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and found.get("to") != to


def _read(path: Path) -> bytes | None:
    """Return a file's bytes, None where it is not there; of one that is too long, enough to tell."""
    try:
        with path.open("rb") as file:
            return file.read(LARGEST + 1)
    except FileNotFoundError:
        return None
