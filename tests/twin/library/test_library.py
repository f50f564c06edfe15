"""The library as a whole: each model is one short file, says where its values come from, and can be solved."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import twin
from twin import library
from twin.catalogue import assumed, described
from twin.covariates import Genotype
from twin.engine import typical
from twin.model import parameter_table

TWIN = Path(twin.__file__).parent
MODELS = {name: library.load(name) for name in library.MODELS}
LONGEST = 150
SPACIOUS = 200
"""Of a file beside models: rules, readers, values."""
EARLIER = TWIN / "trials" / "earlier.py"
"""The one file outside that names a drug: it reads trials' files of a form that knew no other."""
EXAMPLE = re.compile(r'^ *>>> .*\n(?:(?! *$| *""").*\n)*', re.MULTILINE)
"""An example in a docstring, with what comes of it."""
DRUGS = ("warfarin", "tacrolimus", "theophylline", "phenobarbital", "semaglutide", "tirzepatide", "hamberg")


@pytest.mark.parametrize("name", MODELS)
def test_a_model_is_one_short_file_whose_docstring_has_its_equations(name: str) -> None:
    path = TWIN / "library" / (library.MODELS[name].replace(".", "/") + ".py")
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST
    doc = ast.get_docstring(ast.parse(text)) or ""
    assert re.search(r"^    .*=", doc, re.M), "equations stand indented in the first docstring"
    assert MODELS[name].name == name


def test_what_stands_beside_models_is_short_too() -> None:
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in (TWIN / "library").rglob("*.py")}
    assert len(lines) > len(MODELS) and {path: count for path, count in lines.items() if count > SPACIOUS} == {}


@pytest.mark.parametrize("name", MODELS)
def test_every_value_has_a_unit_and_a_source_or_a_reason(name: str) -> None:
    for row in parameter_table(MODELS[name]):
        assert row["unit"] and len(str(row["source"])) > 12, row
        assert row["basis"] == "assumed" or re.search(r"doi:|\d{4}|by definition|racemate", str(row["source"])), row
    assert MODELS[name].left_out or name.startswith("generic"), "what is left out is said"


def test_a_description_has_all_that_a_user_asks() -> None:
    told = described(MODELS["warfarin_hamberg2010"])
    assert [one["name"] for one in told["covariates"]] == ["age_years", "CYP2C9", "VKORC1"]
    assert told["covariates"][0] == {
        "name": "age_years",
        "unit": "years",
        "lower": 18.0,
        "upper": 110.0,
        "needed": True,
    }
    assert "GA" in told["covariates"][2]["levels"]
    assert "closed form" in told["solver"] and told["observables"]["INR"] == "1"
    disputed = {row["name"] for row in assumed(told)}
    assert {
        "INR_base",
        "residual: INR",
        "between patients: ec50_mg_per_l",
    } <= disputed and "clearance *1" not in disputed


def names() -> set[str]:
    """Return what the library alone may name: its drugs and authors, genes and observables."""
    genes = {one.name for model in MODELS.values() for one in model.covariates if isinstance(one, Genotype)}
    asked = {one.name for model in MODELS.values() for one in model.covariates}
    specific = [model for name, model in MODELS.items() if not name.startswith("generic")]
    return (genes | {one for model in specific for one in model.observables} | set(DRUGS)) - (asked - genes)


def said(text: str) -> Iterator[str]:
    """Yield the names that a program's text has, examples in docstrings left out."""
    told = EXAMPLE.sub("", text)
    for name in names():
        if re.search(rf"(?<![A-Za-z]){re.escape(name)}(?![A-Za-z])", told):
            yield name


def test_nothing_outside_the_library_names_a_drug_a_gene_or_an_observable() -> None:
    for path in sorted(TWIN.rglob("*.py")):
        if "library" not in path.relative_to(TWIN).parts and path != EARLIER:
            assert not list(said(path.read_text(encoding="utf-8"))), path


@pytest.mark.parametrize(
    "text", ['INR = "INR"', "from twin.library.warfarin import doses", "VKORC1: str", "# like CYP2C9"]
)
def test_a_name_would_be_seen(text: str) -> None:
    assert list(said(text))
    assert list(said(f'    """Read.\n\n    >>> read(1)\n    1\n    """\n{text}\n'))
    assert not list(said(f'    """Read.\n\n    >>> read("INR")\n    {text}\n    """\n'))


def test_the_reader_of_earlier_files_is_the_only_exception_and_still_needs_to_be() -> None:
    assert list(said(EARLIER.read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", ["tumour_geng2017", "tumour_claret2014"])
def test_a_cohort_of_many_is_many(name: str) -> None:
    covariates = {
        one.name: np.full(3, one.levels[0] if one.levels else 4.0, dtype=object) for one in MODELS[name].covariates
    }
    people = typical(MODELS[name], covariates)
    assert {len(values) for values in people} == {3}
