"""The verbs of safety: what speaks against drugs for a patient, what supports them, and who could be given one."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from panakeia.verbs.held import Held, names

if TYPE_CHECKING:
    from kg.eligible import Eligible
    from kg.safety import Warnings
    from kg.support import Supports


class SafetyVerbs(Held):
    """Warn of drugs, and say what supports them."""

    def patient_warnings(
        self, patient: str, *, drugs: str | Sequence[str] = (), all_drugs: bool = False, at: int | None = None
    ) -> "Warnings":
        """Say what speaks against drugs for a patient, the gravest first: each warning's reason and source.

        Without drugs, those are asked about that the patient takes; with `all_drugs`, every drug of the graph. `at` is
        a day on the patient's shifted calendar: what was recorded later does not count.
        """
        from kg.query.people import find_patient
        from kg.safety import taken, warnings

        node = find_patient(self._graph(), patient)
        asked = self._drugs(drugs)
        if not asked and not all_drugs:
            asked = list(taken(self._graph(), node.id, at=at))
            if not asked:
                raise ValueError("the record has no drug that is taken now: name drugs (--drug), or ask of all (--all)")
        self._noted("patient warnings", node.id)
        return warnings(self._graph(), node.id, None if all_drugs else asked, at=at)

    def patient_support(
        self, patient: str, *, drugs: str | Sequence[str] = (), at: int | None = None, top: int = 3
    ) -> "Supports":
        """Say what the graph supports of drugs for a patient's conditions, signs and variants, path by path.

        Without drugs, all of the graph are asked about. Of each, the `top` heaviest paths are told.
        """
        from kg.query.people import find_patient
        from kg.support import support

        node = find_patient(self._graph(), patient)
        asked = self._drugs(drugs)
        self._noted("patient support", node.id)
        return support(self._graph(), node.id, asked or None, at=at, shown=top)

    def patient_eligible(
        self, drug: str, disease: str, *, without: str = "against", new: bool = False, threshold: int | None = None
    ) -> "Eligible":
        """Say which patients have a disease and no warning against a drug: counts, with small ones suppressed.

        `without` is the mildest grade of warning with which a patient does not fit; with `new`, who has the drug on
        record does not either. Counts under the `threshold` are not shown; who the patients are is in the JSON.
        """
        from kg.eligible import FEWEST, eligible

        fewest = FEWEST if threshold is None else threshold
        found = eligible(self._graph(), drug, disease, without=without, new=new, fewest=fewest)
        self._noted("patient eligible", [*found.gravest], detail=f"{found.drug.id} {found.disease.id}")
        return found

    def _drugs(self, drugs: str | Sequence[str]) -> list[str]:
        """Return the identifiers of drugs, each given as for `find`."""
        from kg.search import find

        return [find(self._graph(), drug, "Drug").id for drug in names(drugs)]
