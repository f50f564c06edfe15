"""The command of a population's fit."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from panakeia.answer import Answer
from panakeia.ask import Session
from panakeia.options import (
    As,
    BetweenOccasionsOption,
    CalledOption,
    CarryOption,
    OccasionOption,
    SeedOption,
    SetOption,
    Twin,
    numbers,
    pairs,
    whole,
)
from panakeia.verb import verb


def join(app: typer.Typer) -> None:
    """Add the command to the group of twins."""
    verb(app, "twin fit-population", right="trials", long=True)(twin_fit_population)


def twin_fit_population(
    session: Session,
    model: Annotated[Twin, typer.Argument(help="A published model, or a file: SBML or CSV.", metavar="MODEL")],
    data: Annotated[Path, typer.Argument(help="Doses and measurements in NONMEM columns.", metavar="DATA.csv")],
    method: Annotated[Literal["focei", "laplace", "nuts"], typer.Option(help="How etas are integrated out.")] = "focei",
    start: Annotated[
        list[str] | None, typer.Option(help="Where a parameter's search begins.", metavar="NAME=VALUE")
    ] = None,
    fixed: Annotated[list[str] | None, typer.Option("--fix", help="What stays as published.", metavar="NAME")] = None,
    free: Annotated[
        list[str] | None, typer.Option("--free", help="What is fitted though the model fixes it.", metavar="NAME")
    ] = None,
    given: SetOption = None,
    called: CalledOption = None,
    carry: CarryOption = "nocb",
    occasion: OccasionOption = "",
    between_occasions: BetweenOccasionsOption = None,
    most_steps: Annotated[int, typer.Option(help="Pause after so many steps.", parser=whole(0), metavar="STEPS")] = 500,
    resume: Annotated[Path | None, As("kept"), typer.Option(help="Go on from such a folder.", metavar="DIR")] = None,
    out: Annotated[
        Path | None, As("out"), typer.Option(help="Folder for the fit, its tables and figures.", metavar="DIR")
    ] = None,
    seed: SeedOption = 0,
) -> Answer:
    """Fit a population's parameters, the variability between patients and the residual error.

    A covariate may change from record to record; with --occasion, variability between occasions is fitted too.

    Example: panakeia twin fit-population theophylline_boeckmann1994 data.csv --method focei --json
    """
    from twin.fit.settings import FitSettings

    how = FitSettings(
        given=pairs(given, "--set"),
        called=pairs(called, "--dvid"),
        start=numbers(start, "--start"),
        fixed=tuple(fixed or ()),
        free=tuple(free or ()),
        carried=carry,
        occasion=occasion,
        between_occasions=numbers(between_occasions, "--between-occasions"),
        most_steps=most_steps,
        seed=seed,
    )
    found = session.twin_fit_population(model, data, method=method, settings=how, resume=resume, out=out)
    return found
