"""Numbers as text: what decimal notation says, and nothing more."""

import math
from decimal import Decimal

import pytest

from kg.files.number import number


@pytest.mark.parametrize(
    "text",
    [
        "0",
        "-0",
        "7",
        "007",
        "+7",
        "-7.25",
        "7.",
        ".5",
        "1e3",
        "1E+03",
        "-2.5e-3",
        "0e999",
        "0.000",
        "1" * 308,
        "5e-324",
    ],
)
def test_decimal_notation_is_a_number(text: str) -> None:
    assert number(text) == float(Decimal(text))


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            " ",
            ".",
            "-",
            "e5",
            "1e",
            "1e+",
            "1_0",
            "7_1",
            "1,5",
            "1 000",
            " 7",
            "7 ",
            "7\n",
            "--1",
            "1.2.3",
            "1e1.5",
        ),
        *("nan", "NaN", "inf", "-inf", "Infinity", "0x10", "１０", "٣", "½", "7mg", "True"),
        *("1" * 310, "1e309", "-1e309", "1e-400", "-0.1e-999", "0." + "0" * 400 + "1"),
    ],
)
def test_nothing_else_is(text: str) -> None:
    assert number(text) is None


def test_every_float_reads_back() -> None:
    for value in (0.1, 1 / 3, math.pi * 1e300, 2**-1074, 1.7976931348623157e308):
        assert number(repr(value)) == value
