"""The page on cohorts has every key, and what it shows can be read."""

import re
import tomllib
from pathlib import Path

import pytest

from kg.cohorts.baseline import Baseline
from kg.cohorts.criteria import All, AnyOf, AtLeast, Definition, Entry, Event, NoneOf, Person
from kg.cohorts.outcome import Outcome
from kg.cohorts.recorded import KINDS, Range, Window
from kg.files.checked import Checked, check

PAGE = (Path(__file__).parents[3] / "docs" / "cohorts.md").read_text(encoding="utf-8")
OUTCOMES = list(Outcome.kinds().values())


@pytest.mark.parametrize(
    "table", [Definition, Entry, Event, Person, All, AnyOf, NoneOf, AtLeast, Range, Window, Baseline, *OUTCOMES]
)
def test_every_key_stands_on_the_page(table: type[Checked]) -> None:
    keys = {field.alias or name for name, field in table.model_fields.items()}
    assert {key for key in keys if not re.search(rf"[`\[ {{]{key}\b", PAGE)} == set()


def test_the_page_s_criteria_are_criteria() -> None:
    rules, learning = re.findall(r"```toml\n(.*?)```", PAGE, re.S)
    head = 'name = "x"\n[entry]\ndrug = "warfarin"\n'
    assert check(tomllib.loads(head + rules), Definition, "page").rules
    outcomes = check(tomllib.loads(head + learning), Definition, "page").outcome
    assert {type(one) for one in outcomes} == set(Outcome.kinds().values())
    assert all(f"`{kind}`" in PAGE for kind in KINDS)
