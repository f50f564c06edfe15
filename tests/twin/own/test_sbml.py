"""SBML: models with a closed form, the one of Hamberg 2010 by libroadrunner, and what is refused."""

from pathlib import Path

import numpy as np
import pytest
from scipy.special import lambertw

from tests.twin.library.courses import course, daily, individuals
from tests.twin.own.documents import (
    HOURS,
    MINUTES,
    compartment,
    document,
    initial,
    math,
    model,
    parameter,
    reaction,
    rule,
    species,
)
from twin import library
from twin.engine import typical
from twin.model import Model, parameter_table
from twin.quantity import Assumed
from twin.solve.choose import solver_of, structure_of

TIMES = [0.5, 2.0, 7.0, 24.0, 60.0]
T = np.array(TIMES)
ELIMINATION = reaction("out", {"A": -1}, "k * A")
K = parameter("k", 0.3)


def seen(found: Model, given: list[tuple[float, str, float]], of: str, **theta: float) -> np.ndarray:
    """Return what one patient's course of an observable is at `TIMES`."""
    return course(found, typical(found, {}, theta), given, TIMES)[of][0]


def test_one_compartment_is_linear_and_exact(tmp_path: Path) -> None:
    found = model(tmp_path, document(Species=species("A"), Parameters=K, Reactions=ELIMINATION))
    assert solver_of(found).name == "1 linear state: eigenvalues in closed form"
    np.testing.assert_allclose(seen(found, [(0.0, "A", 5.0)], "A"), 5 * np.exp(-0.3 * T), rtol=1e-12)
    assert list(found.compartments) == ["A"] and found.theta == {"c": 1.0, "k": 0.3}


def test_two_compartments_in_concentrations_of_a_volume_of_two(tmp_path: Path) -> None:
    text = document(
        Compartments=compartment("c", 2.0) + compartment("p", 3.0),
        Species=species("C", only_amount=False) + species("P", only_amount=False, compartment="p"),
        Parameters=parameter("CL", 0.8) + parameter("Q", 0.5),
        Reactions=reaction("out", {"C": -1}, "CL * C") + reaction("across", {"C": -1, "P": 1}, "Q * (C - P)"),
    )
    found = model(tmp_path, text)
    assert not structure_of(found).rest and found.observables["C"] == "not stated/not stated"
    k10, k12, k21 = 0.8 / 2, 0.5 / 2, 0.5 / 3
    both, apart = k10 + k12 + k21, np.sqrt((k10 + k12 + k21) ** 2 - 4 * k10 * k21)
    fast, slow = (both + apart) / 2, (both - apart) / 2
    expected = 5 / 2 * ((fast - k21) * np.exp(-fast * T) + (k21 - slow) * np.exp(-slow * T)) / apart
    np.testing.assert_allclose(seen(found, [(0.0, "C", 5.0)], "C"), expected, rtol=1e-10)


def test_michaelis_menten_is_not_linear(tmp_path: Path) -> None:
    text = document(
        Species=species("A", 'initialAmount="4"'),
        Parameters=parameter("Vm", 1.5) + parameter("Km", 2.0),
        Reactions=reaction("out", {"A": -1}, "Vm * A / (Km + A)"),
    )
    found = model(tmp_path, text)
    assert "Runge" in solver_of(found).name and found.theta["A at the start"] == 4.0
    expected = 2 * np.real(lambertw(4 / 2 * np.exp((4 - 1.5 * T) / 2)))
    np.testing.assert_allclose(seen(found, [], "A"), expected, rtol=2e-5, atol=1e-9)


def test_michaelis_menten_in_molecules_is_not_taken_for_linear(tmp_path: Path) -> None:
    text = document(
        Species=species("A", 'initialAmount="4e17"'),
        Parameters=parameter("Vm", 1.5e17) + parameter("Km", 2e17),
        Reactions=reaction("out", {"A": -1}, "Vm * A / (Km + A)"),
    )
    found = model(tmp_path, text)
    expected = 2e17 * np.real(lambertw(4 / 2 * np.exp((4 - 1.5 * T) / 2)))
    np.testing.assert_allclose(seen(found, [], "A"), expected, rtol=2e-5, atol=1e8)


