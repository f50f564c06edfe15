"""The command of several hypotheses under one alpha."""

from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer

from panakeia.answer import Answer
from panakeia.ask import Session
from panakeia.commands.planning_options import Spending, number_option
from panakeia.options import SeedOption, decimal, pairs, whole
from panakeia.verb import verb

if TYPE_CHECKING:
    from twin.trials.design.hypotheses import Hypothesis
    from twin.trials.design.spending import Rule

HypothesesOption = Annotated[
    list[str],
    typer.Option(
        "--hypothesis",
        help="Repeatable: name, share of alpha, hazard-ratio and events at each analysis (- where it is not tested), or"
        " drift, the mean of z in the end, and information.",
        metavar="OS,alpha=.02,hazard-ratio=.74,events=391/490",
    ),
]


def join(design_app: typer.Typer) -> None:
    """Put the command among those of a trial's design."""
    verb(design_app, "trial design multiplicity", right="trials", long=True)(trial_design_multiplicity)


def trial_design_multiplicity(
    session: Session,
    hypothesis: HypothesesOption,
    passes: Annotated[
        list[str] | None,
        typer.Option("--pass", help="Part that a rejected one passes on; else evenly to all.", metavar="PFS>OS=1"),
    ] = None,
    correlation: Annotated[float, number_option("How the tests correlate, each pair alike.")] = 0.0,
    kind: Annotated[Spending, typer.Option(help="How each spends its alpha over its looks.")] = "lan-demets-of",
    parameter: Annotated[float | None, number_option("Of hsd and kim-demets.")] = None,
    trials: Annotated[
        int, typer.Option(help="Simulated trials.", parser=whole(100, 10_000_000), metavar="N")
    ] = 100_000,
    seed: SeedOption = 0,
) -> Answer:
    """Share alpha among hypotheses, each with its looks; a rejected one passes its share on to others.

    Example: panakeia trial design multiplicity --hypothesis PFS,alpha=.005,hazard-ratio=.69,events=597/-
    --hypothesis OS,alpha=.02,hazard-ratio=.74,events=391/500 --correlation .5
    """
    from twin.trials.design.hypotheses import Family
    from twin.trials.design.spending import Rule

    passed = None
    if passes:
        named = pairs(passes, "--pass")
        if wrong := [name for name in named if name.count(">") != 1]:
            raise ValueError(f"--pass: got {wrong[0]!r}, expected two names, as PFS>OS=1")
        ends = {name: tuple(part.strip() for part in name.split(">")) for name in named}
        passed = {(ends[name][0], ends[name][1]): decimal(part) for name, part in named.items()}
    rule = Rule(kind, parameter)
    family = Family(tuple(_hypothesis(text, rule) for text in hypothesis), passed, correlation)
    return session.trial_design_multiplicity(family, trials=trials, seed=seed)


def _hypothesis(text: str, rule: "Rule") -> "Hypothesis":
    from twin.trials.design.hypotheses import Hypothesis

    name, *parts = [part.strip() for part in text.split(",")]
    stated = {key.strip(): value.strip() for key, _, value in (part.partition("=") for part in parts)}
    if set(stated) == {"alpha", "drift", "information"}:
        information = _listed(stated["information"])
        return Hypothesis(name, decimal(stated["alpha"]), decimal(stated["drift"]), information, rule)
    if set(stated) != {"alpha", "hazard-ratio", "events"}:
        raise ValueError(
            f"--hypothesis: got {text!r}, expected NAME,alpha=A,hazard-ratio=HR,events=E/E or"
            " NAME,alpha=A,drift=Z,information=T/1"
        )
    events = _listed(stated["events"])
    last = max((count for count in events if count is not None), default=0.0)
    drift = -float(np.log(decimal(stated["hazard-ratio"]))) * float(np.sqrt(last)) / 2.0
    shares = tuple(None if count is None else count / last for count in events)
    return Hypothesis(name, decimal(stated["alpha"]), drift, shares, rule)


def _listed(text: str) -> tuple[float | None, ...]:
    return tuple(None if part.strip() == "-" else decimal(part) for part in text.split("/"))
