"""The command of doses."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from panakeia.answer import Answer
from panakeia.ask import Session
from panakeia.options import As, SeedOption, SetOption, Twin, decimal, pairs, share, whole
from panakeia.terminal import print_answer
from panakeia.verb import verb
from panakeia.verbs.twins import TWIN


def _print(found: Answer, how: Mapping[str, Any]) -> None:
    print_answer(found, as_json=how["as_json"], rows=how["out"] is None)


def join(app: typer.Typer) -> None:
    """Add the command to the group of twins."""
    verb(app, "twin dose", right="trials", needs=("store",), long=True, show=_print)(twin_dose)


def twin_dose(
    session: Session,
    target: Annotated[str, typer.Option(help="A value, or a range OBSERVABLE=2:3.", metavar="OBSERVABLE=2.5")],
    model: Annotated[Twin, typer.Option(help="A model of the twin.", metavar="M")] = TWIN,
    patient: Annotated[str | None, typer.Option(help="A patient of the store, by pseudonym.", metavar="ID")] = None,
    cohort: Annotated[Path | None, typer.Option(help="Patients' covariates.", metavar="C.csv")] = None,
    measured: Annotated[
        Path | None, typer.Option(help="One patient's doses and measurements: fitted first.", metavar="PATIENT.csv")
    ] = None,
    regimen: Annotated[
        Path | None, typer.Option(help="Doses under which the patient's labs were measured.", metavar="REGIMEN.csv")
    ] = None,
    days: Annotated[str | None, typer.Option(help="Which labs: the patient's calendar.", metavar="FIRST:LAST")] = None,
    given: SetOption = None,
    low: Annotated[float | None, typer.Option(help="The least dose.", parser=decimal, metavar="DOSE")] = None,
    high: Annotated[float | None, typer.Option(help="The most of one dose.", parser=decimal, metavar="DOSE")] = None,
    step: Annotated[
        float | None, typer.Option(help="Doses are multiples of it.", parser=decimal, metavar="DOSE")
    ] = None,
    every: Annotated[str, typer.Option(help="How often: 24h, 7d, or once.", metavar="TIME")] = "24h",
    compartment: Annotated[str | None, typer.Option(help="Where doses enter; else as usual.", metavar="NAME")] = None,
    duration: Annotated[str | None, typer.Option(help="Of an infusion: 2h.", metavar="TIME")] = None,
    measure: Annotated[Literal["trough", "mean", "peak"], typer.Option(help="What counts of an interval.")] = "trough",
    after: Annotated[str | None, typer.Option(help="What counts is seen so long after a dose.", metavar="TIME")] = None,
    at: Annotated[
        str | None, typer.Option(help="When it is seen; else once nothing changes any more.", metavar="TIME")
    ] = None,
    limit: Annotated[
        list[str] | None, typer.Option(help="To be kept, repeatable: 'INR<4'.", metavar="OBSERVABLE<4")
    ] = None,
    confidence: Annotated[float, typer.Option(help="With which probability.", parser=share, metavar="SHARE")] = 0.95,
    loading: Annotated[
        int, typer.Option(help="So many first doses of an amount of their own.", parser=whole(0), metavar="N")
    ] = 0,
    loading_at: Annotated[
        str | None,
        typer.Option(help="When these meet the target; else after the last one's interval.", metavar="TIME"),
    ] = None,
    current: Annotated[
        float | None, typer.Option(help="The dose that patients are on.", parser=decimal, metavar="DOSE")
    ] = None,
    most_change: Annotated[
        float | None,
        typer.Option(help="The most by which a dose differs from the one before.", parser=decimal, metavar="SHARE"),
    ] = None,
    draws: Annotated[
        int | None, typer.Option(help="Patients that bounds are made of; 0: none.", parser=whole(0), metavar="N")
    ] = None,
    level: Annotated[float, typer.Option(help="Share within the bounds.", parser=share, metavar="SHARE")] = 0.9,
    uncertainty: Annotated[
        bool, typer.Option("--uncertainty", help="Bounds with the parameters' standard errors too.")
    ] = False,
    out: Annotated[
        Path | None, As("out"), typer.Option(help="CSV to write, a row a patient.", metavar="DOSES.csv")
    ] = None,
    plot: Annotated[
        Path | None, As("out"), typer.Option(help="Dose-response of the first patient.", metavar="FILE.png")
    ] = None,
    seed: SeedOption = 0,
) -> Answer:
    """Find the dose that brings an observable to a target, or keeps it in a range the longest, under limits.

    Where no dose within the bounds does, it says why, and which comes nearest. With --loading N, the first N doses are
    found too, that meet the target (the middle of a range) at their end; with --current and --most-change, the steps
    from the dose that a patient is on.

    Example: panakeia twin dose --cohort cohort.csv --target INR=2.5 --low 0.5 --high 15 --step 0.5 --limit 'INR<4'
    """
    found = session.twin_dose(
        target,
        model=model,
        patient=patient,
        cohort=cohort,
        measured=measured,
        regimen=regimen,
        days=days,
        given=pairs(given, "--set"),
        low=low,
        high=high,
        step=step,
        every=every,
        compartment=compartment,
        duration=duration,
        measure=measure,
        after=after,
        at=at,
        limits=tuple(limit or ()),
        confidence=confidence,
        loading=loading,
        loading_at=loading_at,
        current=current,
        most_change=most_change,
        draws=draws,
        level=level,
        uncertainty=uncertainty,
        seed=seed,
        out=out,
        plot=plot,
    )
    return found
