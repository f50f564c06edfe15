"""Filter: whose statements count when the graph is asked."""

from collections.abc import Collection
from dataclasses import dataclass

from kg.graph import Evidence
from kg.schema import KNOWLEDGE_LEVELS


@dataclass(frozen=True)
class Filter:
    """Which evidence counts: an edge does if one of its statements passes. What is empty asks for nothing.

    A statement passes if its source is one of `sources` and none of `without_sources`, its licence one of `licences`,
    and its knowledge level one of `knowledge_levels` (`kg.schema.KNOWLEDGE_LEVELS`). Degrees stay those of the whole
    graph, so that a node is as general under every filter. Raises `ValueError` for a level that there is not.
    """

    sources: Collection[str] = ()
    licences: Collection[str] = ()
    knowledge_levels: Collection[str] = ()
    without_sources: Collection[str] = ()

    def __post_init__(self) -> None:
        if strange := set(self.knowledge_levels) - KNOWLEDGE_LEVELS:
            levels = ", ".join(sorted(KNOWLEDGE_LEVELS))
            raise ValueError(f"{', '.join(sorted(strange))} is no knowledge level: expected some of {levels}")

    def __bool__(self) -> bool:
        """Whether anything is asked for."""
        return bool(self.sources or self.licences or self.knowledge_levels or self.without_sources)

    def passes(self, evidence: Evidence) -> bool:
        """Tell whether a statement counts.

        >>> hetionet = Evidence("hetionet", "1.0", "CC0-1.0", "observation", "", ())
        >>> Filter(sources=["hetionet"]).passes(hetionet), Filter(without_sources=["hetionet"]).passes(hetionet)
        (True, False)
        """
        asked = (
            (self.sources, evidence.source),
            (self.licences, evidence.licence),
            (self.knowledge_levels, evidence.knowledge_level),
        )
        return all(not wanted or told in wanted for wanted, told in asked) and (
            evidence.source not in self.without_sources
        )

    def condition(self, variable: str, before: str = "AND", also: Collection[str] = ()) -> str:
        """Return what must hold of an edge, in Cypher, after the word `before`; nothing if nothing is asked for.

        What must be true besides (such as `kg.schema.Step.holds` says) may come as `also`.

        >>> Filter(sources=["hetionet"]).condition("r", "WHERE")
        ' WHERE r.source IN $only_sources'
        >>> Filter().condition("r", "WHERE")
        ''
        """
        held = [*also, *(f"{variable}.{column} IN ${name}" for name, column, values in self._asked() if values)]
        if self.without_sources:
            held.append(f"NOT {variable}.source IN $without_sources")
        return f" {before} {' AND '.join(held)}" if held else ""

    def parameters(self) -> dict[str, object]:
        """Return the parameters of `condition`."""
        asked = [*self._asked(), ("without_sources", "source", self.without_sources)]
        return {name: sorted(values) for name, _, values in asked if values}

    def _asked(self) -> list[tuple[str, str, Collection[str]]]:
        """Return the parameter, the column and the values of each list of what passes."""
        return [
            ("only_sources", "source", self.sources),
            ("only_licences", "licence", self.licences),
            ("only_levels", "knowledge_level", self.knowledge_levels),
        ]


EVERYTHING = Filter()
"""Every statement counts."""
