"""Exports: a view exactly as it is seen, as a file that says of which data it is, and of which day."""

import io
import json
import re
from datetime import UTC, datetime

from starlette.responses import Response

from panakeia.page.asked import Asked
from panakeia.page.drawing import standing_alone
from panakeia.page.pixels import png
from panakeia.page.view import Page

_MEDIA = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "svg": "image/svg+xml",
    "png": "image/png",
}


def exported(asked: Asked, shown: Page, form: str) -> Response | None:
    """Return a view's rows as CSV, its rows or content as JSON, or one of its figures as SVG or PNG; else None."""
    version, day = asked.desk.version(), datetime.now(UTC).date().isoformat()
    body: str | bytes
    headers = {"X-Data-Version": version}
    if form == "csv" and shown.rows is not None:
        body = _csv(shown)
    elif form == "json" and (shown.rows is not None or shown.content is not None):
        told = {
            "title": shown.title,
            "data_version": version,
            "date": day,
            "address": asked.address(**{"as": None}),
            "command": [one.command for one in asked.questions],
            "answer": shown.content if shown.content is not None else list(shown.rows or ()),
        }
        body = json.dumps(told, ensure_ascii=False, indent=1, default=str)
    elif form in ("svg", "png") and (name := asked.one("figure")) in shown.figures:
        drawn = standing_alone(shown.figures[name], f"Panakeia, data {version}, {day}")
        body = drawn if form == "svg" else png(drawn)
    else:
        return None
    stem = re.sub(r"[^a-z0-9]+", "-", f"{shown.title} {version}".lower()).strip("-")[:80].strip("-")
    headers["Content-Disposition"] = f'attachment; filename="{stem}-{day}.{form}"'
    return Response(body, media_type=_MEDIA[form], headers=headers)


def no_form(shown: Page, form: str) -> str:
    """Return what there is of a view to take along, where it has no such form."""
    forms = ["csv"] if shown.rows is not None else []
    forms += ["json"] if shown.rows is not None or shown.content is not None else []
    forms += [f"{one}&figure={name}" for name in shown.figures for one in ("svg", "png")]
    return f"as: got {form[:20]!r}, expected one of {', '.join(forms)}" if forms else "nothing of this view is exported"


def _csv(shown: Page) -> str:
    import pandas as pd

    from kg.files.table import write_csv

    text = io.StringIO()
    write_csv(pd.DataFrame([dict(row) for row in shown.rows or ()]), text)
    return text.getvalue()
