"""A graph: each comparison has a share of alpha, passed on to others when it is rejected; gatekeeping is one."""

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import model_validator

from twin.trials.analysis.multiplicity import Graph as Bonferroni
from twin.trials.analysis.table import AnalysisError
from twin.trials.multiplicities.multiplicity import Multiplicity


class Graph(Multiplicity):
    """`weights` are the comparisons' shares of alpha, `transitions` [from, to] how a share is passed on.

    Comparisons are in the design's order: for each endpoint, each arm but the control.
    """

    kind: Literal["graph"] = "graph"
    weights: tuple[float, ...]
    transitions: tuple[tuple[float, ...], ...]

    @model_validator(mode="after")
    def _possible(self) -> Self:
        try:
            self._of(tuple(str(place) for place in range(len(self.weights))))
        except AnalysisError as failure:
            raise ValueError(str(failure)) from None
        except ValueError:
            raise ValueError("transitions: expected as many numbers in each row as there are weights") from None
        return self

    def adjusted(self, p_values: Mapping[str, float]) -> dict[str, float]:
        """Return the p-values after adjustment."""
        return self._of(tuple(p_values)).adjusted(p_values)

    def misfit(self, comparisons: int) -> str:
        """Return what does not fit so many comparisons."""
        fits = len(self.weights) == comparisons
        return "" if fits else f"got {len(self.weights)} weights, expected {comparisons}, one for each comparison"

    def _of(self, names: tuple[str, ...]) -> Bonferroni:
        return Bonferroni(names, self.weights, self.transitions)