def test_what_is_nothing_in_the_file_need_not_stay_so(tmp_path: Path) -> None:
    text = document(
        Species=species("A") + species("B"),
        Parameters=parameter("i", 0.0) + parameter("k", 0.0) + parameter("l", 0.0),
        Reactions=reaction("into", {"A": 1}, "i") + reaction("on", {"A": -1, "B": 1}, "k * A")
        + reaction("out", {"B": -1}, "l * B"),
    )  # fmt: skip
    found = model(tmp_path, text)
    np.testing.assert_allclose(seen(found, [(0.0, "A", 5.0)], "A"), 5.0, rtol=1e-12)
    flowing = seen(found, [], "A", i=2.0, k=0.3, l=0.4)
    np.testing.assert_allclose(flowing, 2 / 0.3 * -np.expm1(-0.3 * T), rtol=1e-12)
    passed = seen(found, [(0.0, "A", 5.0)], "B", k=0.3, l=0.4)
    np.testing.assert_allclose(passed, 5 * 0.3 / 0.1 * (np.exp(-0.3 * T) - np.exp(-0.4 * T)), rtol=1e-9)


def test_a_threshold_in_time_that_is_far_away(tmp_path: Path) -> None:
    text = document(
        Species=species("A", 'initialAmount="4"'),
        Parameters=parameter("k", 0.001),
        Reactions=reaction("out", {"A": -1}, "piecewise(k, time < 3000, 2 * k) * A"),
    )
    found = model(tmp_path, text)
    end = course(found, typical(found, {}), [], [2999.0, 4000.0])["A"][0]
    np.testing.assert_allclose(end, [4 * np.exp(-2.999), 4 * np.exp(-3 - 2)], rtol=1e-7)


def test_short_infusions_at_moments_that_are_parameters(tmp_path: Path) -> None:
    flow = "piecewise(rate, (time >= begin) && (time < begin + 0.01), 0)"
    text = document(
        Species=species("A"),
        Parameters=K + parameter("begin", 17.0) + parameter("rate", 300.0),
        Reactions=reaction("into", {"A": 1}, flow) + ELIMINATION,
    )
    found = model(tmp_path, text)
    assert "steps by their error" in solver_of(found).name
    end = course(found, typical(found, {}, {"begin": np.array([17.0, 3.3])}, patients=2), [], [24.0])["A"][:, 0]
    over = 300 / 0.3 * -np.expm1(-0.3 * 0.01)
    np.testing.assert_allclose(end, over * np.exp(-0.3 * (24 - np.array([17.01, 3.31]))), atol=1e-8)


def test_a_rate_that_jumps_where_a_state_passes_a_threshold(tmp_path: Path) -> None:
    text = document(
        Species=species("A", 'initialAmount="4"'),
        Parameters=K,
        Reactions=reaction("out", {"A": -1}, "piecewise(1, A > 1, k * A)"),
    )
    expected = np.where(T < 3, 4 - T, np.exp(-0.3 * (T - 3)))
    np.testing.assert_allclose(seen(model(tmp_path, text), [], "A"), expected, rtol=1e-6)


def test_functions_piecewise_initial_assignments_and_rules(tmp_path: Path) -> None:
    saturated = f'<functionDefinition id="f">{math("lambda(x, k, x * k)")}</functionDefinition>'
    text = document(
        FunctionDefinitions=saturated,
        Species=species("A", ""),
        Parameters=parameter("CL", 0.6) + parameter("V", 2.0) + parameter("k", 9.0) + parameter("dose", 5.0)
        + parameter("level", None, constant=False) + parameter("seen", None, constant=False)
        + parameter("ran", 1.0, constant=False),
        InitialAssignments=initial("k", "CL / V") + initial("A", "2 * dose"),
        Rules=rule("assignment", "level", "A / V") + rule("assignment", "seen", "piecewise(level, level > 1, 0)")
        + rule("rate", "ran", "-0.1 * ran"),
        Reactions=reaction("out", {"A": -1}, "f(A, k)"),
    )  # fmt: skip
    found = model(tmp_path, text)
    assert not structure_of(found).rest
    level = 5 * np.exp(-0.3 * T)
    np.testing.assert_allclose(seen(found, [], "seen"), np.where(level > 1, level, 0), rtol=1e-12)
    np.testing.assert_allclose(seen(found, [], "ran"), np.exp(-0.1 * T), rtol=1e-12)
    np.testing.assert_allclose(seen(found, [], "A", CL=1.2), 10 * np.exp(-0.6 * T), rtol=1e-12)


