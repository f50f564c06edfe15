"""Expressions: operators by Python's own arithmetic, gradients where a formula is undefined beside its domain."""

import math

import jax
import numpy as np
import pytest

from twin.own.expression import TIME, Name, evaluate
from twin.own.formula import FormulaError, parsed
from twin.own.shape import Shape, moments, shape

X, Y = 0.7, 1.9


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("-x^2 + y", -(X**2) + Y),
        ("2^3^2", 512.0),
        ("x - y - 1", X - Y - 1),
        ("x / y / 2", X / Y / 2),
        ("(-x)^3", (-X) ** 3),
        ("root(3, x) + sqrt(y)", X ** (1 / 3) + math.sqrt(Y)),
        ("exp(x) * ln(y) + log10(x) + log(2, y)", math.exp(X) * math.log(Y) + math.log10(X) + math.log2(Y)),
        ("abs(-x) + floor(-x) + ceil(-x) + factorial(3)", X - 1 + 0 + 6),
        ("max(x, y, 0.3) - min(x, y, 2)", Y - X),
        ("quotient(-7.5, 2) + rem(-7.5, 2)", -3 + math.fmod(-7.5, 2)),
        ("piecewise(1, x > y, 2, x < y, 3)", 2.0),
        ("piecewise(1, x < y && !(y < 1) || false, 0)", 1.0),
        ("piecewise(1, xor(x < y, x > y, true), 0)", 0.0),
        ("piecewise(1, 0.1 < x < y, 0) + (x >= x) + (x != y)", 3.0),
        ("sin(x) + cos(x) + tan(x) + sec(x)", math.sin(X) + math.cos(X) + math.tan(X) + 1 / math.cos(X)),
        ("arcsinh(x) + arctan(y) + arccot(x)", math.asinh(X) + math.atan(Y) + math.atan(1 / X)),
        ("tanh(x) + coth(y)", math.tanh(X) + 1 / math.tanh(Y)),
        ("pi + exponentiale", math.pi + math.e),
    ],
)
def test_operators(formula: str, expected: float) -> None:
    with jax.enable_x64(True):
        assert float(evaluate(parsed(formula), {"x": X, "y": Y})) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize(
    ("formula", "at", "value", "slope"),
    [
        ("piecewise(ln(x), x > 0, 0)", 0.0, 0.0, 0.0),
        ("piecewise(x, x < 1, sqrt(x - 1), x > 1, 5)", 0.5, 0.5, 1.0),
        ("x^1", 0.0, 0.0, 1.0),
        ("x^(3 / 2)", 0.0, 0.0, 0.0),
        ("x^2", -3.0, 9.0, -6.0),
    ],
)
def test_a_gradient_is_not_spoiled_by_what_is_not_taken(formula: str, at: float, value: float, slope: float) -> None:
    expression = parsed(formula)
    with jax.enable_x64(True):
        for found in (jax.grad, jax.jacfwd):
            told = found(lambda x: evaluate(expression, {"x": x}) * 1.0)(at)
            np.testing.assert_allclose(told, slope, atol=1e-12)
        assert float(evaluate(expression, {"x": at})) == value


def test_a_power_of_nothing_has_a_finite_slope() -> None:
    with jax.enable_x64(True):
        root = parsed("x^n / (1 + x^n)")
        value, slope = jax.value_and_grad(lambda x: evaluate(root, {"x": x, "n": 0.4}))(0.0)
        assert float(value) == 0 and np.isfinite(slope)
        assert float(evaluate(root, {"x": -1e-18, "n": 1.15})) == 0
        assert np.isnan(evaluate(root, {"x": -0.1, "n": 1.15}))


@pytest.mark.parametrize(
    ("formula", "bent", "thresholds"),
    [
        ("k * A + B / k - 3", set(), False),
        ("A * B", {"A", "B"}, False),
        ("k / A", {"A"}, False),
        ("A^k + k * B", {"A"}, False),
        ("piecewise(A, k > 1, 2 * A)", set(), False),
        ("piecewise(A, B > 1, 2 * A)", {"A", "B"}, True),
        ("k * max(A, 1) + B", {"A"}, True),
        ("max(k, 1) * A", set(), False),
    ],
)
def test_what_formulas_say_of_themselves(formula: str, bent: set[str], thresholds: bool) -> None:
    found = shape(parsed(formula), lambda name: Shape(frozenset([name]) - {"k"}))
    assert (found.bent, found.thresholds) == (bent, thresholds)


def test_moments_that_time_is_compared_with() -> None:
    formula = parsed("piecewise(1, (time > begin) && (time < begin + k) && (A < 3), 2, A < time, 3)")
    found = moments([formula], lambda name: Shape(frozenset([name]) & {"A", TIME}))
    assert found == [Name("begin"), parsed("begin + k")]


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        ("log(x)", "ambiguous"),
        ("f(x)", "no function is called 'f'"),
        ("delay(x, 1)", "a delay is not supported"),
        ("normal(1, 2)", "'normal' is not supported"),
        ("5 mL", "units"),
        ("sin(x, y)", "expects exactly one argument|sin has 2 arguments|sin"),
        ("x +", "syntax error"),
        ("-" * 500 + "x", "nested more than|syntax"),
        ("__import__('os')", "syntax error"),
    ],
)
def test_what_is_no_formula(formula: str, said: str) -> None:
    with pytest.raises(FormulaError, match=said):
        parsed(formula)
