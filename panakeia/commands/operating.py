"""The commands of operating characteristics, and of what a design may be made of."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from panakeia.answer import Answer
from panakeia.ask import Session
from panakeia.options import As, whole
from panakeia.terminal import print_note
from panakeia.verb import print_text, verb


def _print(found: Answer, how: Mapping[str, Any]) -> None:
    print_text(found, how)
    print_note(f"operating_characteristics.json, .csv and .html are in {how['out']}")


def join(app: typer.Typer) -> None:
    """Add the commands to the group of trials."""
    verb(app, "trial simulate", right="trials", long=True, show=_print)(trial_simulate)
    verb(app, "trial choices", right="trials")(trial_choices)


def trial_simulate(
    session: Session,
    design: Annotated[Path, typer.Argument(help="The trial's design, with its scenarios.", metavar="TRIAL.toml")],
    out: Annotated[
        Path, As("out"), typer.Option(help="Folder for what comes out; a stopped run goes on in it.", metavar="DIR")
    ],
    replicates: Annotated[
        int, typer.Option(help="How often the trial is run under each scenario.", parser=whole(2), metavar="N")
    ] = 1000,
    workers: Annotated[
        int, As("here"), typer.Option(help="Processes, a core each.", parser=whole(1, 10_000), metavar="N")
    ] = 1,
    ray: Annotated[
        bool, As("here"), typer.Option("--ray", help="The workers are Ray's, of this machine or of many.")
    ] = False,
    truth_patients: Annotated[
        int,
        typer.Option(
            help="Patients, each in every arm, by whom the true effect is found.", parser=whole(2), metavar="N"
        ),
    ] = 10_000,
) -> Answer:
    """Run a trial many times: power, type I error, expected size, bias, coverage and stopping, by scenario.

    Example: panakeia trial simulate trial.toml --replicates 1000 --workers 2 --out out/power
    """
    found = session.trial_simulate(
        design, out=out, replicates=replicates, workers=workers, ray=ray, truth_patients=truth_patients
    )
    return found


def trial_choices(session: Session) -> Answer:
    """List what a trial's file may say: each table and kind, and the type, values, unit and default of each key.

    Example: panakeia trial choices
    """
    return session.trial_choices()
