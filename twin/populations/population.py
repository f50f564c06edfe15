"""Population: the contract of all that says who may be enrolled, and how a model's covariates make its schema."""

from abc import abstractmethod
from collections.abc import Mapping
from functools import cache
from typing import Any, ClassVar, Self

from pydantic import create_model

from kg.files.checked import Choice, Text
from twin.assumption import Assumption
from twin.covariates import Covariate
from twin.patient import Cohort


class Population(Choice):
    """Who may be enrolled; a table without a kind is one of distributions.

    A schema knows which covariates a population may state: `stating` makes it.
    """

    found_in = ("twin.populations",)
    covariates: ClassVar[tuple[Covariate, ...]] = ()
    source: Text

    @classmethod
    def stating(cls, covariates: tuple[Covariate, ...]) -> type[Self]:
        """Return the schema of a population that may state these covariates, and must where a model asks for them."""
        found: type[Self] = _stating(cls, covariates)
        return found

    @classmethod
    def keys(cls, covariates: tuple[Covariate, ...]) -> dict[str, Any]:
        """Return the keys that a kind has for these covariates, as for `pydantic.create_model`."""
        return {}

    @classmethod
    def kinds(cls) -> dict[str, type[Self]]:
        """Return what may be chosen, by name, for the covariates of this schema."""
        found: dict[str, type[Any]] = super(Population, Population).kinds()
        return {kind: one.stating(cls.covariates) if cls.covariates else one for kind, one in found.items()}

    @classmethod
    def spelled_out(cls, value: Any) -> Any:
        """Return the table that a shorter way of writing stands for."""
        return {"kind": "distributions", **value} if isinstance(value, Mapping) else value

    @classmethod
    def _chosen(cls, value: Any) -> Any:
        return value if isinstance(value, Population) else super()._chosen(value)

    @property
    @abstractmethod
    def stated(self) -> tuple[str, ...]:
        """The covariates that it states, by name."""

    @abstractmethod
    def sample(self, size: int, seed: int, first: int = 1) -> Cohort:
        """Return a cohort of all covariates that are stated, the patients from number `first` on.

        A patient hangs on seed and number alone: the first patients of a larger cohort are those of a smaller one.
        """

    @abstractmethod
    def assumptions(self) -> list[Assumption]:
        """Return what it takes for granted."""

    @property
    def most(self) -> int | None:
        """How many patients there are at most; None where there is no end."""
        return None

    @property
    def fingerprint(self) -> dict[str, Any]:
        """Return all that its patients hang on, as JSON values."""
        return self.model_dump(mode="json")

    def mistakes(self) -> list[str]:
        """Return what the covariates do not allow, each as `key: what`."""
        return []

    def __reduce__(self) -> tuple[Any, ...]:
        """Say how a copy in another process is made: its schema is found by its covariates, not by name."""
        return _read_again, (self.kind, self.covariates, self.model_dump(mode="json"))


def numbered(size: int, first: int) -> tuple[str, ...]:
    """Return the ids of the patients from number `first` on.

    >>> numbered(2, 9)
    ('S000009', 'S000010')
    """
    return tuple(f"S{number:06d}" for number in range(first, first + size))


@cache
def _stating(kind: type[Population], covariates: tuple[Covariate, ...]) -> Any:
    if kind is Population:
        return type("Population", (Population,), {"found_in": Population.found_in, "covariates": covariates})
    schema = create_model(kind.__name__, __base__=kind, **kind.keys(covariates))
    schema.covariates = covariates
    return schema


def _read_again(kind: str, covariates: tuple[Covariate, ...], content: dict[str, Any]) -> Population:
    return Population.kinds()[kind].stating(covariates).model_validate(content)
