"""Misfits: what of a design's choices does not go together, each told with its key."""

from collections.abc import Mapping, Sequence

from twin.covariates import Continuous, Covariate
from twin.trials.allocations.allocation import Allocation
from twin.trials.endpoints.endpoint import Endpoint
from twin.trials.hazards.hazard import Hazard
from twin.trials.part import Part
from twin.trials.policies.fixed import Fixed

DRAWN = ("adherence", "allocation", "enrolment", "measurement", "occasion", "parameters", "population")
"""What chance decides in every trial. An event of such a name would share its luck."""
COLUMNS = (
    *("STUDYID", "USUBJID", "ARM", "SHOWN", "DOSEMEAN", "DOSELAST", "EOSSTT", "EOSDY"),
    *("AGE", "RACE", "HEIGHTBL", "WEIGHTBL", "AVAL", "BASE", "CNSR", "AVISITN", "TRT01P", "PROGNOSIS"),
)
"""Of tables of subjects: no endpoint may be called so."""
OUTCOMES = {"value": "one value a patient", "timed": "a time to an event", "repeated": "a value at each visit"}


def misfits(
    parts: Sequence[tuple[str, Part]], covariates: Mapping[str, Covariate], shares: tuple[float, ...]
) -> list[str]:
    """Return what does not fit, of the parts of a design, the population's covariates and the arms' shares."""
    found: list[str] = []
    for key, part in parts:
        if isinstance(part, Fixed):
            found += [f"{key}.{told}" for told in _of_regimen(part, covariates)]
        elif isinstance(part, Endpoint):
            found += [f"{key}.analysis: {told}" for told in _of_analysis(part)]
        elif isinstance(part, Allocation) and (told := part.misfit(shares)):
            found.append(f"{key}.{told}")
        elif isinstance(part, Hazard) and (part.name in DRAWN or ":" in part.name):
            told = f"got {part.name!r}, which names something else that chance decides, or has a colon"
            found.append(f"{key}.name: {told}; expected another name")
    return found


def collisions(
    endpoints: Sequence[Endpoint], hazards: Sequence[str], covariates: Sequence[str], days: Sequence[int]
) -> list[str]:
    """Return endpoints whose columns in a table of subjects are those of something else."""
    taken = {name.casefold() for name in (*COLUMNS, *covariates, *(f"{hazard}_DY" for hazard in hazards))}
    found = []
    for place, endpoint in enumerate(endpoints):
        name = endpoint.name
        own = {"value": [name], "timed": [name, f"{name}CNSR"], "repeated": [name, *(f"{name}_D{day}" for day in days)]}
        columns = {column.casefold(): column for column in own[endpoint.gives]}
        if both := taken & columns.keys():
            told = f"got {name!r}, and {columns[min(both)]} is the name of another column of subjects"
            found.append(f"endpoints[{place}].name: {told}; expected another name")
        taken |= columns.keys()
    return found


def _of_regimen(regimen: Fixed, covariates: Mapping[str, Covariate]) -> list[str]:
    """Return groups that cannot be told by their covariate, and doses for each unit of what is no number."""
    found = []
    for place, group in enumerate(regimen.instead):
        covariate, key = covariates.get(group.covariate), f"instead[{place}]"
        if isinstance(covariate, Continuous) and group.levels:
            found.append(f"{key}.levels: {group.covariate} is a number; expected above or below")
        elif covariate is not None and not isinstance(covariate, Continuous):
            known = ", ".join(covariate.levels)
            if not group.levels:
                found.append(f"{key}: {group.covariate} is no number; expected levels, some of {known}")
            elif unknown := [level for level in group.levels if level not in covariate.levels]:
                found.append(f"{key}.levels: got {', '.join(unknown)}, expected some of {known}")
    if regimen.per and not isinstance(covariates.get(regimen.per, Continuous("", "", 0, 0)), Continuous):
        found.append(f"per: {regimen.per} is no number; expected a covariate that is one")
    return found


def _of_analysis(endpoint: Endpoint) -> list[str]:
    """Return why an endpoint cannot be analysed as it is to be."""
    estimator, gives = endpoint.estimator, OUTCOMES[endpoint.gives]
    if estimator.needs != endpoint.gives:
        return [f"{estimator.kind} needs {OUTCOMES[estimator.needs]}, and {endpoint.kind} is {gives}; expected another"]
    if estimator.needs_baseline and not endpoint.has_baseline:
        return [f"{estimator.kind} adjusts for BASE, and {endpoint.kind} has no baseline; expected other covariates"]
    return []
