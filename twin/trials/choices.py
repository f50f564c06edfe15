"""Choices: what a trial's file may choose from, read off the kinds themselves."""

from typing import Any

from pydantic_core import PydanticUndefined

from kg.files.checked import Choice
from twin.populations.population import Population
from twin.trials.adherences.adherence import Adherence
from twin.trials.allocations.allocation import Allocation
from twin.trials.endpoints.endpoint import Endpoint
from twin.trials.enrolments.enrolment import Enrolment
from twin.trials.estimators.estimator import Estimator
from twin.trials.hazards.hazard import Hazard
from twin.trials.multiplicities.multiplicity import Multiplicity
from twin.trials.policies.policy import Policy
from twin.trials.titrations.titration import Titration

PARTS: dict[str, type[Choice]] = {
    "population": Population,
    "arms[].policy": Policy,
    "titration": Titration,
    "endpoints[]": Endpoint,
    "endpoints[].analysis": Estimator,
    "hazards[]": Hazard,
    "conduct.adherence": Adherence,
    "allocation": Allocation,
    "enrolment": Enrolment,
    "analysis.multiplicity": Multiplicity,
}
"""Where a file chooses, and what it chooses."""


def choices() -> list[dict[str, Any]]:
    """Return a row for each kind: part (where it stands), kind, what it is, and its keys with their usual values.

    A key without a usual value must be written; `usual` is None for one that may be left out without one.
    """
    return [
        {"part": part, "kind": kind, "what": _said(found), "keys": _keys(found)}
        for part, base in PARTS.items()
        for kind, found in sorted(base.kinds().items())
    ]


def _said(kind: type[Choice]) -> str:
    """Return the first sentence of what a kind says of itself."""
    return " ".join((kind.__doc__ or "").strip().split("\n\n")[0].split())


def _keys(kind: type[Choice]) -> list[dict[str, Any]]:
    found = []
    for name, field in kind.model_fields.items():
        if name == "kind":
            continue
        usual = None if field.default is PydanticUndefined or field.default_factory else field.default
        plain = usual if isinstance(usual, str | int | float | bool | None) else list(usual)
        found.append({"name": name, "needed": field.is_required(), "usual": plain})
    return found
