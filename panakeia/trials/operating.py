"""Operating characteristics for a reader: a table, plots, and the files they are written into."""

import json
from pathlib import Path

import pandas as pd

from kg.files.table import write_csv
from kg.files.text import create_text
from kg.output import whole_set
from panakeia.report import Report, Section, Table
from panakeia.trials.sensitivity import BASE, sensitivity_section
from twin.trials.operating import LEVEL, OperatingCharacteristics
from twin.trials.plots import curve_figure, power_figure

FILES = tuple(f"operating_characteristics.{ending}" for ending in ("json", "csv", "html"))
"""What operating characteristics are written into, in a folder."""


def write_characteristics(found: OperatingCharacteristics, out: str | Path) -> None:
    """Write operating characteristics as JSON, CSV and a page into a folder."""
    first, *lines = found.to_text().splitlines()
    versions = {"seed": str(found.design.trial.seed), **found.versions}
    page = Report(first, tuple(line.strip() for line in lines), sections(found), versions).to_html()
    with whole_set(*(Path(out) / name for name in FILES)) as (told, table, report):
        told.write_text(json.dumps(found.to_json(), indent=2, allow_nan=False) + "\n", encoding="utf-8")
        with create_text(table) as file:
            write_csv(found.table, file)
        report.write_text(page, encoding="utf-8")


def sections(found: OperatingCharacteristics) -> tuple[Section, ...]:
    """Return the sections of the page: power by scenario, a curve for what varies, and all figures."""
    primary = found.design.endpoints[0]
    power = Section(
        title=f"How often the trial finds {found.design.arms[1].name} better",
        lead=(
            f"{found.replicates} trials under each scenario, by {primary.name}: {primary.words(found.design.grid)}."
            " Power is the share that reject in the better direction; where no arm is better, that is the type I error."
        ),
        figure=power_figure(found),
        tables=(Table(_read(found.primary)),),
        caption=(
            f"Intervals ({LEVEL:.0%}) and standard errors hold the chance of a finite number of replicates. The truth"
            f" is that of the same estimand had nobody left, in {found.truth_patients:,} twins who go through every"
            " arm. Where a trial may stop early, stopping itself biases its estimates."
        ),
    )
    varied = [
        key for key, values in found.design.vary.items() if all(isinstance(value, int | float) for value in values)
    ]
    curves = [Section(title=f"Power against {key}", figure=curve_figure(found, key)) for key in varied]
    return (
        power,
        *_leaning(found),
        *curves,
        Section(title="All endpoints", tables=(Table(_read(found.table), "All", folded=True),)),
    )


def _leaning(found: OperatingCharacteristics) -> list[Section]:
    """Return how far the power leans on what the design's scenarios change, where there are any."""
    changed = [scenario.name for scenario in found.design.scenarios if not scenario.null]
    rows = found.primary[found.primary["scenario"].isin([BASE, *changed])]
    return [sensitivity_section(rows)] if changed else []


def _read(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with what a reader compares side by side."""
    return pd.DataFrame(
        {
            "scenario": table["scenario"],
            "endpoint": table["endpoint"],
            "arm": table["treated"],
            "power or type I error": [
                f"{row.rejected:.3f} ({row.rejected_lower:.3f} to {row.rejected_upper:.3f})"
                for row in table.itertuples()
            ],
            "true effect": [f"{row.truth:.4g} (SE {row.truth_se:.2g})" for row in table.itertuples()],
            "bias": [f"{row.bias:+.2g} (SE {row.bias_se:.2g})" for row in table.itertuples()],
            "coverage": [
                f"{row.coverage:.3f} ({row.coverage_lower:.3f} to {row.coverage_upper:.3f})"
                for row in table.itertuples()
            ],
            "SD of estimates": table["sd"],
            "their stated SE": table["mean_se"],
            "patients analysed": table["patients"],
            "enrolled": table["enrolled"],
            "no estimate": table["failed"],
        }
    )
