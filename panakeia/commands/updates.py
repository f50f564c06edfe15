"""The command of a twin's update."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from panakeia.answer import Answer
from panakeia.ask import Session
from panakeia.options import (
    BetweenOccasionsOption,
    CalledOption,
    CarryOption,
    OccasionOption,
    SeedOption,
    SetOption,
    Twin,
    numbers,
    pairs,
    share,
)
from panakeia.verb import verb


def join(app: typer.Typer) -> None:
    """Add the command to the group of twins."""
    verb(app, "twin fit", right="trials", needs=("store",), long=True)(twin_fit)


def twin_fit(
    session: Session,
    model: Annotated[Twin, typer.Argument(help="A published model, or a file: SBML or CSV.", metavar="MODEL")],
    data: Annotated[
        Path | None,
        typer.Argument(help="One patient's doses and measurements in NONMEM columns.", metavar="PATIENT.csv"),
    ] = None,
    patient: Annotated[
        str | None, typer.Option(help="Instead: a patient of the store, by pseudonym.", metavar="ID")
    ] = None,
    regimen: Annotated[
        Path | None, typer.Option(help="The doses of that patient, in NONMEM columns.", metavar="REGIMEN.csv")
    ] = None,
    days: Annotated[
        str | None,
        typer.Option(
            help="Of that patient's calendar: the day of TIME 0, and the last: 2018-04-01:2018-06-01.",
            metavar="FIRST:LAST",
        ),
    ] = None,
    what_if: Annotated[
        list[Path] | None, typer.Option(help="Other doses, from their first on; repeatable.", metavar="REGIMEN.csv")
    ] = None,
    method: Annotated[Literal["map", "nuts"], typer.Option(help="The most likely parameters, or sampling.")] = "map",
    times: Annotated[str | None, typer.Option(help="When to foretell, start:stop:step in d or h.")] = None,
    level: Annotated[float, typer.Option(help="Share within the bounds.", parser=share, metavar="SHARE")] = 0.9,
    given: SetOption = None,
    called: CalledOption = None,
    carry: CarryOption = "nocb",
    occasion: OccasionOption = "",
    between_occasions: BetweenOccasionsOption = None,
    seed: SeedOption = 0,
) -> Answer:
    """Fit one patient's parameters to the patient's own measurements, and foretell the course, with intervals.

    A genotype that is not known is marginalised. Each --what-if has the same draws and luck as the doses of the data.
    A covariate may change from record to record; with --occasion, parameters differ between occasions too, and what is
    behind the last record is a new one.

    Example: panakeia twin fit theophylline_boeckmann1994 patient.csv --times 0:48:1h --what-if double.csv --json
    """
    from twin.fit.settings import FitSettings

    found = session.twin_fit(
        model,
        data,
        patient=patient,
        regimen=regimen,
        days=days,
        what_if=tuple(what_if or ()),
        method=method,
        times=times,
        level=level,
        settings=FitSettings(
            given=pairs(given, "--set"),
            called=pairs(called, "--dvid"),
            carried=carry,
            occasion=occasion,
            between_occasions=numbers(between_occasions, "--between-occasions"),
            seed=seed,
        ),
    )
    return found
