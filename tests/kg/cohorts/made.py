"""Made-up records, as criteria ask for them: a few persons, with events by code."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from kg.cohorts.criteria import Definition
from kg.cohorts.evaluate import evaluate
from kg.cohorts.recorded import Asked
from kg.cohorts.records import EVENT_COLUMNS, PERIOD_COLUMNS, PERSON_COLUMNS, framed
from kg.files.checked import check

NOBODY = {"sex": None, "birth_day": None, "age_years": None, "last_day": None, "death_day": None}


@dataclass(frozen=True)
class Made:
    """Records of `people` (by name: what `PERSON_COLUMNS` say), whose events stand as `(who, code, day, more)`."""

    stated: Sequence[tuple[str, str, float | None, Mapping[str, Any]]]
    people: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    observed: Sequence[tuple[str, float, float]] = ()

    def persons(self) -> pd.DataFrame:
        names = {who: None for who, *_ in self.stated} | dict.fromkeys(self.people)
        rows = [{"patient": name} | NOBODY | self.people.get(name, {}) for name in names]
        return framed(pd.DataFrame(rows), PERSON_COLUMNS)

    def periods(self) -> pd.DataFrame:
        told = list(self.observed) or [(who, -1000.0, 1000.0) for who in self.persons()["patient"]]
        return framed(pd.DataFrame(told, columns=list(PERIOD_COLUMNS)), PERIOD_COLUMNS)

    def events(self, asked: Asked) -> pd.DataFrame:
        if asked.kind == "death":
            persons = self.persons()
            died = persons[persons["death_day"].notna()].rename(columns={"death_day": "day"})
            return framed(died, EVENT_COLUMNS)
        rows = [
            {"patient": who, "day": day, "statement": str(place)} | dict(more)
            for place, (who, code, day, more) in enumerate(self.stated)
            if code in asked.codes
        ]
        return framed(pd.DataFrame(rows), EVENT_COLUMNS)


def left(records: Made, entry: Mapping[str, Any], *rules: Mapping[str, Any], **told: Any) -> list[str]:
    """Return the patients that fit an entry and rules; the code `A` is written `X:A` in them."""
    named = [{"name": str(place)} | dict(rule) for place, rule in enumerate(rules)]
    content = {"name": "made", "entry": dict(entry), "rules": named} | told
    return sorted(evaluate(check(content, Definition, "made.toml"), records).index["patient"].unique())
