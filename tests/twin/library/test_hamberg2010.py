"""Hamberg 2010: the INRs that its fixed effects come to, its equations in SBML, and the same by DOP853."""

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from tests.twin.library.courses import course, daily, individuals, integrated
from twin import library
from twin.model import parameter_table
from twin.quantity import Assumed

MODEL = library.load("warfarin_hamberg2010")
DAYS = (1, 3, 7, 14, 28, 90)
MATHML = "{http://www.w3.org/1998/Math/MathML}"


@pytest.mark.parametrize(
    ("cyp2c9", "vkorc1", "inr"),
    [
        ("*1/*1", "GG", [1.0974, 1.4006, 1.7634, 1.9300, 1.9429, 1.9429]),
        ("*1/*3", "GA", [1.1492, 1.7018, 2.5576, 3.0933, 3.1706, 3.1712]),
    ],
)
def test_trough_inr_of_five_mg_a_day(cyp2c9: str, vkorc1: str, inr: list[float]) -> None:
    people = individuals(MODEL, age_years=71.0, CYP2C9=cyp2c9, VKORC1=vkorc1)
    found = course(MODEL, people, daily(5, "gut", 90), [24.0 * day for day in DAYS])["INR"][0]
    np.testing.assert_allclose(found, inr, atol=6e-5)


@pytest.mark.parametrize(
    ("cyp2c9", "doses"),
    [("*1/*1", [7.71, 5.66, 3.61]), ("*1/*3", [4.79, 3.51, 2.24]), ("*3/*3", [1.87, 1.37, 0.88])],
)
def test_these_doses_bring_the_inr_at_the_mean_concentration_to_two_and_a_half(cyp2c9: str, doses: list[float]) -> None:
    people = individuals(MODEL, age_years=71.0, CYP2C9=[cyp2c9] * 3, VKORC1=["GG", "GA", "AA"])
    inhibited = (2.5 - 1) / 20
    needed = 48 * people.clearance_l_per_h * people.ec50_mg_per_l * (inhibited / (1 - inhibited)) ** (1 / 1.15)
    np.testing.assert_allclose(needed, doses, atol=6e-3)


def test_the_equations_by_other_means() -> None:
    people = individuals(MODEL, age_years=[40.0, 88.0], CYP2C9=["*1/*2", "*3/*3"], VKORC1=["AA", "GG"])
    given = [(0.0, 10.0), (30.0, 2.5), (55.5, 7.0), (120.0, 4.0)]
    times = [0.5, 7.0, 24.0, 60.0, 119.0, 300.0]
    found = course(MODEL, people, [(hour, "gut", dose) for hour, dose in given], times)
    alleles = {"*1": 0.174, "*2": 0.0879, "*3": 0.0422}
    for patient, (age, one, other, ec50) in enumerate([(40, "*1", "*2", 1.92), (88, "*3", "*3", 4.10)]):
        cl = (alleles[one] + alleles[other]) * (1 - 0.00571 * (age - 71))

        def slope(_: float, y: np.ndarray, cl: float = cl, ec50: float = ec50) -> list[float]:
            c = max(y[1], 0) / 14.3
            made = 1 - c**1.15 / (ec50**1.15 + c**1.15)
            one, two = 3 / 28.6, 3 / 118.3
            first = [one * (a - b) for a, b in zip([made, y[2], y[3]], y[2:5], strict=True)]
            second = [two * (a - b) for a, b in zip([made, y[5], y[6]], y[5:8], strict=True)]
            return [-2 * y[0], 2 * y[0] - cl * y[1] / 14.3, *first, *second]

        y = integrated(slope, [0, 0] + [1] * 6, [(hour, 0, dose / 2) for hour, dose in given], times)
        np.testing.assert_allclose(found["INR"][patient], 1 + 20 * (1 - (y[:, 4] + y[:, 7]) / 2), rtol=1e-7)
        np.testing.assert_allclose(found["S_warfarin_mg_per_L"][patient], y[:, 1] / 14.3, rtol=1e-7)


def told(node: ElementTree.Element, values: dict[str, float]) -> float:
    """Evaluate MathML: as much of it as the file has."""
    tag = node.tag.removeprefix(MATHML)
    if tag == "math":
        return told(node[0], values)
    if tag == "cn":
        return float(str(node.text))
    if tag == "ci":
        return values[str(node.text).strip()]
    first, *rest = (told(one, values) for one in node[1:])
    for other in rest:
        first = {
            "plus": first + other,
            "minus": first - other,
            "times": first * other,
            "divide": first / other if other else np.inf,
            "power": first**other if first >= 0 else np.nan,
        }[node[0].tag.removeprefix(MATHML)]
    return first


