"""The verbs of privacy: what a cohort's table gives away, its counts with noise, and who asked what."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from panakeia.verbs.held import Held, names

if TYPE_CHECKING:
    import pandas as pd

    from kg.patients.budget import Charge
    from kg.patients.journal import Journal
    from kg.patients.release import Disclosure, Noisy
    from kg.search import Node
    from kg.stores.protocol import Store

QUASI = ("age", "sex")
AGE_BAND_YEARS = 10
_LISTED = re.compile(r"(age|sex|[\w.]+:[^\s,]+)(\s*,\s*(age|sex|[\w.]+:[^\s,]+))+", re.ASCII)
_AGES = ("age", "age_years", "Age")


class DisclosureVerbs(Held):
    """Say what may be told of patients, and read who asked of them."""

    def patient_disclosure(
        self,
        cohort: str | Path | Sequence[str],
        *,
        quasi: str | Sequence[str] = QUASI,
        sensitive: str | Sequence[str] = (),
        threshold: int | None = None,
        age_band_years: int | None = None,
        charge: "Charge | None" = None,
    ) -> "Disclosure | Noisy":
        """Say what a cohort's table gives away on quasi-identifiers (age, sex, any node that a record may state).

        The cohort is a TOML file with its criteria, a file that lists its pseudonyms, or these; or a CSV of people that
        has all the columns named: then no store is asked. With a `charge` the counts have noise instead, and an epsilon
        is taken of a budget.
        """
        from kg.patients import release
        from kg.patients.members import read_people

        k = release.THRESHOLD if threshold is None else threshold
        for columns in ((names(quasi), names(sensitive)), (_apart(quasi), _apart(sensitive))):
            people = read_people(cohort, [*columns[0], *columns[1]]) if isinstance(cohort, str | Path) else None
            if people is not None and charge is not None:
                raise ValueError("counts with noise are of a store's patients: give a cohort's pseudonyms, not a table")
            if people is not None:
                age = next((name for name in _AGES if name in columns[0]), release.AGE)
                question = release.Asked(tuple(columns[0]), tuple(columns[1]), k, age_band_years, age)
                return release.disclose(people, question)
        asked = _listed(quasi), _listed(sensitive)
        return self._of_the_store(self._members(cohort), asked, k, age_band_years or AGE_BAND_YEARS, charge)

    def patient_journal(self) -> "Journal":
        """Read who asked what of which patients, when, and hold every line against the ones before it."""
        from kg.patients.journal import read_journal

        return read_journal(self.store)

    def _of_the_store(
        self,
        members: Sequence[str],
        asked: tuple[list[str], list[str]],
        threshold: int,
        age_band_years: int,
        charge: "Charge | None",
    ) -> "Disclosure | Noisy":
        from kg.patients import release

        nodes = {text: _node(self._graph(), text) for text in (*asked[0], *asked[1]) if text not in QUASI}
        columns = [tuple(nodes[text].id if text in nodes else text for text in part) for part in asked]
        question = release.Asked(columns[0], columns[1], threshold, age_band_years)
        detail = f"quasi {' '.join(question.quasi)}; sensitive {' '.join(question.sensitive)}"
        if charge is None:
            self._noted("patient disclosure", members, detail=detail)
            people = _people(self._graph(), members, [*nodes.values()])
            return release.disclose(people, question, left_out=len(set(members)) - len(people))
        from kg.patients.budget import spend
        from kg.patients.journal import key, place

        release.possible_cells(question)
        people = _people(self._graph(), members, [*nodes.values()])
        self._noted("patient disclosure", members, detail=f"{detail}; epsilon {charge.epsilon}")
        left = spend(Path(charge.file or place(self.store, "budget")), charge, key())
        return release.count(people, question, charge.epsilon, left)

    def _members(self, cohort: str | Path | Sequence[str]) -> Sequence[str]:
        if not isinstance(cohort, str | Path):
            return cohort
        if Path(cohort).suffix == ".toml":
            from kg.cohort import read_definition, select

            return select(self._graph(), read_definition(cohort)).patients
        from kg.patients.members import read_members

        return read_members(cohort)


def _apart(given: str | Sequence[str]) -> list[str]:
    """Return names, each text taken apart at its commas."""
    return list(dict.fromkeys(part.strip() for text in names(given) for part in text.split(",")))


def _listed(given: str | Sequence[str]) -> list[str]:
    """Return names, several in one text where each is age, sex or a CURIE: the name of a disease may hold a comma.

    >>> _listed("age,sex"), _listed(["DOID:9352, sex", "diabetes mellitus, type 2"])
    (['age', 'sex'], ['DOID:9352', 'sex', 'diabetes mellitus, type 2'])
    """
    found: list[str] = []
    for text in names(given):
        found += _apart(text) if _LISTED.fullmatch(text.strip()) else [text.strip()]
    return list(dict.fromkeys(found))


def _node(store: "Store", text: str) -> "Node":
    """Return the node that a text means, among those that a patient's record may state where it means several."""
    from kg.query.traits import STATES
    from kg.search import AmbiguousName, find

    try:
        return find(store, text)
    except AmbiguousName as several:
        fitting = [node for node in several.choices if node.kind in STATES]
        if len(fitting) != 1:
            raise
        return fitting[0]


def _people(store: "Store", members: Sequence[str], nodes: Sequence["Node"]) -> "pd.DataFrame":
    from kg.patients.release import SEX, UNKNOWN
    from kg.query.traits import traits

    people = traits(store, members, nodes)
    people[SEX] = people[SEX].astype(object).where(people[SEX].notna(), UNKNOWN)
    return people
