"""The verb of cohorts: which patients of the graph fit criteria."""

from pathlib import Path
from typing import TYPE_CHECKING

from panakeia.verbs.held import Held

if TYPE_CHECKING:
    from kg.cohort import Cohort, Definition


class CohortVerbs(Held):
    """Select patients by criteria."""

    def cohort(self, definition: "str | Path | Definition") -> "Cohort":
        """Return the patients that fit a cohort's definition, from its TOML file or made in Python, and its attrition.

        Patients whose consent is withdrawn are never among them. That it is asked is written into the store's journal.
        """
        from kg.cohort import read_definition, select

        asked = read_definition(definition) if isinstance(definition, str | Path) else definition
        found = select(self._graph(), asked)
        self._noted("cohort", found.patients)
        return found
