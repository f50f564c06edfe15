"""Exports: a view exactly as it is seen, as a file that says of which data it is, and of which day."""

import json
import re
from datetime import UTC, datetime

from starlette.responses import Response

from panakeia.answer import Table
from panakeia.desk.tables import FORMS, Form, rendered
from panakeia.page.asked import Asked
from panakeia.page.drawing import standing_alone
from panakeia.page.pixels import png
from panakeia.page.view import Page

_MEDIA = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "parquet": FORMS["parquet"],
    "svg": "image/svg+xml",
    "png": "image/png",
}


def exported(asked: Asked, shown: Page, form: str) -> Response | None:
    """Return a view's rows as CSV or Parquet, its rows or content as JSON, or a figure as SVG or PNG; else None."""
    version, day = shown.version or asked.version, datetime.now(UTC).date().isoformat()
    body: str | bytes
    headers = {"X-Data-Version": version}
    if form == "csv" and shown.rows is not None:
        body = _table(shown, "csv")
    elif form == "parquet" and shown.rows is not None:
        body = _table(shown, "parquet")
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
    forms = ["csv", "parquet"] if shown.rows is not None else []
    forms += ["json"] if shown.rows is not None or shown.content is not None else []
    forms += [f"{one}&figure={name}" for name in shown.figures for one in ("svg", "png")]
    return f"as: got {form[:20]!r}, expected one of {', '.join(forms)}" if forms else "nothing of this view is exported"


def _table(shown: Page, form: Form) -> bytes:
    import pandas as pd

    return rendered(Table(shown.title, pd.DataFrame([dict(row) for row in shown.rows or ()])), form)
