"""The commands of operating characteristics, and of what a design may be made of."""

from pathlib import Path
from typing import Annotated

import typer

from panakeia.ask import Session
from panakeia.options import JsonOption, whole
from panakeia.terminal import print_answer, print_note


def join(app: typer.Typer) -> None:
    """Add the commands to the group of trials."""
    app.command("simulate")(trial_simulate)
    app.command("choices")(trial_choices)


def trial_simulate(
    design: Annotated[Path, typer.Argument(help="The trial's design, with its scenarios.", metavar="TRIAL.toml")],
    out: Annotated[Path, typer.Option(help="Folder for what comes out; a stopped run goes on in it.", metavar="DIR")],
    replicates: Annotated[
        int, typer.Option(help="How often the trial is run under each scenario.", parser=whole(2), metavar="N")
    ] = 1000,
    workers: Annotated[int, typer.Option(help="Processes, a core each.", parser=whole(1, 10_000), metavar="N")] = 1,
    ray: Annotated[bool, typer.Option("--ray", help="The workers are Ray's, of this machine or of many.")] = False,
    truth_patients: Annotated[
        int,
        typer.Option(
            help="Patients, each in every arm, by whom the true effect is found.", parser=whole(2), metavar="N"
        ),
    ] = 10_000,
    as_json: JsonOption = False,
) -> None:
    """Run a trial many times: power, type I error, expected size, bias, coverage and stopping, by scenario.

    Example: panakeia trial simulate trial.toml --replicates 1000 --workers 2 --out out/power
    """
    found = Session().trial_simulate(
        design, out=out, replicates=replicates, workers=workers, ray=ray, truth_patients=truth_patients
    )
    print_answer(found, as_json=as_json, rows=False)
    print_note(f"operating_characteristics.json, .csv and .html are in {out}")


def trial_choices(as_json: JsonOption = False) -> None:
    """List what a trial's file may say: each table and kind, and the type, values, unit and default of each key.

    Example: panakeia trial choices
    """
    print_answer(Session().trial_choices(), as_json=as_json)
