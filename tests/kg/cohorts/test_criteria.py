"""Mistakes in a definition are named with the key that a user would look for, and with what is allowed there."""

import tomllib
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from random import Random
from typing import Any

import pytest

from kg.cohorts.criteria import AnyOf, Definition, Entry, Event, Person, recorded
from kg.cohorts.recorded import Range, Window
from kg.files.checked import DesignError, check, read_toml

EXAMPLE = Path(__file__).parents[3] / "panakeia" / "examples" / "cohort.toml"
HEAD = 'name = "x"\n[entry]\ndrug = "warfarin"\n[[rules]]\nname = "r"\n'


def refusal(text: str) -> str:
    with pytest.raises(DesignError) as refused:
        check(tomllib.loads(text), Definition, "c.toml")
    return "\n".join(line.strip() for line in str(refused.value).splitlines()[1:])


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ('conditon = "gout"', "rules[0].conditon: unknown key; did you mean condition?"),
        ('code = "SNOMEDCT:1"', "rules[0].code: unknown key; did you mean codes?"),
        (
            'condition = "gout"\ndrug = "x"',
            "rules[0]: got condition and drug, expected one: several stand in any = [...] or all = [...]",
        ),
        (
            'codes = "74474003"',
            "rules[0].codes: got '74474003', expected a code with its system before a colon, "
            "such as SNOMEDCT:74474003",
        ),
        ('condition = "gout"\nwindow = { frm = 1 }', "rules[0].window.frm: unknown key; did you mean from?"),
        ('condition = "gout"\nwindow = {}', "rules[0].window: got no day, expected from, to or both"),
        (
            'condition = "gout"\nwindow = { from = 1, to = 0 }',
            "rules[0].window: got from 1 to 0, expected from <= to",
        ),
        ('condition = "gout"\nat_least = 0', "rules[0].at_least: got 0, expected >= 1"),
        ('condition = "gout"\nat_least = 2\nat_most = 1', "rules[0]: got at_least 2 and at_most 1: no number is both"),
        ('condition = "gout"\nexactly = 2\nat_most = 1', "rules[0]: got at_most and exactly, expected exactly alone"),
        (
            'condition = "gout"\nanswer = "no"',
            "rules[0].answer: got 'no', expected 'present', 'absent', 'not recorded' or 'none recorded'",
        ),
        (
            'condition = "gout"\nanswer = "absent"\nat_most = 0',
            "rules[0]: got answer = 'absent' and at_most, expected one of the two",
        ),
        (
            'condition = "gout"\ncopies = { at_least = 1 }',
            "rules[0]: copies is asked of a condition, expected it of a variant or haplotype",
        ),
        (
            'measurement = "INR"\nvalue = { at_least = 2 }',
            "rules[0]: value without unit: give the unit that it is in, "
            'such as unit = "mg/dL", or unit = "any"',
        ),
        (
            'measurement = "INR"\nunit = "mg/dL"',
            "rules[0]: unit without value: give the range, such as value = { at_least = 6.5 }",
        ),
        ('visit = ["any", "inpatient"]', "rules[0]: got 'any' and more, expected 'any' alone: it is every visit"),
        (
            'measurement = "INR"\nvalue = { at_least = 2 }\nunit = "Jane"',
            "rules[0].unit: got 'Jane', expected a unit of UCUM, such as \"mg/dL\" or \"mm[Hg]\"",
        ),
        ('sex = "woman"', "rules[0].sex: got 'woman', expected 'female', 'male', 'other' or 'unknown'"),
        ('codes = ""', "rules[0].codes: got '', expected at least 1 character"),
        ('codes = ["SNOMEDCT:1", 3]', "rules[0].codes[1]: got 3, expected a valid string"),
        ('death = "soon"', "rules[0].death: got 'soon', expected 'any'"),
        ("age = {}", "rules[0].age: got no bound, expected at_least, above, at_most or below"),
        ("age = { above = 3, at_least = 4 }", "rules[0].age: got at_least and above, expected one of the two"),
        ("age = { below = 3, at_most = 4 }", "rules[0].age: got at_most and below, expected one of the two"),
        ("age = { at_least = 3, below = 3 }", "rules[0].age: nothing lies between 3 and 3"),
        ('sex = "female"\ndrg = "x"', "rules[0].drg: unknown key; known here: age, name, sex"),
        ('any = [{ condition = "x" }, 3]', "rules[0].any[1]: got 3, expected a table: a criterion"),
        ("none = []", "rules[0].none: got 0 items, expected at least 1"),
        ('all = [{ drug = "x", wndow = 1 }]', "rules[0].all[0].wndow: unknown key; did you mean window?"),
        (
            'at_least = 2\nof = [{ codes = "ATC:B01" }]',
            "rules[0]: got at_least 2 of 1, expected no more than there are",
        ),
        ('all = [{ any = [{ age = { at_leest = 1 } }] }]', "rules[0].all[0].any[0].age.at_leest: unknown key; "
         "did you mean at_least?"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_rule_is_named_with_its_key(rule: str, message: str) -> None:
    assert refusal(HEAD + rule) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('name = "x"', "entry: missing"),
        (
            'name = "x"\nentry = {}',
            "entry: does not say of what: expected codes or one of condition, phenotype, drug, allergy, procedure, "
            "visit, measurement, variant, haplotype, gene_phenotype, diplotype, death",
        ),
        (
            'name = "x"\nentry = { drug = "a", any = [{ drug = "b" }] }',
            "entry: got any and drug, expected all events in any = [...]",
        ),
        (
            'name = "x"\nentry = { drug = "a", anytime = true, days_before = 1 }',
            "entry: got anytime with days_before or days_after, expected one of the two",
        ),
        ('name = "x"\nentry = { drug = "a", days_before = -1 }', "entry.days_before: got -1, expected >= 0"),
        ('name = "x"\nentry = { drug = "a" }\nrules = [{ drug = "b" }]', "rules[0].name: missing"),
        (HEAD + 'drug = "b"\n[[rules]]\nname = "r"\nage = { at_least = 1 }', "rules[1].name: got 'r', which another "
         "rule has"),
        ('name = "x"\nkeep = "both"\nentry = { drug = "a" }', "keep: got 'both', expected 'first', 'last' or 'all'"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_whole_is_named_with_its_key(text: str, message: str) -> None:
    assert refusal(text) == message


def test_a_definition_made_in_python_is_the_one_of_the_file() -> None:
    written = check(
        tomllib.loads(
            HEAD + 'any = [{ age = { above = 60 } }, { codes = "snomedct_us:1", window = { from = -1, to = 0 } }]'
        ),
        Definition,
        "c.toml",
    )
    window = Window(start=-1, end=0)
    rule = AnyOf(name="r", any=(Person(age=Range(above=60.0)), Event(codes=("SNOMEDCT:1",), window=window)))
    assert Definition(name="x", entry=Entry(drug="warfarin"), rules=(rule,)) == written


def test_codes_are_written_as_records_write_them_in_the_graph() -> None:
    assert Event(codes=("icd10cm:E119", "SNOMEDCT_US:74474003", "ICD10CM:E11*", "X:1")).codes == (
        *("ICD10CM:E11.9", "SNOMEDCT:74474003", "ICD10CM:E11*", "X:1"),
    )


def test_units_are_written_as_ucum_has_them() -> None:
    assert Event(measurement=("x",), value=Range(above=1.0), unit=("mmHg", "any")).unit == ("mm[Hg]", "any")


def test_what_is_asked_for_comes_with_its_key() -> None:
    found = check(
        tomllib.loads(HEAD + 'all = [{ drug = "a" }, { none = [{ drug = "b" }] }, { sex = "male" }]'),
        Definition,
        "c.toml",
    )
    assert [(key, one.names) for key, one in recorded(found)] == [
        ("entry", ("warfarin",)),
        ("rules[0].all[0]", ("a",)),
        ("rules[0].all[1].none[0]", ("b",)),
    ]


def test_genes_and_death_count_at_any_time_and_the_rest_does_not() -> None:
    assert Event(variant="rs1").at_any_time and not Event(condition="gout").at_any_time
    assert not Event(variant="rs1", window=Window(end=0)).at_any_time
    assert not Event(variant="rs1", anytime=False).at_any_time
    assert Event(death="any", window=Window(end=0)).at_any_time


def test_the_example_is_a_definition() -> None:
    assert read_toml(EXAMPLE, Definition).rules


def places(content: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield where in tables and lists each value stands."""
    if path:
        yield path
    for key, value in content.items() if isinstance(content, dict) else enumerate(content):
        if isinstance(value, dict | list):
            yield from places(value, (*path, key))
        else:
            yield (*path, key)


def mutated(content: dict[str, Any], random: Random) -> dict[str, Any]:
    """Return a definition with one value replaced, taken away, or put under another key."""
    changed = deepcopy(content)
    *path, last = random.choice(list(places(changed)))
    table = changed
    for key in path:
        table = table[key]
    strange = random.choice((3, -1, 2.5, True, "", "any", "x", [], {}, [3], [{}], {"x": 1}, {"from": 1}, [[1]]))
    if random.random() < 0.3:
        del table[last]
    elif isinstance(table, dict) and random.random() < 0.3:
        table[random.choice(sorted({*Event.model_fields, *Entry.model_fields, "all", "none", "of", "age"}))] = strange
    else:
        table[last] = strange
    return changed


def test_whatever_is_wrong_is_named() -> None:
    content = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
    refused = 0
    for seed in range(400):
        try:
            check(mutated(content, Random(seed)), Definition, "c.toml")
        except DesignError as refusal:
            refused += 1
            assert all(line.strip(" :") for line in str(refusal).splitlines())
    assert 200 < refused < 400
