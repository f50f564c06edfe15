"""The commands of trials."""

from pathlib import Path
from typing import Annotated

import typer

from panakeia.ask import Session
from panakeia.options import JsonOption
from panakeia.terminal import print_answer, print_note

trial_app = typer.Typer(help="Simulate whole trials.", no_args_is_help=True)


@trial_app.command("run")
def trial_run(
    design: Annotated[Path, typer.Argument(help="The trial's design.", metavar="TRIAL.toml")],
    out: Annotated[Path, typer.Option(help="Folder for result.json, subjects.csv and report.html.", metavar="DIR")],
    as_json: JsonOption = False,
) -> None:
    """Simulate a trial and write its result, its subjects and a report.

    Example: panakeia trial run trial.toml --out out/trial
    """
    print_answer(Session().trial_run(design, out=out), as_json=as_json, rows=False)
    print_note(f"result.json, subjects.csv and report.html are in {out}")
