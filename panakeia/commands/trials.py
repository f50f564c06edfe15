"""The commands of trials."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from panakeia.ask import Session
from panakeia.options import JsonOption
from panakeia.terminal import print_answer, print_note

trial_app = typer.Typer(help="Simulate whole trials.", no_args_is_help=True)


@trial_app.command("run")
def trial_run(
    design: Annotated[Path, typer.Argument(help="The trial's design.", metavar="TRIAL.toml")],
    out: Annotated[
        Path, typer.Option(help="Folder for result.json, subjects.csv, report.html and courses.npz.", metavar="DIR")
    ],
    as_json: JsonOption = False,
) -> None:
    """Simulate a trial and write its result, its subjects and a report.

    Example: panakeia trial run trial.toml --out out/trial
    """
    print_answer(Session().trial_run(design, out=out), as_json=as_json, rows=False)
    print_note(f"result.json, subjects.csv, report.html and courses.npz are in {out}")


@trial_app.command("export")
def trial_export(
    folder: Annotated[Path, typer.Argument(help="What `panakeia trial run --out` wrote.", metavar="DIR")],
    form: Annotated[Literal["xpt", "dataset-json"], typer.Option("--format", help="The files' format.")] = "xpt",
    out: Annotated[
        Path | None, typer.Option(help="Folder to write into, not DIR itself; else DIR/FORMAT.", metavar="DIR")
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
    as_json: JsonOption = False,
) -> None:
    """Write a trial that was run as SDTM and ADaM, with define.xml; its potential outcomes lie apart.

    Example: panakeia trial export out/trial --format dataset-json
    """
    begins = start.date() if start else None
    print_answer(Session().trial_export(folder, form, out=out, study=study, start=begins), as_json=as_json)
