"""The verb of coverage: how the codes of the patients' records mean nodes of the graph."""

from typing import TYPE_CHECKING

from panakeia.verbs.held import Held

if TYPE_CHECKING:
    from kg.query.coverage import Coverage


class CoverageVerbs(Held):
    """Say what of the patients' codes the graph understands."""

    def patient_coverage(self, *, top: int = 20) -> "Coverage":
        """Count the codes of the patients' records by how they map, and list the commonest that stay as they are."""
        from kg.query.coverage import coverage

        found = coverage(self._graph(), top=top)
        self._noted("patient coverage")
        return found
