"""Queue: the jobs of who asks, as the page begins, shows and ends them."""

from collections.abc import Mapping
from typing import Any

from panakeia.api.jobs import about, own_job, require_own, wanted
from panakeia.desk.jobs.job import Job
from panakeia.desk.jobs.queue import Jobs
from panakeia.desk.requests import Upload, checked
from panakeia.page.asked import Asked


def begin(asked: Asked, verb: str, request: Mapping[str, Any], *, strict: bool = True) -> Job:
    """Queue a verb; raises what the desk raises for what cannot be asked, and where no more jobs are taken.

    Not `strict`, numbers and flags may be text, as forms send them.
    """
    about, jobs, caller = asked.desk.verbs[verb], _jobs(asked), _caller(asked)
    asked.note(about)
    with asked.as_caller():
        require_own(jobs, about, request, caller)  # before what another's job wrote is looked at
        if not strict:
            asked.desk.require(verb, request, asked.rights, strict=False)
            request = {name: _typed(value) for name, value in checked(about, request, strict=False).items()}
        asked.desk.require(verb, request, asked.rights)
    return jobs.add(wanted(verb, request, caller))


def own(asked: Asked) -> list[Job]:
    """Return the jobs of who asks that they may see today, the newest first."""
    return _jobs(asked).seen(_caller(asked).owner, asked.rights)


def found(asked: Asked, number: str) -> Job:
    """Return a job of who asks; raises what `own_job` raises."""
    job = own_job(_jobs(asked), number, _caller(asked))
    asked.note(asked.desk.verbs[job.asked.verb])
    return job


def cancel(asked: Asked, job: Job) -> None:
    """End a job that is not over."""
    _jobs(asked).cancel(job)


def told(job: Job) -> dict[str, Any]:
    """Return a job as the page shows it."""
    return about(job)


def _typed(value: Any) -> Any:
    """Return a checked value as JSON has it."""
    if isinstance(value, Upload):
        return value.model_dump(exclude_none=True)
    return [_typed(one) for one in value] if isinstance(value, list | tuple) else value


def _jobs(asked: Asked) -> Jobs:
    jobs: Jobs | None = getattr(asked.request.app.state, "jobs", None)
    if jobs is None:
        raise ValueError("this desk runs no jobs: ask it on the command line")
    return jobs


def _caller(asked: Asked) -> Any:
    if asked.caller is None:
        raise ValueError("jobs are of somebody who has signed in")
    return asked.caller
