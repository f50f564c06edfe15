"""A mixture: several populations of distributions, each with its share of the patients."""

from collections.abc import Mapping
from math import fsum
from typing import Annotated, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from kg.files.checked import Positive, Text, at_least
from twin.assumption import Assumption
from twin.covariates import Covariate
from twin.patient import Cohort
from twin.populations.distributions import Distributions
from twin.populations.population import Population, numbered
from twin.streams import uniforms


class Component(Distributions):
    """A part of a mixture: a population of distributions, its name, and its share of all patients."""

    name: Text
    share: Positive


class Mixed(Population):
    """Patients of several `parts`: those of one ancestry, say, with allele frequencies of their own."""

    kind: Literal["mixture"] = "mixture"
    parts: tuple[Component, ...]

    @classmethod
    def keys(cls, covariates: tuple[Covariate, ...]) -> dict[str, Any]:
        """Return the key of the parts, which state these covariates."""
        part = Component.stating(covariates)
        return {"parts": (Annotated[tuple[part, ...], at_least(2)], ...)}  # type: ignore[valid-type]

    @property
    def stated(self) -> tuple[str, ...]:
        """The covariates that all parts state, by name."""
        return self.parts[0].stated

    def sample(self, size: int, seed: int, first: int = 1) -> Cohort:
        """Return a cohort, the patients from number `first` on; each patient's part hangs on luck of its own."""
        ids = numbered(size, first)
        ends = np.cumsum([part.share for part in self.parts])
        of = np.searchsorted(ends / ends[-1], uniforms(seed, "population: part", ids), side="right")
        names, drawn = np.array(ids, object), [dict[str, NDArray[Any]]() for _ in self.parts]
        for place, part in enumerate(self.parts):
            drawn[place] = part.drawn(tuple(names[of == place]), seed)
        back = np.argsort(np.argsort(of, kind="stable"), kind="stable")
        return Cohort(ids, {name: np.concatenate([one[name] for one in drawn])[back] for name in self.stated})

    def assumptions(self) -> list[Assumption]:
        """Return the shares of the parts, and what each takes for granted."""
        rows = [
            Assumption("population", f"Share of the patients who are of the part {part.name!r}.", part.share, "1")
            for part in self.parts
        ]
        rows = [row._replace(reason=self.source) for row in rows]
        inside = [(part.name, row) for part in self.parts for row in part.assumptions()]
        told: Mapping[Assumption, list[str]] = {row: [n for n, one in inside if one == row] for _, row in inside}
        for row, names in told.items():
            of = "" if len(names) == len(self.parts) else f"{' and '.join(names)}: "
            rows.append(row._replace(assumption=of + row.assumption))
        return rows

    def mistakes(self) -> list[str]:
        """Return what the covariates do not allow in a part."""
        return [f"parts[{place}].{told}" for place, part in enumerate(self.parts) for told in part.mistakes()]

    @model_validator(mode="after")
    def _parts_make_a_whole(self) -> Self:
        total = fsum(part.share for part in self.parts)
        if abs(total - 1.0) > 1e-6:
            raise ValueError(f"parts: the shares sum to {total:.6g}, expected 1")
        names = [part.name for part in self.parts]
        for place, part in enumerate(self.parts):
            if names.index(part.name) < place:
                raise ValueError(f"parts[{place}].name: got {part.name!r}, which another part has")
            for name in {name for other in self.parts for name in other.stated} - set(part.stated):
                raise ValueError(f"parts[{place}].{name}: missing; another part states it")
        return self
