"""Measure: what the measures of every kind of outcome have in common, and where they are."""

import importlib
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from twin.estimate import Estimate
from twin.model import Floats
from twin.prognosis.question import Kind, Question
from twin.prognosis.risk import measures

Figures = Mapping[str, float]
"""Figures by their names; NaN where one cannot be had."""


class Measures(Protocol):
    """The measures of a kind of outcome."""

    @property
    def ranking(self) -> str:
        """The figure that says how well patients are told apart."""
        ...

    def losses(self, outcome: Floats, score: Floats, question: Question, seen: Floats) -> Floats:
        """Return the squared error of each row; of times, weighted for those cut off, as in the outcomes `seen`."""
        ...

    def figures(self, outcome: Floats, score: Floats, question: Question, flat: bool) -> Figures:
        """Return all figures of forecasts; `flat` ones are the same for everybody and tell nobody apart."""
        ...

    def ranked(self, outcome: Floats, scores: Floats, level: float) -> tuple[list[Estimate], list[Estimate]]:
        """Return the ranking of each of the scores [score, row], and how far each is above the first; none if empty.

        Rows are of different patients; the intervals are closed.
        """
        ...


def measures_of(kind: Kind) -> Measures:
    """Return the measures of a kind of outcome."""
    found: Any = importlib.import_module(f"{measures.__name__}.{kind}").MEASURES
    return found  # type: ignore[no-any-return]


def logits(chance: Floats, least: float = 1e-3) -> Floats:
    """Return log odds; a chance nearer to 0 or 1 than `least` counts as that, so that one patient is not everything."""
    inside = np.clip(chance, least, 1.0 - least)
    return np.asarray(np.log(inside / (1.0 - inside)))
