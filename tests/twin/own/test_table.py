"""Tables of formulas: the same model as the library's, one on top of an SBML file, and what is refused."""

import re
from pathlib import Path

import numpy as np
import pytest

from tests.twin.library.courses import course, individuals
from tests.twin.own.documents import document, parameter, reaction, species
from twin import library
from twin.engine import typical
from twin.model import Model
from twin.own.file import read
from twin.own.table import KINDS
from twin.quantity import Assumed
from twin.solve.choose import solver_of
from twin.variability import log_sd

ROOT = Path(__file__).parents[3]
THEOPHYLLINE = """\
kind,name,value,unit,source
model,theophylline_own,"Boeckmann, Sheiner and Beal 1994",,
time,,h,,
parameter,ka,1.590,1/h,nlmixr2's documentation
parameter,CL,2.752,L/h,nlmixr2's documentation
parameter,V,31.81,L,nlmixr2's documentation
state,gut,0,mg,
rate,gut,-ka * gut,,
state,central,0,mg,
rate,central,ka * gut - k * central,,
formula,k,CL / V,1/h,
dose,gut,,mg,
observable,theophylline_mg_per_L,central / V,mg/L,
variability,ka,0.704,CV,nlmixr2's documentation
variability,CL,0.267,CV,nlmixr2's documentation
variability,V,0.139,CV,nlmixr2's documentation
error_additive,theophylline_mg_per_L,0.694,mg/L,nlmixr2's documentation
left_out,,weight,,
"""


def table(folder: Path, text: str, name: str = "own.csv") -> Model:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return read(path)


def test_theophylline_is_the_library_s(tmp_path: Path) -> None:
    own, published = table(tmp_path, THEOPHYLLINE), library.load("theophylline_boeckmann1994")
    given, times = [(0.0, "gut", 320.0), (12.0, "gut", 160.0)], [0.5, 2.0, 7.0, 12.0, 24.0]
    found = course(own, typical(own, {}), given, times)["theophylline_mg_per_L"]
    np.testing.assert_allclose(
        found, course(published, typical(published, {}), given, times)["theophylline_mg_per_L"], rtol=1e-13
    )
    assert solver_of(own).name == solver_of(published).name
    np.testing.assert_array_equal(own.variability.omega(), published.variability.omega())
    assert own.errors == {
        name: type(error)(additive=type(error.additive)(0.694, "mg/L", "nlmixr2's documentation"))
        for name, error in published.errors.items()
    }
    assert (own.name, own.dose_unit, own.left_out) == ("theophylline_own", "mg", ("weight",))


BY_WEIGHT = """\
kind,name,value,unit,source
time,,d,,
covariate,weight_kg,20:200,kg,
covariate,sex,female|male,,
parameter,CL_typical,24,L/d,assumed: made up
parameter,V,10,L,
individual,CL,"CL_typical * (weight_kg / 70)^0.75 * piecewise(1.2, sex == 1, 1)",L/d,
state,A,,mg,
rate,A,-CL / V * A,,
observable,C,A / V,mg/L,
dose,A,,mg,
lag,A,1 / 24,,
bioavailability,A,0.5,,
variability,CL,0.3,SD(log),
"""


def test_covariates_and_formulas_of_a_patient(tmp_path: Path) -> None:
    own = table(tmp_path, BY_WEIGHT)
    people = individuals(own, weight_kg=[70.0, 120.0], sex=["female", "male"])
    np.testing.assert_allclose(people.CL, [24.0, 24 * (120 / 70) ** 0.75 * 1.2], rtol=1e-12)
    assert people._fields == ("V", "CL")
    entry = own.compartments["A"]
    assert entry.lag_h is not None and entry.bioavailability is not None
    np.testing.assert_allclose([entry.lag_h(people), entry.bioavailability(people)], [1.0, 0.5], rtol=1e-12)
    found = course(own, people, [(0.0, "A", 100.0)], [6.0])["C"][:, 0]
    np.testing.assert_allclose(found, 5 * np.exp(-people.CL / 10 * 6 / 24), rtol=1e-12)
    assert own.parameters["CL_typical"] == Assumed(24.0, "L/d", "made up")
    assert own.parameters["V"] == Assumed(10.0, "L", "own.csv states no source")


