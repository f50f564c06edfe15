"""The command of policies."""

from pathlib import Path
from typing import Annotated

import typer

from panakeia.answer import Answer
from panakeia.ask import Session
from panakeia.commands.planning_options import Numbers, numbers_option
from panakeia.options import As, SeedOption, Twin, decimal
from panakeia.verb import verb
from panakeia.verbs.policies import POLICIES
from panakeia.verbs.twins import TWIN


def join(app: typer.Typer) -> None:
    """Add the command to the group of twins."""
    verb(app, "twin policies", right="trials", long=True)(twin_policies)


def twin_policies(
    session: Session,
    target: Annotated[str, typer.Option(help="The range to be kept in.", metavar="OBSERVABLE=2:3")],
    days: Annotated[Numbers, numbers_option("Visits, from 0; the last day is the end.", "0,3,7,14,28")],
    high: Annotated[float, typer.Option(help="The most of one dose.", parser=decimal, metavar="DOSE")],
    policy: Annotated[
        list[str] | None,
        typer.Option(
            help="Repeatable: fixed=5, 'table=5 2:10 3:0 -10', typical or twin, also of another model: twin=MODEL.",
            metavar="POLICY",
        ),
    ] = None,
    model: Annotated[Twin, typer.Option(help="A model of the twin.", metavar="M")] = TWIN,
    second: Annotated[
        Twin | None, typer.Option(help="Another one of the drug; else the library's own.", metavar="M")
    ] = None,
    cohort: Annotated[Path | None, typer.Option(help="Patients' covariates.", metavar="C.csv")] = None,
    low: Annotated[float, typer.Option(help="The least dose.", parser=decimal, metavar="DOSE")] = 0.0,
    step: Annotated[
        float | None, typer.Option(help="Doses are multiples of it.", parser=decimal, metavar="DOSE")
    ] = None,
    every: Annotated[str, typer.Option(help="How often a dose is taken: 24h.", metavar="TIME")] = "24h",
    out: Annotated[Path | None, As("out"), typer.Option(help="CSV to write.", metavar="SCORES.csv")] = None,
    seed: SeedOption = 0,
) -> Answer:
    """Score policies, rules that choose each next dose from what was measured, on a model and on a second one.

    A policy is scored by how long it keeps virtual patients in the range, with intervals; one that is good only in the
    model it was made with has learned the model. A whole trial of policies is `trial run`.

    Example: panakeia twin policies --cohort cohort.csv --target INR=2:3 --days 0,3,7,14,28 --high 15 --step 0.5
    --policy fixed=5 --policy twin
    """
    found = session.twin_policies(
        target,
        days,
        high=high,
        policies=tuple(policy or POLICIES),
        model=model,
        second=second,
        cohort=cohort,
        low=low,
        step=step,
        every=every,
        seed=seed,
        out=out,
    )
    return found
