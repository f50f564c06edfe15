"""Identities: which pseudonym each person of GiBleed has in a store that is filled under a key that all may know."""

from collections.abc import Mapping

import pandas as pd

from kg.patients.deidentify import pseudonym
from kg.patients.private import as_words

KEY = b"a key of the tests, which hides nobody: GiBleed's persons are made up"
NAME = "Synthea synthetic health database"
"""What the data set calls itself in `cdm_source`."""


def pseudonyms(tables: Mapping[str, pd.DataFrame]) -> dict[int, str]:
    """Return the pseudonym of each person by its number, as an import of the data set gives it."""
    person, system = tables["person"], f"omop:{as_words(NAME).strip()}"
    told = zip(person["person_id"], person["person_source_value"], strict=True)
    return {int(number): pseudonym(KEY, (system, value)).curie for number, value in told}