def test_a_table_on_top_of_sbml(tmp_path: Path) -> None:
    text = document(
        Species=species("A"),
        Parameters=parameter("k", 9.0) + parameter("V", 4.0),
        Reactions=reaction("out", {"A": -1}, "k * A"),
    )
    (tmp_path / "base.xml").write_text(text, encoding="utf-8")
    own = table(
        tmp_path,
        "kind,name,value,unit,source\n"
        "sbml,,base.xml,,\n"
        "model,on_top,,,\n"
        "parameter,CL,0.6,L/h,measured in 2020\n"
        "parameter,V,2,,measured in 2020\n"
        "individual,k,CL / V,,\n"
        "observable,C,A / V,mg/L,\n"
        "variability,k,0.3,CV,measured in 2020\n"
        "error_proportional,C,0.1,1,measured in 2020\n",
    )
    times = [1.0, 5.0]
    found = course(own, typical(own, {}), [(0.0, "A", 4.0)], times)["C"][0]
    np.testing.assert_allclose(found, 2 * np.exp(-0.3 * np.array(times)), rtol=1e-12)
    assert own.name == "on_top" and own.observables == {"C": "mg/L"}
    assert own.parameters["V"].unit == "dimensionless" or own.parameters["V"].unit == "1"
    np.testing.assert_allclose(own.variability.omega(), [[log_sd(0.3) ** 2]])


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("rate,central,", "drug,central,", "the kind 'drug' is none of model"),
        ("rate,central,ka", "rate,central,kaa", "central depends on kaa, which the model does not have"),
        ("rate,central,ka *", "rate,central,ka **", "is no formula"),
        ("ka * gut - k", "ka * gut - log(k)", "log10"),
        ("formula,k,CL / V", "formula,k,k * CL / V", "in a circle, each depends on the next: k"),
        ("formula,k,", "formula,CL,", "'CL' has a meaning by line 5"),
        ("formula,k,", "formula,time,", "'time' cannot name a formula"),
        ("formula,k,", "formula,2k,", "'2k' cannot name a formula"),
        ("state,central,0,mg,", "left_out,,nothing,,", "central has no state"),
        ("1.590", "fast", "parameter ka: got 'fast', expected a number"),
        ("time,,h", "time,,fortnight", "the unit of time is 'fortnight'; expected one of s, min, h, d, wk"),
        ("dose,gut,,", "dose,gut,stomach,", "'stomach' is no state; expected gut, central"),
        ("variability,V", "variability,Vc", "no parameter is called so; expected one of ka, CL, V"),
        ("0.704,CV", "0.704,percent", "varies by 'percent'; expected one of CV"),
        ("error_additive,theo", "error_additive,Theo", "no observable is called so; expected theo"),
        ("formula,k,", "individual,k,", "which varies after it; make it a formula"),
        ("0.704,CV", "-0.704,CV", "got '-0.704', expected a number above 0"),
        ("left_out,,weight,,", "correlation,ka CL,1.5,,", "the correlations contradict each other"),
        ("left_out,,weight,,", "correlation,ka k,0.5,,", "expected two names, with a space between"),
        ("left_out,,weight,,", "covariate,sex,male|male,,", "expected levels that differ"),
        ("left_out,,weight,,", "sbml,,nowhere.xml,,", "nowhere.xml"),
        ("kind,name,value", "type,name,value", "the column kind is missing"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_by_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in THEOPHYLLINE
    with pytest.raises(ValueError, match=re.escape(said)) as failure:
        table(tmp_path, THEOPHYLLINE.replace(old, new))
    assert "own.csv" in str(failure.value)


def test_the_example_of_the_documentation(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "own-models.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"^```csv own.csv\n(.*?)^```$", page, re.M | re.S)
    own = table(tmp_path, example)
    people = individuals(own, weight_kg=[70.0])
    ka, k = 1.59, 2.752 / 31.81
    expected = 0.9 * 320 / 31.81 * ka / (ka - k) * (np.exp(-k * 5.0) - np.exp(-ka * 5.0))
    found = course(own, people, [(0.0, "gut", 320.0)], [5.0])["concentration"]
    np.testing.assert_allclose(found, [[expected]], rtol=1e-12)
    told = [
        kind for line in page.splitlines() if line.startswith("| `") for kind in line.split("|")[1].split("`")[1::2]
    ]
    assert sorted(told) == sorted(KINDS)


def test_a_name_that_is_none_lists_the_models_and_the_files() -> None:
    with pytest.raises(ValueError, match=r"'theophyline'.*theophylline_boeckmann1994.*FILE\.xml"):
        library.load("theophyline")
    with pytest.raises(OSError, match="nowhere"):
        library.load("nowhere.csv")
