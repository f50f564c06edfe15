"""Work: runs one job in a process of its own, `python -m panakeia.desk.jobs.work FOLDER`; it ends with who began it.

What the desk serves comes as a line of JSON on standard input, which stays open as long as the desk lives.
"""

import json
import os
import shutil
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from panakeia.desk.desk import At, Desk, DeskSettings
from panakeia.desk.jobs.job import Job, read_job
from panakeia.desk.problems import problem_of
from panakeia.desk.tables import FORMS, rendered
from panakeia.desk.turns import asked_as

_EVERY_S = 0.2
_POLITE = 5


def main() -> None:
    """Run the job whose folder the command line names."""
    served = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_the_desk, daemon=True).start()
    os.nice(_POLITE)
    work(read_job(Path(sys.argv[1])), settings(served))


def told(settings: DeskSettings) -> str:
    """Return what a desk serves as a line that a worker reads."""
    data = None if settings.data is None else str(settings.data)
    home = str(settings.home.absolute())
    return json.dumps({"store": settings.store, "model": str(settings.model), "data": data, "home": home}) + "\n"


def settings(served: Mapping[str, Any]) -> DeskSettings:
    """Return what a worker was told that the desk serves."""
    data = None if served["data"] is None else Path(served["data"])
    return DeskSettings(served["store"], Path(served["model"]), data, Path(served["home"]))


def work(job: Job, served: DeskSettings) -> None:
    """Run a job from its start, and write its answer in every form, or why there is none."""
    for name in ("in", "out"):
        shutil.rmtree(job.folder / name, ignore_errors=True)
    desk = Desk(served)
    try:
        asked, version = job.asked, desk.version()
        with asked_as(asked.owner, asked.who):
            answer = desk.answer(asked.verb, asked.request, asked.rights, At(job.folder, _Telling(job)))
        for form in FORMS:
            try:
                job.answer(form).write_bytes(rendered(answer, form))
            except ValueError:
                if form == "json":
                    raise  # the rows alone may be such that a form of tables cannot hold them
    except Exception as failure:
        job.ended(problem_of(failure).to_json())
    else:
        job.ended(None, answer.to_text(), version)
    finally:
        shutil.rmtree(job.folder / "in", ignore_errors=True)  # what was sent is not kept twice
        desk.close()


class _Telling:
    """Writes a job's progress down: every step that is new, and how far it is a few times a second."""

    def __init__(self, job: Job) -> None:
        self._job, self._step, self._told = job, "", 0.0

    def __call__(self, step: str, fraction: float) -> None:
        if step != self._step or fraction >= 1 or time.monotonic() - self._told > _EVERY_S:
            self._job.tell(step, fraction)
            self._step, self._told = step, time.monotonic()


def _end_with_the_desk() -> None:
    while sys.stdin.read(1):
        pass
    os._exit(1)  # nobody is left who would want the answer; a desk that starts again begins the job again


if __name__ == "__main__":
    main()
