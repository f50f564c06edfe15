"""Queue: the jobs of who asks, as the page begins, shows and ends them."""

from collections.abc import Mapping
from typing import Any

from panakeia.api.jobs import about, owner_of, require_own
from panakeia.desk.jobs.job import Asked as Wanted
from panakeia.desk.jobs.job import Job, now
from panakeia.desk.jobs.queue import Jobs
from panakeia.page.asked import Asked


def begin(asked: Asked, verb: str, request: Mapping[str, Any]) -> Job:
    """Queue a verb; raises what the desk raises for what cannot be asked, and where no more jobs are taken."""
    jobs, caller = _jobs(asked), _caller(asked)
    require_own(jobs, asked.desk.verbs[verb], request, caller)
    asked.desk.require(verb, request, asked.rights)
    return jobs.add(Wanted(owner_of(caller), verb, request, asked.rights, now()))


def own(asked: Asked) -> list[Job]:
    """Return the jobs of who asks, the newest first."""
    return list(_jobs(asked).of(owner_of(_caller(asked))))


def found(asked: Asked, number: str) -> Job:
    """Return a job of who asks; raises `ValueError` for a number of none of theirs."""
    try:
        return _jobs(asked).find(number, owner_of(_caller(asked)))
    except KeyError:
        raise ValueError("none of your jobs has this number: the page Jobs lists them") from None


def cancel(asked: Asked, job: Job) -> None:
    """End a job that is not over."""
    _jobs(asked).cancel(job)


def told(job: Job) -> dict[str, Any]:
    """Return a job as the page shows it."""
    return about(job)


def _jobs(asked: Asked) -> Jobs:
    jobs: Jobs | None = getattr(asked.request.app.state, "jobs", None)
    if jobs is None:
        raise ValueError("this desk runs no jobs: ask it on the command line")
    return jobs


def _caller(asked: Asked) -> Any:
    if asked.caller is None:
        raise ValueError("jobs are of somebody who has signed in")
    return asked.caller
