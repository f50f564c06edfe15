"""Design: a trial on twins as a form and as TOML, each shown in the other, and its run as a job."""

from typing import Any

from panakeia.page.asked import Asked
from panakeia.page.designs import EXAMPLES, example, fields_of, groups_of, with_fields
from panakeia.page.queue import begin
from panakeia.page.render import address
from panakeia.page.view import Away, Page, View
from twin.library import MODELS

_MOST = 40_000
"""Letters of a design that a URL may hold."""


def _show(asked: Asked) -> Page | Away:
    """Show the design of the state, or run it."""
    toml = _toml(asked)
    if asked.request.method == "POST":
        if asked.one("use") != "run":
            return Away(address("/trial/twins", toml=toml))
        job = begin(asked, "trial_run", {"design": toml})
        return Away(f"/jobs/{job.id}")
    asked.shown("trial_run", {"design": toml})
    values: dict[str, Any] = {
        "toml": toml,
        "groups": groups_of(toml),
        "choices": {"trial.model": list(MODELS), "trial.design": ["twins", "parallel"]},
        "examples": EXAMPLES,
    }
    fields = fields_of(toml)
    name = fields["trial.name"].text if "trial.name" in fields else "Design"
    content = {"toml": toml, "fields": {one.name: one.value for one in fields.values()}}
    return Page("design.html.j2", f"{name} · Trial", values, content=content)


def _toml(asked: Asked) -> str:
    """Return the design: the example, or the text of the state, with what was changed in the form since it was shown.

    Whoever reads the form from the TOML wants no change of the form.
    """
    text = asked.one("toml").replace("\r\n", "\n") or example(asked.one("example") or EXAMPLES[0])
    if len(text) > _MOST:
        raise ValueError(f"toml: got {len(text):,} letters, expected up to {_MOST:,}: run it on the command line")
    if asked.one("use") not in ("form", "run"):
        return text
    shown = asked.one("shown").replace("\r\n", "\n") or text
    was = {name: field.text for name, field in fields_of(shown).items()}
    said = {name[2:]: str(value).strip() for name, value in asked.state.multi_items() if name.startswith("f.")}
    return with_fields(text, {name: value for name, value in said.items() if value and value != was.get(name)})


VIEW = View("trial", "/trial/twins", "", _show, right="trials", methods=("GET", "POST"))
