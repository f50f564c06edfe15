"""About: of what versions the desk speaks: the graph's sources with their licences, and the models with their cards."""

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markupsafe import Markup

from panakeia.api.access.roles import RIGHTS
from panakeia.page.asked import Asked
from panakeia.page.view import Page, View
from panakeia.verb import DOES

_CARD = "MODEL_CARD.md"


def _show(asked: Asked) -> Page:
    """Show sources, counts, models."""
    found = asked.ask("info", {}).content
    models = [_model(row, asked.desk.kept(row["folder"])) for row in asked.ask("models_list", {}).content]
    return Page(
        "about.html.j2",
        "About",
        {"info": found, "models": models, "software": _software(), "roles": _roles()},
        rows=found["sources"],
        content={"graph": found, "models": [{**model["row"], "card": model["text"]} for model in models]},
    )


def _roles() -> list[tuple[str, list[str]]]:
    """Return each role with what it may do, in words."""
    return [(role, [DOES[right] for right in DOES if right in rights]) for role, rights in RIGHTS.items()]


def _model(row: dict[str, Any], place: Path) -> dict[str, Any]:
    """Return a model's summary with its card, which lies in its folder."""
    card = place / _CARD
    text = card.read_text(encoding="utf-8") if card.is_file() else ""
    markup = MarkdownIt("commonmark", {"html": False}).enable("table").render(text)
    told = {name: value for name, value in row.items() if name != "evaluation"}
    return {"row": told, "text": text, "card": Markup(_lower(markup))}


def _lower(markup: str) -> str:
    """Return a card's headings two levels down, where they belong on this page."""
    for level in range(4, 0, -1):
        markup = markup.replace(f"<h{level}>", f"<h{level + 2}>").replace(f"</h{level}>", f"</h{level + 2}>")
    return markup


def _software() -> str:
    try:
        return version("panakeia")
    except PackageNotFoundError:
        return "of this checkout"


VIEW = View("about", "/about", "About", _show)
