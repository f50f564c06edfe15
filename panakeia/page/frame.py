"""Frame: what stands around every view: the menu, who is signed in, how to ask it anew, and the version of the data."""

from datetime import UTC, datetime
from typing import Any

from starlette.responses import Response

from panakeia.api.access.authenticate import form_token, session_of
from panakeia.api.access.refusal import Unauthenticated
from panakeia.page.asked import Asked
from panakeia.page.labels import labelled
from panakeia.page.render import rendered
from panakeia.page.view import Page, View
from panakeia.page.views.every import VIEWS


def framed(view: View, asked: Asked, shown: Page) -> Response:
    """Return a view's page, whole."""
    signed_in = asked.caller is not None
    values: dict[str, Any] = {
        **shown.values,
        "title": shown.title,
        "view": view,
        "places": {one.name for one in VIEWS},
        "asked": asked,
        "menu": [one for one in VIEWS if one.label and (one.right is None or one.right in asked.rights)],
        "caller": asked.caller,
        "csrf": _form_token(asked),
        "version": asked.version if signed_in else "",
        "date": datetime.now(UTC).date().isoformat(),
        "exports": _exports(asked, shown),
        "figures": shown.figures,
    }
    body = labelled(rendered(shown.template, values))
    return Response(body, shown.status, media_type="text/html; charset=utf-8", headers={"Vary": "Cookie, HX-Request"})


def _exports(asked: Asked, shown: Page) -> list[tuple[str, str]]:
    if shown.status != 200 or asked.request.method != "GET":
        return []
    found = []
    if shown.rows is not None:
        found.append(("CSV", asked.address(**{"as": "csv"})))
    if shown.rows is not None or shown.content is not None:
        found.append(("JSON", asked.address(**{"as": "json"})))
    if shown.rows is not None:
        found.append(("Parquet", asked.address(**{"as": "parquet"})))
    for name in shown.figures:
        words = name.replace("_", " ")
        found += [
            (f"{form.upper()}: {words}", asked.address(**{"as": form, "figure": name})) for form in ("svg", "png")
        ]
    return found


def _form_token(asked: Asked) -> str:
    try:
        session = session_of(asked.gate, asked.request.cookies)
    except Unauthenticated:
        return ""
    return form_token(asked.gate, session) if session else ""