@pytest.mark.mirror
def test_the_rates_are_those_of_the_sbml(mirror: Path) -> None:
    path = mirror / "pk" / "warfarin-hamberg2010.sbml.xml"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    rules = {rule.get("variable"): rule for rule in ElementTree.parse(path).iter() if rule.get("variable")}
    stated = {str(name): rule[0] for name, rule in rules.items()}
    random = np.random.default_rng(1)
    for _ in range(20):
        one, two = random.uniform(0, 1, (2, 3))
        amount = random.uniform(0, 12)
        values = {
            "gamma": 1.15, "half_maximal_effect_concentration": 4.10, "maximal_effect": 1.0, "baseline_inr": 1.0,
            "maximal_inr_shift": 20.0, "transition_rate_chain_1": 3 / 28.6, "transition_rate_chain_2": 3 / 118.3,
            "s_warfarin": amount / 14.3,
        }  # fmt: skip
        for chain, state in (("1", one), ("2", two)):
            names = (
                f"delay_compartment_1_chain_{chain}",
                f"delay_compartment_2_chain_{chain}",
                f"relative_change_cf{chain}",
            )
            values |= dict(zip(names, state, strict=True))
        values["inhibitory_effect"] = told(stated["inhibitory_effect"], values)
        person = individuals(MODEL, age_years=71.0, CYP2C9="*1/*1", VKORC1="GG")
        person = type(person)(*(float(np.ravel(value)[0]) for value in person))
        body = MODEL.start(person)._replace(central_mg=amount, short_chain=1 - one, long_chain=1 - two)
        change = MODEL.rates(person, body)
        for chain, moved in (("1", change.short_chain), ("2", change.long_chain)):
            names = (
                f"delay_compartment_1_chain_{chain}",
                f"delay_compartment_2_chain_{chain}",
                f"relative_change_cf{chain}",
            )
            np.testing.assert_allclose([-told(stated[name], values) for name in names], moved, rtol=1e-5, atol=1e-8)
        assert MODEL.observe(person, body)["INR"] == pytest.approx(told(stated["inr"], values), rel=1e-6)


@pytest.mark.mirror
def test_the_parameters_are_those_beside_the_sbml(mirror: Path) -> None:
    path = mirror / "pk" / "warfarin-hamberg2010-parameters.csv.gz"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    stated = pd.read_csv(path).set_index("Parameter")["Value"]
    theta = MODEL.theta
    wild, both = 2 * theta["clearance *1"], 2 * theta["clearance *2"]
    assert stated["global.half_maximal_effect_concentration"] == pytest.approx(2 * theta["EC50 G"])
    assert stated["Rel. EC50 shift AA"] == pytest.approx(1 - theta["EC50 A"] / theta["EC50 G"], abs=5e-4)
    assert stated["global.elimination_rate"] == pytest.approx(wild / theta["volume"], abs=5e-5)
    assert stated["Rel. elimination rate shift *2*2"] == pytest.approx(1 - both / wild, abs=5e-4)
    assert stated["Rel. elimination rate shift *3*3"] == pytest.approx(1 - 2 * theta["clearance *3"] / wild, abs=6e-4)
    assert stated["Rel. elimination rate shift with age"] == -theta["clearance_age"]
    assert stated["Pooled Transition rate chain 1"] == pytest.approx(3 / theta["short_transit"])
    assert stated["Pooled Transition rate chain 2"] == pytest.approx(3 / theta["long_transit"])
    spread = MODEL.variability.between
    assert stated["Log std. EC50"] == spread["ec50_mg_per_l"].value
    rate = np.hypot(stated["Log std. Elimination rate"], stated["Log std. Volume of distribution"])
    assert rate == pytest.approx(spread["clearance_l_per_h"].value, abs=5e-4)


def test_what_the_quotations_dispute_stands_out() -> None:
    disputed = (
        *MODEL.variability.between.values(),
        *(part for error in MODEL.errors.values() for part in error.parts.values()),
    )
    assert all(isinstance(quantity, Assumed) for quantity in disputed)
    rows = parameter_table(MODEL)
    assert all(row["unit"] and len(str(row["source"])) > 20 for row in rows)
