"""The commands of studies."""

from pathlib import Path
from typing import Annotated

import typer

from panakeia.answer import Answer
from panakeia.ask import Session
from panakeia.commands.planning_options import (
    AlphaOption,
    ComparisonOptions,
    LookOptions,
    Numbers,
    SidesOption,
    StopKindOption,
    StopOptions,
    number_option,
    numbers_option,
    share_option,
)
from panakeia.option_groups import grouped
from panakeia.verb import verb

app = typer.Typer(help="From a candidate of the network to a trial of it.", no_args_is_help=True)


@verb(app, "study assurance", right="trials", needs=("store", "model"))
@grouped
def study_assurance(
    session: Session,
    drug: Annotated[str, typer.Argument(help="The candidate.", metavar="DRUG")],
    disease: Annotated[str, typer.Argument(help="What it may help against.", metavar="DISEASE")],
    of: ComparisonOptions,
    when: LookOptions,
    stop: StopOptions,
    carries_over: Annotated[
        float, share_option("Of drugs that are listed for a disease, how many have such an effect in such a trial.")
    ],
    effect_sd: Annotated[
        float, number_option("Deviation of what the effect may be; of a hazard ratio, its logarithm's.")
    ],
    sizes: Annotated[Numbers, numbers_option("Patients of both arms together; for survival, events.", "N[,N]")],
    probability: Annotated[float | None, share_option("In place of the model's calibrated probability.")] = None,
    cohort: Annotated[
        Path | None, typer.Option(help="Who could take part: a cohort's definition.", metavar="FILE.toml")
    ] = None,
    participation: Annotated[float, share_option("How many of the cohort take part.")] = 1.0,
    alpha: AlphaOption = 0.025,
    sides: SidesOption = 1,
    kind: StopKindOption = None,
) -> Answer:
    """Tell how likely a trial of a candidate is to succeed, by its size; all that is assumed is printed.

    Example: panakeia study assurance metformin "type 2 diabetes mellitus" --endpoint mean --effect -0.6 --sd 1.2
    --effect-sd 0.3 --carries-over 0.5 --sizes 100,200,400
    """
    from panakeia.prospect import Belief, Candidate

    looks = stop.looks(kind, when.shares, (alpha, sides, 0.1))
    pair = (drug, disease) if probability is None else Candidate(drug, disease, probability, "stated by who asks")
    found = session.study_assurance(
        pair,
        Belief(carries_over, effect_sd),
        of.comparison(),
        sizes,
        looks=looks,
        cohort=cohort,
        participation=participation,
    )
    return found
