"""Permuted blocks, within strata where covariates are named."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field, Strict

from kg.files.checked import Text
from twin.model import Floats
from twin.streams import uniforms
from twin.trials.allocations.allocation import Allocation, Arms, Enrolling


class Blocks(Allocation):
    """In each block of `size` patients every arm has its share; each stratum has blocks of its own.

    `strata` are covariates with levels; a number is cut at its median over who enrols.
    """

    kind: Literal["blocks"] = "blocks"
    size: Annotated[int, Strict(), Field(ge=2, le=100)] = 4
    strata: tuple[Text, ...] = ()

    @property
    def covariates_read(self) -> tuple[str, ...]:
        """The covariates that patients are balanced by."""
        return self.strata

    def misfit(self, shares: tuple[float, ...]) -> str:
        """Return whether an arm's share of a block is no whole number."""
        counts = _counts(shares, self.size)
        if np.allclose(counts, np.round(counts)) and counts.min() > 0.5:
            return ""
        told = ", ".join(f"{count:.3g}" for count in counts)
        return f"size: got {self.size}, of which the arms' shares are {told}; expected a size that gives whole numbers"

    def arms(self, enrolling: Enrolling) -> Arms:
        """Return each patient's arm."""
        block = np.repeat(np.arange(len(enrolling.shares)), np.round(_counts(enrolling.shares, self.size)).astype(int))
        found = np.empty(enrolling.n, np.intp)
        for stratum in _strata(enrolling, self.strata):
            begins = stratum[:: self.size]
            luck = uniforms(enrolling.seed, "allocation: block", [enrolling.ids[one] for one in begins], self.size)
            found[stratum] = block[np.argsort(luck, axis=1)].ravel()[: len(stratum)]
        return found


def level_of(values: np.ndarray) -> np.ndarray:
    """Return the stratum of each patient by one covariate: its level, or the half of a number: [patient]."""
    if values.dtype.kind in "fi":
        return np.asarray(values > np.median(values), np.int64)
    return np.unique(values.astype(str), return_inverse=True)[1]


def _strata(enrolling: Enrolling, names: tuple[str, ...]) -> list[np.ndarray]:
    if not names:
        return [np.arange(enrolling.n)]
    told = np.stack([level_of(np.asarray(enrolling.covariates[name])) for name in names])
    kinds = np.unique(told, axis=1, return_inverse=True)[1].ravel()
    return [np.flatnonzero(kinds == kind) for kind in range(kinds.max() + 1)]


def _counts(shares: tuple[float, ...], size: int) -> Floats:
    """Return how many patients of a block are in each arm, whole where the shares allow it."""
    return np.array(shares) / sum(shares) * size
