"""The verb of cohorts: which patients of the graph fit criteria."""

from pathlib import Path
from typing import TYPE_CHECKING

from panakeia.verbs.held import Held, check_output

if TYPE_CHECKING:
    from kg.cohort import Cohort, Definition
    from kg.cohorts.table import CohortTable


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

    def cohort_table(
        self, definition: "str | Path | Definition", outcome: str, *, out: str | Path | None = None
    ) -> "CohortTable":
        """Return a cohort as a table for learning: what was known of each patient at the landmark, and an outcome.

        The outcome is one that the definition names in `[[outcome]]`. With `out` the rows are written as CSV. That it
        is asked is written into the store's journal.
        """
        from kg.cohort import read_definition
        from kg.cohorts.table import tabulate
        from kg.files.table import write_csv
        from kg.files.text import create_text
        from kg.output import whole_file

        if out is not None:
            check_output(out, definition, self.store)
        asked = read_definition(definition) if isinstance(definition, str | Path) else definition
        found = tabulate(self._graph(), asked, outcome)
        self._noted("cohort-table", found.rows["USUBJID"].tolist(), detail=outcome)
        if out is not None:
            with whole_file(out) as part, create_text(part, out) as file:
                write_csv(found.rows, file)
        return found
