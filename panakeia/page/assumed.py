"""Assumed: what a plan by formula takes for granted, and the kinds of its looks, in words."""

from collections.abc import Mapping
from typing import Any

from panakeia.cells import cell

_ENDPOINTS = {"means": "a mean", "rates": "a rate", "events": "time to an event"}
_NAMES = {
    "endpoint": "what the arms are compared by",
    "effect": "difference of the arms' means",
    "sd": "standard deviation within an arm",
    "sd_control": "standard deviation on control",
    "treatment": "share with the event on treatment",
    "control": "share with the event on control",
    "hazard_ratio": "hazard on treatment over that on control",
    "events": "share of patients who have the event",
    "allocation": "patients on treatment for each one on control",
    "control_median": "median time to the event on control",
}
_NULLS = {
    "means": "difference of the means, were there no effect",
    "rates": "difference of the shares, were there no effect",
    "events": "ratio of the hazards, were there no effect",
}
KINDS: Mapping[str, tuple[str, str]] = {
    "obrien-fleming": ("O'Brien and Fleming", "strict at first, at the end nearly as with one look"),
    "pocock": ("Pocock", "as strict at each look"),
    "wang-tsiatis": ("Wang and Tsiatis", "between O'Brien and Fleming's and Pocock's"),
    "lan-demets-of": ("O'Brien and Fleming, spent", "an error spent as theirs, whenever looks come (Lan and DeMets)"),
    "lan-demets-pocock": ("Pocock, spent", "an error spent as his, whenever looks come (Lan and DeMets)"),
    "hsd": ("Hwang, Shih and DeCani", "an error spent by a parameter, whenever looks come"),
    "kim-demets": ("Kim and DeMets", "an error spent by a power of the information, whenever looks come"),
}
"""Kinds of bounds: their names, and what they do; a kind that is not here stands by its name."""


def assumed_words(assumptions: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the assumptions of a plan as words and values.

    >>> assumed_words({"endpoint": "means", "null": 0.0, "known_sd": False})[1]
    ('difference of the means, were there no effect', '0')
    """
    endpoint = str(assumptions.get("endpoint", ""))
    found = []
    for name, value in assumptions.items():
        if value is None:
            continue
        if name == "known_sd":
            told = "known beforehand: z test" if value else "estimated in the trial: t test"
            found.append(("the standard deviation", told))
        elif name == "null":
            found.append((_NULLS.get(endpoint, "the effect, were there none"), cell(value)))
        elif name == "endpoint":
            found.append((_NAMES[name], _ENDPOINTS.get(endpoint, endpoint)))
        else:
            found.append((_NAMES.get(name, name.replace("_", " ")), cell(value)))
    return found
