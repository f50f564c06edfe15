"""Jobs: a long verb of an assistant runs as the caller's job, by the desk's queue and within its quota."""

import json
import time
from dataclasses import dataclass
from typing import Any

from kg.progress import Progress
from panakeia.desk.jobs.job import OVER, Job
from panakeia.desk.jobs.job import Asked as JobAsked
from panakeia.desk.jobs.queue import Jobs
from panakeia.verb import Right

_LOOK_S = 0.2


@dataclass(frozen=True)
class Done:
    """What a job came to: its values, the name that its folder of files is kept by, and these."""

    number: str
    values: Any
    files: tuple[str, ...]

    @property
    def kept(self) -> str:
        """The name by which other verbs take its files."""
        return f"{self.number}/out" if self.files else ""


def run_job(jobs: Jobs, asked: JobAsked, progress: Progress) -> Done:
    """Queue a job, tell its progress, and return what it came to; one that is no longer waited for is cancelled.

    Raises `ValueError` with the cure for one that failed, `panakeia.desk.jobs.queue.QuotaPassed`.
    """
    job = jobs.add(asked)
    last, done = 0, 0.0
    try:
        while job.stands().state not in OVER:
            for step in job.steps(last):
                last, done = step.number, step.fraction
                progress(step.step, done)
            time.sleep(_LOOK_S)
            progress("", done)  # raises where nobody waits any more
    except BaseException:
        jobs.cancel(job)
        raise
    return done_job(job)


def done_job(job: Job) -> Done:
    """Return what a job came to; raises `ValueError` for one that failed, was cancelled, or is not over."""
    stands = job.stands()
    if stands.state == "done":
        return Done(job.id, json.loads(job.answer("json").read_bytes()), tuple(job.files()))
    if stands.problem is not None:
        raise ValueError(str(stands.problem["detail"]))
    if stands.state == "cancelled":
        raise ValueError(f"job {job.id} was cancelled: ask again")
    steps = job.steps()
    step = f", {steps[-1].fraction:.0%}: {steps[-1].step}" if steps else ""
    raise ValueError(f"job {job.id} is {stands.state}{step}: read it again later")


def own_job(jobs: Jobs, number: str, owner: str, rights: frozenset[Right]) -> Job:
    """Return a caller's job; raises `ValueError` for one that is not theirs, and `NotAllowed` by today's rights."""
    try:
        return jobs.find(number, owner, rights)
    except KeyError:
        raise ValueError("none of your jobs has this number") from None
