"""The commands of privacy: what a cohort gives away, and who asked what of whom; see `join`."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from kg.files.number import number
from panakeia.answer import Answer
from panakeia.ask import Session
from panakeia.options import As, whole
from panakeia.terminal import print_answer
from panakeia.verb import verb
from panakeia.verbs.disclosure import AGE_BAND_YEARS, QUASI

if TYPE_CHECKING:
    from kg.patients.journal import Journal


def epsilon(text: str) -> float:
    """Return an option that is an epsilon: a number above 0."""
    value = number(str(text))
    if value is None or value <= 0:
        raise typer.BadParameter(f"got {text!r}, expected a number above 0, such as 0.1")
    return value


def patient_disclosure(
    session: Session,
    cohort: Annotated[
        Path, typer.Argument(help="Criteria (TOML), pseudonyms (JSON, CSV), or a CSV of people.", metavar="COHORT")
    ],
    quasi: Annotated[
        list[str] | None,
        typer.Option(help="What an onlooker may know: age, sex, or a node; repeatable. Default: age, sex."),
    ] = None,
    sensitive: Annotated[
        list[str] | None, typer.Option(help="What must not be learned of anybody: a node; repeatable.")
    ] = None,
    threshold: Annotated[
        int | None, typer.Option("--k", parser=whole(2), help="Cells of fewer people are small. Default: 11.")
    ] = None,
    age_band: Annotated[
        int | None,
        typer.Option(parser=whole(1), help=f"Years in a band of ages. Default: {AGE_BAND_YEARS}; a CSV's stay."),
    ] = None,
    spend: Annotated[
        float | None, typer.Option("--epsilon", parser=epsilon, help="Counts with noise instead, at this cost.")
    ] = None,
    budget: Annotated[
        Path | None,
        As("here"),
        typer.Option(help="Where the budget is kept. Default: beside the store.", metavar="FILE"),
    ] = None,
    total: Annotated[
        float | None,
        typer.Option("--budget-total", parser=epsilon, help="Sum of all epsilons, set once. Default: 1."),
    ] = None,
) -> Answer:
    """Say what a cohort gives away (k-anonymity, l-diversity, t-closeness), or count it with differential privacy.

    Example: panakeia patient disclosure cohort.toml --quasi age,sex --sensitive "type 2 diabetes mellitus"
    """
    from kg.patients.budget import Charge

    charge = None if spend is None else Charge(spend, total, budget)
    if charge is None and (budget is not None or total is not None):
        raise ValueError("a budget is given, and nothing is spent of it: give --epsilon too")
    found = session.patient_disclosure(
        cohort,
        quasi=quasi or QUASI,
        sensitive=sensitive or (),
        threshold=threshold,
        age_band_years=age_band,
        charge=charge,
    )
    return found


def patient_journal(
    session: Session,
    verify: Annotated[bool, typer.Option("--verify", help="Fail where a line is not as it was written.")] = False,
) -> Answer:
    """Print who asked what of which patients, when, and whether anything of it was edited.

    Example: panakeia patient journal --verify
    """
    return session.patient_journal()


def _print_journal(found: Answer, how: Mapping[str, Any]) -> None:
    print_answer(found, as_json=how["as_json"], rows=not how["verify"])
    if how["verify"] and not cast("Journal", found).sound:
        raise typer.Exit(2)


def join(app: typer.Typer) -> None:
    """Add these commands to the group of patients'."""
    verb(app, "patient disclosure", right="patients", needs=("store",))(patient_disclosure)
    verb(app, "patient journal", right="write", needs=("store",), show=_print_journal)(patient_journal)
