"""Variants: a design under each of its scenarios."""

import math
import re
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

from kg.files.checked import DesignError, check
from twin.trials.protocol import TrialDesign
from twin.trials.scenario import NULL, Scenario

MOST = 1_000
"""Scenarios of one design."""


def variants(design: TrialDesign) -> list[tuple[Scenario, TrialDesign]]:
    """Return a design as it stands, under each of its scenarios and each point of its grid, and without an effect.

    Raises `DesignError` for a key that the design does not have, and for what it may not be, by the scenario's name.
    """
    points = math.prod(len(values) for values in design.vary.values()) if design.vary else 0
    if points + len(design.scenarios) > MOST:
        raise DesignError(f"vary: {points:,} combinations, expected at most {MOST:,} scenarios in all")
    told = [Scenario(name="as designed"), *design.scenarios, *_points(design.vary)]
    if not any(scenario.null for scenario in told):
        told.append(Scenario(name=NULL, null=True))
    names = [" ".join(scenario.name.split()).casefold() for scenario in told]
    again = [told[place].name for place, name in enumerate(names) if name in names[:place]]
    if again:
        raise DesignError(f"scenarios: {', '.join(again)} is there twice; expected a name of its own for each")
    return [(scenario, changed(design, scenario)) for scenario in told]


def changed(design: TrialDesign, scenario: Scenario) -> TrialDesign:
    """Return a design under a scenario."""
    content = design.model_dump(mode="json", exclude_none=True)
    content["scenarios"], content["vary"] = [], {}
    if not any(key.startswith("population") for key in scenario.set):
        content["population"] = design.population  # whose patients are read already
    for key, value in scenario.set.items():
        _put(content, key, value, scenario.name)
    if scenario.null:
        control = {name: rule for name, rule in content["arms"][0].items() if name not in ("name", "share")}
        content["arms"] = [{"name": arm["name"], "share": arm["share"], **control} for arm in content["arms"]]
        for endpoint in content["endpoints"]:  # arms as far apart as the margin, tested against it: the same test
            endpoint.pop("margin", None)
    return check(content, TrialDesign, f"scenario {scenario.name!r}")


def short(key: str) -> str:
    """Return what of a key a reader needs: its last part, two of a long one.

    >>> short("trial.subjects_per_arm"), short("conduct.adherence.mean")
    ('subjects_per_arm', 'adherence.mean')
    """
    parts = key.split(".")
    return ".".join(parts[-2:] if len(parts) > 2 else parts[-1:])


def _points(grid: Mapping[str, Sequence[Any]]) -> list[Scenario]:
    """Return a scenario for each combination of a grid's values."""
    if not grid:
        return []
    names = [short(key) for key in grid]
    names = names if len(set(names)) == len(names) else list(grid)
    return [
        Scenario(
            name=", ".join(f"{name} = {value}" for name, value in zip(names, values, strict=True)),
            set=dict(zip(grid, values, strict=True)),
        )
        for values in product(*grid.values())
    ]


def _put(content: Any, key: str, value: Any, scenario: str) -> None:
    """Put a value where a key with dots and places points; raise `DesignError` where nothing can stand there."""
    here, parts = (
        content,
        [int(part) if re.fullmatch("[0-9]+", part) else part for part in re.findall(r"[^.\[\]]+", key)],
    )
    if not parts or key.startswith(("vary", "scenarios")):
        raise DesignError(f"scenario {scenario!r}: {key!r} names no key of a design that may vary")
    for place, part in enumerate(parts):
        there = (isinstance(here, dict) and isinstance(part, str)) or (
            isinstance(here, list) and isinstance(part, int) and part < len(here)
        )
        last = place == len(parts) - 1
        if not there or (not last and isinstance(here, dict) and part not in here):
            told = (
                ", ".join(here) if isinstance(here, dict) else f"{len(here)} places" if isinstance(here, list) else here
            )
            raise DesignError(f"scenario {scenario!r}: {key}: {part!r} is not there; expected one of: {told}")
        if last:
            here[part] = value
        else:
            here = here[part]
