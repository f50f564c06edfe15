"""Wording: quantities as people write them, in what a page says of a trial."""

import re
from dataclasses import replace
from typing import Any

from panakeia.report import Report, Section, Table
from twin.covariates import Continuous
from twin.model import Model
from twin.words import with_unit


def worded(report: Report, model: Model) -> Report:
    """Return a report that calls a model's quantities by their words: `tacrolimus_ug_per_L` is `tacrolimus [ug/L]`."""
    units = dict(model.observables) | {one.name: one.unit for one in model.covariates if isinstance(one, Continuous)}
    words = {name: with_unit(name, unit) for name, unit in units.items()}
    name = re.compile(rf"\b({'|'.join(sorted(map(re.escape, words), key=len, reverse=True))})\b")

    def said(text: Any) -> Any:
        return name.sub(lambda found: words[found[0]], text) if isinstance(text, str) else text

    def of_section(section: Section) -> Section:
        tables = tuple(Table(one.rows.map(said), said(one.name), one.folded) for one in section.tables)
        return replace(
            section, title=said(section.title), lead=said(section.lead), tables=tables, caption=said(section.caption)
        )

    findings = tuple(map(said, report.findings))
    return replace(
        report, title=said(report.title), findings=findings, sections=tuple(map(of_section, report.sections))
    )
