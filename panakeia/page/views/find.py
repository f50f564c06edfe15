"""Find: one box for whatever the graph names; without a text it shows a worked example."""

from typing import Any

from panakeia.page.asked import Asked
from panakeia.page.models import model_of
from panakeia.page.render import address
from panakeia.page.suggested import suggestions
from panakeia.page.view import Page, View

_ORDER = ("Disease", "Drug", "Gene", "Variant", "Patient")
_SHOWN, _MOST = 30, 200


def _show(asked: Asked) -> Page:
    """Show what matches the text, kind by kind; without a text, an example: drugs ranked for a disease."""
    text, kind = asked.one("q"), asked.one("kind")
    values: dict[str, Any] = {"text": text, "kind": kind, "groups": [], "total": 0, "shown": 0, "example": None}
    if not text and not kind:
        names = suggestions(asked)
        example = _example(asked, names.get("Disease"))
        values |= {"example": example, "counts": _counts(asked), "model": model_of(asked), "names": names.values()}
        return Page("find.html.j2", "Find", values, rows=None if example is None else example["rows"])
    request: dict[str, Any] = {"text": text, "top": asked.whole("top", _SHOWN, _MOST)}
    found = asked.ask("search", request | ({"kind": kind} if kind else {})).content
    rows = [row | {"address": place(row["kind"], row["id"])} for row in found["nodes"]]
    kinds = dict.fromkeys([*_ORDER, *(row["kind"] for row in rows)])
    groups = [(one, [row for row in rows if row["kind"] == one]) for one in kinds]
    values |= {
        "model": None,
        "groups": [(one, held) for one, held in groups if held],
        "total": found["total"],
        "shown": len(rows),
    }
    return Page("find.html.j2", f"{text or kind} · Find", values | {"counts": {}}, rows=found["nodes"])


def place(kind: str, node: str) -> str:
    """Return where a node is shown first: a disease by its ranking, a patient by the record, all else as a node."""
    if kind == "Disease":
        return address("/disease", node=node)
    return address("/patient", patient=node) if kind == "Patient" else address("/node", node=node)


def _counts(asked: Asked) -> dict[str, int]:
    counts: dict[str, int] = asked.ask("info", {}, quiet=True).content["nodes"]
    return {kind: count for kind, count in counts.items() if kind != "Patient"}


def _example(asked: Asked, disease: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return the example: the first drugs for a disease of the graph; None where nothing can be ranked."""
    if disease is None:
        return None
    try:
        rows = asked.ask("rank", {"nodes": [disease["id"]], "top": 5}).content
    except (ValueError, OSError):
        return None
    return {"disease": disease, "rows": rows}


VIEW = View("find", "/", "Find", _show)
