"""The verb of likeness: who is like this patient."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from panakeia.verbs.held import Held, names

if TYPE_CHECKING:
    from kg.query.likeness import Similar


class LikenessVerbs(Held):
    """Find patients who are like one."""

    def patient_similar(self, patient: str, *, by: str | Sequence[str] = (), top: int = 10) -> "Similar":
        """Rank the store's other patients by how like this one they are, each with what both have.

        `by` are the aspects that count: phenotype, condition, drug, variant; all that are recorded if none is named.
        """
        from kg.query.likeness import similar

        found = similar(self._graph(), patient, by=names(by), top=top)
        self._noted("patient similar", found.patient, size=found.compared)
        return found
