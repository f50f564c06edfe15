"""The verbs of studies: from what the network suggests to what a trial of it could show."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from panakeia.verbs.cohorts import CohortVerbs
from panakeia.verbs.network import NetworkVerbs

if TYPE_CHECKING:
    from kg.cohort import Definition
    from panakeia.prospect import Belief, Candidate, Prospect
    from twin.trials.design.boundaries import Looks
    from twin.trials.design.comparison import Comparison


class StudyVerbs(NetworkVerbs, CohortVerbs):
    """Plan a trial of a candidate."""

    def study_assurance(
        self,
        pair: "tuple[str, str] | Candidate",
        belief: "Belief",
        comparison: "Comparison",
        sizes: Sequence[float],
        *,
        looks: "Looks | None" = None,
        cohort: "str | Path | Definition | None" = None,
        participation: float = 1.0,
    ) -> "Prospect":
        """Return the chance that a trial of a candidate succeeds, by its size.

        The probability is the model's for a (drug, disease), or the candidate's own. `belief` is what stands between
        it and an effect; `cohort` tells how many patients there are, of whom the share `participation` takes part.
        """
        from panakeia.prospect import Candidate, Recruits, prospect
        from twin.trials.design.boundaries import SINGLE

        candidate = pair if isinstance(pair, Candidate) else self._scored(*pair)
        recruits = None
        if cohort is not None:
            found = self.cohort(cohort)
            recruits = Recruits(found.name, len(found.patients), participation)
        return prospect(candidate, belief, comparison, looks or SINGLE, sizes, recruits)

    def _scored(self, drug: str, disease: str) -> "Candidate":
        """Return a candidate with the model's calibrated probability."""
        import pandas as pd

        from panakeia.prospect import Candidate

        row = self.score(pd.DataFrame({"drug": [drug], "disease": [disease]})).to_frame().iloc[0]
        known = "; a source lists the pair already" if row["known"] else ""
        return Candidate(drug, disease, float(row["probability"]), f"the model in {self.model}{known}")
