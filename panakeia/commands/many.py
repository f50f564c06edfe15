"""The command of many patients."""

from pathlib import Path
from typing import Annotated

import typer

from panakeia.answer import Answer
from panakeia.ask import Session
from panakeia.options import As, SeedOption, Twin, whole
from panakeia.verb import verb
from panakeia.verbs.twins import TWIN


def join(app: typer.Typer) -> None:
    """Add the command to the group of twins."""
    verb(app, "twin simulate-population", right="trials", long=True)(twin_simulate_population)


def twin_simulate_population(
    session: Session,
    population: Annotated[Path, typer.Option(help="How covariates are distributed.", metavar="POPULATION.toml")],
    regimen: Annotated[Path, typer.Option(help="Doses in NONMEM columns, for everyone.", metavar="REGIMEN.csv")],
    patients: Annotated[int, typer.Option(help="How many.", parser=whole(1), metavar="N")],
    out: Annotated[
        Path, As("out"), typer.Option(help="Folder for the courses; a stopped run goes on in it.", metavar="DIR")
    ],
    model: Annotated[Twin, typer.Option(help="A published model, or the file of one's own.")] = TWIN,
    times: Annotated[str, typer.Option(help="start:stop:step in days (d) or hours (h).")] = "0:84:7d",
    workers: Annotated[
        int,
        As("here"),
        typer.Option(help="Processes, by Ray where there are several.", parser=whole(1, 10_000), metavar="N"),
    ] = 1,
    residual: Annotated[
        bool, typer.Option("--residual/--no-residual", help="Courses as measured, not as they are.")
    ] = False,
    seed: SeedOption = 0,
) -> Answer:
    """Simulate millions of patients of a population, a chunk at a time, and tell how they are spread.

    Example: panakeia twin simulate-population --population population.toml --regimen regimen.csv --patients 1000000
    --workers 2 --out out/population
    """
    found = session.twin_simulate_population(
        population,
        regimen,
        patients=patients,
        out=out,
        times=times,
        model=model,
        workers=workers,
        residual=residual,
        seed=seed,
    )
    return found
