"""The command of fairness; see `join`."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, cast

import typer

from panakeia.answer import Answer
from panakeia.ask import Session
from panakeia.option_groups import grouped
from panakeia.options import As, SeedOption, share, whole
from panakeia.verb import verb

if TYPE_CHECKING:
    from twin.prognosis.fairness.mitigations.mitigation import Mitigation
    from twin.prognosis.fairness.mitigations.thresholds import Equal

Kind = Literal["chance", "class", "number", "figure"]
EQUAL = ("selection_rate", "true_positive_rate", "equalized_odds")
REWEIGHING = "reweighing"


@dataclass(frozen=True)
class ColumnOptions:
    """Which columns are compared in which groups."""

    group: Annotated[
        list[str],
        typer.Option("--group", help="Column of groups, repeatable; sex*race for combinations.", metavar="COL"),
    ]
    truth: Annotated[str | None, typer.Option(help="Column of what came true.", metavar="COL")] = None
    prediction: Annotated[str | None, typer.Option(help="Column of what was foretold.", metavar="COL")] = None
    figure: Annotated[
        str | None, typer.Option(help="Or a column of a figure that was measured of each row.", metavar="COL")
    ] = None
    kind: Annotated[Kind | None, typer.Option(help="What predictions are; told by their values if not given.")] = None
    threshold: Annotated[
        float, typer.Option(parser=share, help="From which chance on one is foretold to have it.", metavar="X")
    ] = 0.5
    subject: Annotated[str, typer.Option(help="Column of whose a row is.", metavar="COL")] = "USUBJID"


@dataclass(frozen=True)
class MitigationOptions:
    """How groups are brought nearer together."""

    mitigate: Annotated[
        list[str] | None,
        typer.Option(help=f"Show its price, repeatable: {', '.join((*EQUAL, REWEIGHING))}.", metavar="WAY"),
    ] = None
    feature: Annotated[
        list[str] | None, typer.Option(help="Column that the reweighed model learns from, repeatable.", metavar="COL")
    ] = None


@grouped
def fairness(
    session: Session,
    table: Annotated[Path, typer.Argument(help="A row for each prediction (CSV).", metavar="TABLE.csv")],
    columns: ColumnOptions,
    ways: MitigationOptions,
    metric: Annotated[list[str] | None, typer.Option(help="Only this metric, repeatable.", metavar="METRIC")] = None,
    draws: Annotated[int, typer.Option(parser=whole(100), help="Draws of the bootstrap.", metavar="N")] = 1000,
    seed: SeedOption = 0,
    withhold: Annotated[
        int | None,
        typer.Option("--k", parser=whole(2), help="Tell no count of fewer persons. Default: 5 for a graph's patients."),
    ] = None,
    plot: Annotated[
        Path | None, As("out"), typer.Option(help="Figure to write: PNG, SVG or PDF.", metavar="FILE")
    ] = None,
) -> Answer:
    """Compare how well predictions do by group of patients: each metric with its interval, and how far groups differ.

    Example: panakeia fairness foretold.csv --truth died --prediction chance --group sex --json
    """
    from twin.prognosis.fairness.cases import Asked
    from twin.prognosis.fairness.compare import Settings

    asked = Asked(
        tuple(columns.group),
        columns.truth,
        columns.prediction,
        columns.figure,
        columns.kind,
        columns.threshold,
        columns.subject,
    )
    found = session.fairness(
        table,
        asked,
        settings=Settings(tuple(metric or ()), draws, seed=seed),
        mitigations=_mitigations(ways),
        fewest_told=withhold,
        plot=plot,
    )
    return found


def _mitigations(ways: MitigationOptions) -> list["Mitigation"]:
    from twin.prognosis.fairness.mitigations.reweighing import Reweighing
    from twin.prognosis.fairness.mitigations.thresholds import Thresholds

    for way in ways.mitigate or ():
        if way not in (*EQUAL, REWEIGHING):
            raise ValueError(f"--mitigate: got {way!r}, expected any of {', '.join((*EQUAL, REWEIGHING))}")
    if (REWEIGHING in (ways.mitigate or ())) != bool(ways.feature):
        raise ValueError("reweighing learns a model anew: give --mitigate reweighing and each --feature of it")
    return [
        Reweighing(tuple(ways.feature or ())) if way == REWEIGHING else Thresholds(cast("Equal", way))
        for way in ways.mitigate or ()
    ]


def join(app: typer.Typer) -> None:
    """Add the command."""
    verb(app, "fairness", right="patients", long=True)(fairness)
