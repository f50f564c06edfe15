"""The report: sections of text, figures and tables, rendered as one self-contained page."""

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import jinja2
import pandas as pd
from matplotlib.figure import Figure

from kg.notebook import notebook_html
from kg.output import whole_file
from panakeia.cells import cell
from panakeia.figures import svg
from panakeia.inks import dark_rules, in_both


@dataclass(frozen=True)
class Table:
    """Rows to show as they are; folded behind its name where most readers will not ask for it."""

    rows: pd.DataFrame
    name: str = ""
    folded: bool = False


@dataclass(frozen=True)
class Section:
    """One section: a heading, what to know in a few sentences, a figure and tables, and what to doubt about them."""

    title: str
    lead: str = ""
    figure: Figure | None = None
    tables: tuple[Table, ...] = ()
    caption: str = ""


@dataclass(frozen=True)
class Report:
    """A page: a title, the findings in one sentence each, and the sections that bear them out."""

    title: str
    findings: tuple[str, ...]
    sections: tuple[Section, ...]
    versions: dict[str, str] = field(default_factory=dict)

    def to_text(self) -> str:
        """Return the title and the findings as plain lines."""
        return "\n".join([self.title, *(f"- {finding}" for finding in self.findings)])

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return notebook_html(self.title, self.to_frame())

    def to_frame(self) -> pd.DataFrame:
        """Return the findings, one a row."""
        return pd.DataFrame({"finding": list(self.findings)})

    def to_json(self) -> dict[str, object]:
        """Return title, findings and versions; the sections stand on the page."""
        return {"title": self.title, "findings": list(self.findings), "versions": self.versions}

    def to_html(self) -> str:
        """Return the page; it needs no other file and no network."""
        environment = jinja2.Environment(
            loader=jinja2.PackageLoader("panakeia", "."), autoescape=True, trim_blocks=True, lstrip_blocks=True
        )
        environment.filters["svg"] = lambda figure: in_both(svg(figure))
        environment.filters["cell"] = partial(cell, digits=3)
        return environment.get_template("report.html.j2").render(report=self, dark_figures=dark_rules())

    def write(self, path: str | Path) -> None:
        """Write the page to a file, making its folder where it is missing."""
        with whole_file(path) as part:
            part.write_text(self.to_html(), encoding="utf-8")
