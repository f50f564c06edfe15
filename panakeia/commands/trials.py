"""The commands of trials."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from panakeia.answer import Answer
from panakeia.ask import Session
from panakeia.options import As
from panakeia.terminal import print_note
from panakeia.verb import print_text, verb

trial_app = typer.Typer(help="Simulate whole trials.", no_args_is_help=True)


def _print(found: Answer, how: Mapping[str, Any]) -> None:
    print_text(found, how)
    print_note(f"result.json, subjects.csv, report.html and courses.npz are in {how['out']}")


@verb(trial_app, "trial run", right="trials", long=True, show=_print)
def trial_run(
    session: Session,
    design: Annotated[Path, typer.Argument(help="The trial's design.", metavar="TRIAL.toml")],
    out: Annotated[
        Path,
        As("out"),
        typer.Option(help="Folder for result.json, subjects.csv, report.html and courses.npz.", metavar="DIR"),
    ],
) -> Answer:
    """Simulate a trial and write its result, its subjects and a report.

    Example: panakeia trial run trial.toml --out out/trial
    """
    return session.trial_run(design, out=out)


@verb(trial_app, "trial export", right="trials", long=True)
def trial_export(
    session: Session,
    folder: Annotated[Path, As("kept"), typer.Argument(help="What `panakeia trial run --out` wrote.", metavar="DIR")],
    form: Annotated[Literal["xpt", "dataset-json"], typer.Option("--format", help="The files' format.")] = "xpt",
    out: Annotated[
        Path | None,
        As("out"),
        typer.Option(help="Folder to write into, not DIR itself; else DIR/FORMAT.", metavar="DIR"),
    ] = None,
    study: Annotated[
        str | None, typer.Option(help="STUDYID; else made of the trial's name.", metavar="STUDYID")
    ] = None,
    start: Annotated[
        datetime | None,
        typer.Option(
            help="Made-up day on which the study starts, from 1900 on.", formats=["%Y-%m-%d"], metavar="YYYY-MM-DD"
        ),
    ] = None,
) -> Answer:
    """Write a trial that was run as SDTM and ADaM, with define.xml; its potential outcomes lie apart.

    Example: panakeia trial export out/trial --format dataset-json
    """
    begins = start.date() if start else None
    return session.trial_export(folder, form, out=out, study=study, start=begins)
