"""The commands of twins."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from panakeia.answer import Answer
from panakeia.ask import Session
from panakeia.options import As, SeedOption, SetOption, Twin, pairs
from panakeia.terminal import print_answer, print_note
from panakeia.verb import verb
from panakeia.verbs.twins import TWIN

twin_app = typer.Typer(help="Simulate treatment trajectories of patients.", no_args_is_help=True)


def _print_course(found: Answer, how: Mapping[str, Any]) -> None:
    if how["out"] is None:
        print_answer(found, as_json=how["as_json"], as_csv=not how["as_json"])
    print_note(found.to_text())


@verb(twin_app, "twin simulate", right="trials", needs=("store",), show=_print_course)
def twin_simulate(
    session: Session,
    regimen: Annotated[
        Path, typer.Option(help="Doses in NONMEM columns (TIME and II in hours).", metavar="REGIMEN.csv")
    ],
    model: Annotated[Twin, typer.Option(help="A published model, or a file: SBML or CSV.")] = TWIN,
    cohort: Annotated[Path | None, typer.Option(help="Patients' covariates.", metavar="COHORT.csv")] = None,
    patient: Annotated[str | None, typer.Option(help="A patient of the store, by pseudonym.", metavar="ID")] = None,
    times: Annotated[str, typer.Option(help="start:stop:step in days (d) or hours (h).")] = "0:84:1d",
    out: Annotated[
        Path | None, As("out"), typer.Option(help="CSV to write; else it is printed.", metavar="TRAJECTORIES.csv")
    ] = None,
    typical: Annotated[bool, typer.Option("--typical", help="Switch all variability off.")] = False,
    residual: Annotated[
        bool, typer.Option("--residual/--no-residual", help="Bounds of what is measured, not of what is true.")
    ] = False,
    uncertainty: Annotated[
        bool, typer.Option("--uncertainty", help="Draw the published parameters by their standard errors too.")
    ] = False,
    given: SetOption = None,
    seed: SeedOption = 0,
) -> Answer:
    """Simulate each patient's trajectory under a regimen, with an interval.

    A patient's covariates come from the record, or by hand with --set; a genotype that neither tells is marginalised
    over how frequent it is.

    Example: panakeia twin simulate --patient PANAKEIA:P-0123 --regimen regimen.csv --times 0:84:1d --set age_years=71
    """
    found = session.twin_simulate(
        regimen,
        cohort=cohort,
        patient=patient,
        times=times,
        model=model,
        seed=None if typical else seed,
        residual=residual,
        uncertainty=uncertainty,
        given=pairs(given, "--set"),
        out=out,
    )
    return found


@verb(twin_app, "twin models", right="trials")
def twin_models(
    session: Session,
    name: Annotated[Twin | None, typer.Argument(help="One model: its parameters and sources.", metavar="NAME")] = None,
) -> Answer:
    """List the models of twins: covariates, observables, assumptions, what each leaves out; of one, how it is solved.

    Example: panakeia twin models warfarin_hamberg2007 --json
    """
    return session.twin_models(name)
