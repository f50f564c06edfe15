"""Job: a verb that somebody asked for, its state, and the folder that holds all of it."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypeAlias, cast

from panakeia.desk.problems import told_to_others
from panakeia.desk.tables import Form
from panakeia.verb import Right

State: TypeAlias = Literal["queued", "running", "done", "failed", "cancelled"]
OVER: tuple[State, ...] = ("done", "failed", "cancelled")
_ASKED, _STATE, _PROGRESS, _RESULT = "job.json", "state.json", "progress.jsonl", "result.json"


@dataclass(frozen=True)
class Asked:
    """What was asked: which verb of what, by whom, who then had these rights, and when.

    `owner` tells callers apart, `who` is what the owner is called.
    """

    owner: str
    verb: str
    request: Mapping[str, Any]
    rights: frozenset[Right]
    made: str
    who: str = ""


@dataclass(frozen=True)
class Stands:
    """How a job stands: since when, how often it was begun, and, of one that failed, why."""

    state: State
    since: str
    begun: int = 0
    problem: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Step:
    """How far a job told that it is; steps are numbered from 1."""

    number: int
    when: str
    step: str
    fraction: float


@dataclass(frozen=True)
class Job:
    """A job's folder, with what was asked; its state is read from the folder each time."""

    folder: Path
    asked: Asked

    @property
    def id(self) -> str:
        """The job's number, which its folder is named by."""
        return self.folder.name

    def stands(self) -> Stands:
        """Return the job's state."""
        return Stands(**json.loads((self.folder / _STATE).read_text(encoding="utf-8")))

    def becomes(self, state: State, begun: int = 0, problem: Mapping[str, Any] | None = None) -> None:
        """Write the job's state; whoever reads it meanwhile finds the old one whole."""
        write_whole(self.folder / _STATE, {"state": state, "since": now(), "begun": begun, "problem": problem})

    def result(self) -> Mapping[str, Any] | None:
        """Return what its worker wrote as it ended, None where it did not come so far."""
        path = self.folder / _RESULT
        return cast(Mapping[str, Any], json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None

    def ended(self, problem: Mapping[str, Any] | None, told: str = "", version: str = "") -> None:
        """Write what came out, as the last thing that its worker does: the answer's words, and of which data it is."""
        write_whole(self.folder / _RESULT, {"problem": problem, "told": told, "version": version})

    def steps(self, after: int = 0) -> list[Step]:
        """Return what it told of its progress after a step."""
        path = self.folder / _PROGRESS
        if not path.exists():
            return []
        lines = path.read_bytes().split(b"\n")[:-1]  # a line that is being written has no end yet
        return [Step(at, **json.loads(line)) for at, line in enumerate(lines, start=1) if at > after]

    def tell(self, step: str, fraction: float) -> None:
        """Write down how far it is."""
        line = json.dumps({"when": now(), "step": told_to_others(step), "fraction": round(fraction, 4)})
        with (self.folder / _PROGRESS).open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    def answer(self, form: Form) -> Path:
        """Return where its answer lies in a form."""
        return self.folder / f"answer.{form}"

    def files(self) -> dict[str, Path]:
        """Return the files that it wrote, by their names inside its folder `out`; links are none."""
        out = self.folder / "out"
        found = sorted(path for path in out.rglob("*") if path.is_file() and not path.is_symlink())
        return {path.relative_to(out).as_posix(): path for path in found}


def made_job(folder: Path, asked: Asked) -> Job:
    """Make a job's folder, for its owner alone; it is queued."""
    folder.mkdir(mode=0o700, parents=True)
    job = Job(folder, asked)
    told = {**vars(asked), "rights": sorted(asked.rights)}
    write_whole(folder / _ASKED, told)
    job.becomes("queued")
    return job


def read_job(folder: Path) -> Job:
    """Return the job in a folder; raises `OSError` or `ValueError` where there is none."""
    told = json.loads((folder / _ASKED).read_text(encoding="utf-8"))
    return Job(folder, Asked(**{**told, "rights": frozenset(told["rights"])}))


def write_whole(path: Path, value: Any) -> None:
    """Write JSON so that a reader, and a kill, find the old content or the new."""
    part = path.with_name(f".{path.name}.part")
    part.write_text(json.dumps(value), encoding="utf-8")
    os.replace(part, path)


def now() -> str:
    """Return the time as the desk writes it: UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
