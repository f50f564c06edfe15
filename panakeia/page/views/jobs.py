"""Jobs: what takes long, how far it is, what came out, and the way to end it."""

from collections.abc import Mapping
from typing import Any

from panakeia.api.lines import http_line
from panakeia.desk.jobs.job import OVER
from panakeia.desk.lines import command_line, python_line
from panakeia.page.asked import Asked, without_contents
from panakeia.page.queue import cancel, found, own, told
from panakeia.page.told import Finished, files_of
from panakeia.page.view import Away, Page, View


def _all(asked: Asked) -> Page:
    """List the jobs of who asks."""
    rows = [told(job) | {"command": asked.desk.verbs[job.asked.verb].command} for job in own(asked)]
    return Page("jobs.html.j2", "Jobs", {"rows": rows}, rows=[_plain(row) for row in rows])


def _one(asked: Asked) -> Page | Away:
    """Show a job; end it where a form asks for that."""
    job = found(asked, asked.request.path_params["number"])
    if asked.request.method == "POST":
        cancel(asked, job)
        return Away(f"/jobs/{job.id}")
    about = told(job)
    verb = asked.desk.verbs[job.asked.verb]
    request = without_contents(verb, job.asked.request)
    files = files_of(about)
    finished = Finished(job) if about["state"] == "done" else None
    values = {
        "job": about,
        "over": about["state"] in OVER,
        "verb": verb,
        "lines": [
            ("Command line", command_line(verb, request)),
            ("Python", python_line(verb, request, *asked.desk.called)),
            ("HTTP", http_line(verb, request, asked.base)),
        ],
        "files": files,
        "report": next((one for one in files if one["name"].endswith("report.html")), None),
        "design": _text(job.asked.request.get("design")),
        "answer": finished.told if finished else None,
    }
    title, content = f"{verb.command} · Jobs", {"job": about}
    if finished is None:
        return Page("job.html.j2", title, values, content=content)
    whole = asked.one("as") != ""
    return Page(
        "job.html.j2",
        title,
        values,
        rows=finished.rows() if whole else finished.told.rows,
        content=content | {"result": finished.content()} if whole else content,
        version=finished.told.version,
    )


def _text(given: Any) -> str:
    if isinstance(given, Mapping):
        given = given.get("text")
    return given if isinstance(given, str) else ""


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("id", "verb", "state", "made", "since", "step", "fraction")}


VIEW = View("jobs", "/jobs", "Jobs", _all)
ONE = View("jobs", "/jobs/{number}", "", _one, methods=("GET", "POST"))