def test_time_has_its_own_unit(tmp_path: Path) -> None:
    text = document(
        'timeUnits="m"',
        UnitDefinitions=MINUTES,
        Species=species("A"),
        Parameters=parameter("k", 0.005) + parameter("t", None, constant=False),
        Rules=rule("assignment", "t", "time"),
        Reactions=ELIMINATION,
    )
    found = model(tmp_path, text)
    np.testing.assert_allclose(seen(found, [(0.0, "A", 5.0)], "A"), 5 * np.exp(-0.3 * T), rtol=1e-12)
    np.testing.assert_allclose(seen(found, [], "t"), 60 * T, rtol=1e-12)
    assert not structure_of(found).rest


def test_what_time_is_assumed_to_be_is_said(tmp_path: Path) -> None:
    text = document("", Species=species("A"), Parameters=K, Reactions=ELIMINATION)
    assert "time has no unit in the file: hours are assumed" in model(tmp_path, text).left_out
    weight = HOURS.replace("second", "gram")
    with pytest.raises(ValueError, match=r"the unit of time, 'h', is 3600\.g; expected seconds, minutes"):
        model(tmp_path, document(UnitDefinitions=weight, Species=species("A"), Parameters=K, Reactions=ELIMINATION))


def test_a_rule_for_a_concentration_in_a_compartment_that_grows(tmp_path: Path) -> None:
    text = document(
        Compartments=compartment("c", 2.0, constant=False),
        Species=species("C", 'initialConcentration="3"', only_amount=False),
        Parameters=K,
        Rules=rule("rate", "C", "-k * C") + rule("rate", "c", "0.1 * c"),
    )
    found = model(tmp_path, text)
    np.testing.assert_allclose(seen(found, [], "C"), 3 * np.exp(-0.3 * T), rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(seen(found, [], "c"), 2 * np.exp(0.1 * T), rtol=1e-6)


def test_amounts_stay_when_a_compartment_grows(tmp_path: Path) -> None:
    text = document(
        Compartments=compartment("c", 2.0, constant=False),
        Species=species("C", 'initialConcentration="3"', only_amount=False),
        Rules=rule("rate", "c", "0.1 * c"),
        Reactions=reaction("out", {"C": -0.5}, "0.4 * C * c"),
    )
    found = model(tmp_path, text)
    np.testing.assert_allclose(seen(found, [], "C"), 6 * np.exp(-0.2 * T) / (2 * np.exp(0.1 * T)), rtol=1e-4, atol=1e-7)


def test_what_is_local_to_a_reaction_is_its_own(tmp_path: Path) -> None:
    local = '<localParameter id="k" value="0.7"/>'
    text = document(
        Species=species("A", 'initialAmount="4"'),
        Parameters=parameter("k", 100.0) + parameter("rate", None, constant=False),
        Rules=rule("assignment", "rate", "out / 2"),
        Reactions=reaction("out", {"A": -1}, "k * A", local=local),
    )
    found = model(tmp_path, text)
    np.testing.assert_allclose(seen(found, [], "rate"), 1.4 * np.exp(-0.7 * T), rtol=1e-12)
    assert found.theta["out.k"] == 0.7


def test_a_species_at_a_boundary_feeds_and_stays(tmp_path: Path) -> None:
    text = document(
        Species=species("source", 'initialAmount="2"', boundaryCondition="true") + species("A"),
        Parameters=K,
        Reactions=reaction("into", {"source": -1, "A": 1}, "0.5 * source") + ELIMINATION,
    )
    found = model(tmp_path, text)
    np.testing.assert_allclose(seen(found, [], "A"), 1 / 0.3 * (1 - np.exp(-0.3 * T)), rtol=1e-12)
    assert list(found.compartments) == ["A"] and found.observables.keys() == {"source", "A"}


def test_conversion_factors(tmp_path: Path) -> None:
    text = document(
        'timeUnits="h" conversionFactor="two"',
        Species=species("A", 'initialAmount="4"'),
        Parameters=K + parameter("two", 2.0),
        Reactions=ELIMINATION,
    )
    np.testing.assert_allclose(seen(model(tmp_path, text), [], "A"), 4 * np.exp(-0.6 * T), rtol=1e-12)


def test_names_that_python_keeps_for_itself(tmp_path: Path) -> None:
    names = ("lambda", "_x", "time", "count")
    text = document(
        Species="".join(species(name, 'initialAmount="4"') for name in names),
        Parameters=parameter("class", 0.3),
        Reactions="".join(
            reaction(f"r{name}", {name: -1}, "class * X").replace("> X <", f"> {name} <") for name in names
        ),
    )
    found = model(tmp_path, text)
    for name in names:
        np.testing.assert_allclose(seen(found, [], name), 4 * np.exp(-0.3 * T), rtol=1e-12)


def test_values_have_units_and_their_file_as_source(tmp_path: Path) -> None:
    text = document(
        'timeUnits="h" substanceUnits="item" volumeUnits="litre"',
        Compartments=compartment("c", None),
        Species=species("A", "", only_amount=False),
        Parameters=parameter("k", 0.3, units="h"),
        Reactions=ELIMINATION,
    )
    found = model(tmp_path, text)
    rows = {row["name"]: row for row in parameter_table(found)}
    assert rows["k"]["unit"] == "h" and rows["k"]["source"] == "own.xml, SBML of the model 'own'"
    assert isinstance(found.parameters["c"], Assumed) and isinstance(found.parameters["A at the start"], Assumed)
    assert found.dose_unit == "{item}" and found.observables["A"] == "{item}/L"


HAMBERG = {
    "gamma": 1.15, "half_maximal_effect_concentration": 4.10, "maximal_inr_shift": 20.0, "clearance": 0.348,
    "transition_rate_chain_1": 3 / 28.6, "transition_rate_chain_2": 3 / 118.3, "central": 14.3,
}  # fmt: skip
DAYS = [24.0, 72.0, 168.0, 336.0, 672.0]
ROADRUNNER_INR = [1.1001647924795845, 1.402923764861598, 1.7640809810976346, 1.9295505224730638, 1.942387883708986]
"""By libroadrunner 2.10.0 with a tolerance of 1e-12: 2.5 mg of S-warfarin a day into the compartment."""
ROADRUNNER_CONCENTRATION = [0.09748812049846209, 0.18216489341605732, 0.21668300587656159, 0.22031595182339206]
ROADRUNNER_AS_IT_STANDS = [1.0631895498317827, 1.355575531992481, 1.0057892976736604]
"""The same with the file's own values, all 1, of 5 mg at the start: after 1, 4 and 12 hours."""


@pytest.fixture
def hamberg(mirror: Path) -> Model:
    path = mirror / "pk" / "warfarin-hamberg2010.sbml.xml"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    return library.load(path)


@pytest.mark.mirror
def test_hamberg_2010_by_libroadrunner(hamberg: Model) -> None:
    found = course(hamberg, typical(hamberg, {}, HAMBERG), daily(2.5, "s_warfarin", 28), DAYS)
    np.testing.assert_allclose(found["inr"][0], ROADRUNNER_INR, rtol=1e-7)
    np.testing.assert_allclose(found["s_warfarin"][0][:4], ROADRUNNER_CONCENTRATION, rtol=1e-10)
    raw = course(hamberg, typical(hamberg, {}), [(0.0, "s_warfarin", 5.0)], [1.0, 4.0, 12.0])
    np.testing.assert_allclose(raw["inr"][0], ROADRUNNER_AS_IT_STANDS, rtol=1e-6)


@pytest.mark.mirror
def test_hamberg_2010_is_the_library_s_but_for_absorption(hamberg: Model) -> None:
    own = course(hamberg, typical(hamberg, {}, HAMBERG), daily(2.5, "s_warfarin", 28), DAYS)["inr"]
    published = library.load("warfarin_hamberg2010")
    people = individuals(published, age_years=71.0, CYP2C9="*1/*1", VKORC1="GG")
    swallowed = course(published, people, daily(5, "gut", 28), DAYS)["INR"]
    assert 1e-3 < abs(own - swallowed).max() < 3e-3
    at_once = people._replace(absorption_per_h=np.array([1e5]))
    np.testing.assert_allclose(own, course(published, at_once, daily(5, "gut", 28), DAYS)["INR"], atol=1e-6)


@pytest.mark.mirror
def test_hamberg_2010_says_what_was_passed_over(hamberg: Model) -> None:
    said = "; ".join(hamberg.left_out)
    assert "'hasSubstanceUnits' is not part of the definition" in said and "passed over" in said
    assert hamberg.dose_unit == "mg" and hamberg.observables["s_warfarin"] == "mg/L"
    assert hamberg.parameters["clearance"].unit == "L/h" and next(iter(hamberg.compartments)) == "s_warfarin"


EVENT = (
    '<event id="dosing" useValuesFromTriggerTime="true"><trigger initialValue="true" persistent="true">'
    f'{math("time > 1")}</trigger><listOfEventAssignments><eventAssignment variable="A">{math("5")}</eventAssignment>'
    "</listOfEventAssignments></event>"
)
PACKAGE = 'xmlns:comp="http://www.sbml.org/sbml/level3/version1/comp/version1" comp:required="true"'
ODD = 'xmlns:odd="http://www.sbml.org/sbml/level3/version1/odd/version1" odd:required="true"'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "nothing there; expected SBML"),
        ("ka,CL,V\n1,2,3\n", "no <sbml> element"),
        ("<!DOCTYPE html><html><body>Not found</body></html>", "DOCTYPE"),
        ("<html><body>Not found</body></html>", "no <sbml> element"),
        ("<sbml>", "line 1: XML content is not well-formed"),
        (document(Events=EVENT, Species=species("A"), Parameters=K, Reactions=ELIMINATION), "the event dosing is not"),
        (document(Species=species("A"), Parameters=K, Reactions=reaction("out", {"A": -1}, "delay(A, k)")), "a delay"),
        (document(Species=species("A"), Parameters=K, Reactions=reaction("out", {"A": -1}, "k * rateOf(A)")), "rateOf"),
        (document(Species=species("A"), Rules=f"<algebraicRule>{math('A - 1')}</algebraicRule>"), "algebraic"),
        (document(namespaces=PACKAGE, Species=species("A"), Parameters=K, Reactions=ELIMINATION), "package 'comp'"),
        (document(namespaces=ODD, Species=species("A"), Parameters=K, Reactions=ELIMINATION), "odd/version1"),
        (document(Species=species("A"), Parameters=parameter("k", None), Reactions=ELIMINATION), "k has no value"),
        (document(Species=species("A"), Reactions=ELIMINATION), "'k'"),
        (document(Species=species("A") + species("A"), Parameters=K, Reactions=ELIMINATION), "'A'"),
        (document(Parameters=K), "nothing changes"),
        (document(Species=species("A"), Parameters=parameter("k", np.nan), Reactions=ELIMINATION), "k has the value"),
        (
            document(
                Compartments=compartment("c", 0.0), Species=species("A", only_amount=False), Parameters=K,
                Reactions=ELIMINATION,
            ),
            "A is a concentration in c, whose size is 0",
        ),
        (document(Species=species("A"), Parameters=K, Reactions=ELIMINATION)[:-40], "not well-formed|Unclosed"),
        (
            document(Species=species("A"), Parameters=K, Reactions=ELIMINATION.replace("kineticLaw", "annotation")),
            "the reaction out has no kinetic law",
        ),
        (document(Species=species("A", 'initalAmount="4"'), Parameters=K, Reactions=ELIMINATION), "'initalAmount'"),
        (
            document(
                Species=species("A"), Reactions=reaction("out", {"A": -1}, "a * A"),
                Parameters=parameter("a", None, False) + parameter("b", None, False),
                Rules=rule("assignment", "a", "b + A") + rule("assignment", "b", "a"),
            ),
            "a|b",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_by_name(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said) as failure:
        model(tmp_path, text)
    assert "own.xml" in str(failure.value)


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    text = document(
        Events=EVENT,
        Species=species("A"),
        Rules=f"<algebraicRule>{math('A - 1')}</algebraicRule>",
        Reactions=reaction("out", {"A": -1}, "k * A").replace("kineticLaw", "annotation"),
    )
    with pytest.raises(ValueError, match=r"(?s)event dosing.*algebraic rule.*no kinetic law"):
        model(tmp_path, text)


def test_numbers_that_all_stand_in_formulas(tmp_path: Path) -> None:
    text = document(Species=species("A", only_amount=True), Reactions=reaction("out", {"A": -1}, "0.3 * A"))
    declared = model(tmp_path, text.replace(' encoding="UTF-8"', ""))
    np.testing.assert_allclose(seen(declared, [(0.0, "A", 5.0)], "A"), 5 * np.exp(-0.3 * T), rtol=1e-12)


def test_a_file_that_says_the_same_is_the_same_model(tmp_path: Path) -> None:
    text = document(Species=species("A"), Parameters=K, Reactions=ELIMINATION)
    assert model(tmp_path, text) is model(tmp_path, text)
    assert model(tmp_path, text) is not model(tmp_path, text.replace('value="0.3"', 'value="0.4"'))
