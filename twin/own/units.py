"""Units of SBML: in UCUM's code, and how long a unit of time is."""

from collections.abc import Mapping
from typing import Any

import libsbml

SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0, "wk": 604800.0}
"""The units of time by UCUM's code."""

_CODES = {
    "ampere": "A", "avogadro": "mol", "becquerel": "Bq", "candela": "cd", "celsius": "Cel", "coulomb": "C",
    "dimensionless": "1", "farad": "F", "gram": "g", "gray": "Gy", "henry": "H", "hertz": "Hz", "item": "{item}",
    "joule": "J", "katal": "kat", "kelvin": "K", "kilogram": "kg", "litre": "L", "liter": "L", "lumen": "lm",
    "lux": "lx", "metre": "m", "meter": "m", "mole": "mol", "newton": "N", "ohm": "Ohm", "pascal": "Pa",
    "radian": "rad", "second": "s", "siemens": "S", "sievert": "Sv", "steradian": "sr", "tesla": "T", "volt": "V",
    "watt": "W", "weber": "Wb",
}  # fmt: skip
_PREFIXES = {3: "k", 0: "", -1: "d", -2: "c", -3: "m", -6: "u", -9: "n", -12: "p", -15: "f"}
_LEVEL_2 = {"substance": "mol", "volume": "L", "area": "m2", "length": "m", "time": "s"}
"""What SBML Level 2 means by these, where a file does not define them."""


def units(model: Any) -> dict[str, str]:
    """Return UCUM's code of each unit that a model of libsbml defines, and of those that SBML does."""
    named = dict(_CODES) | (_LEVEL_2 if model.getLevel() == 2 else {})
    definitions = (model.getUnitDefinition(place) for place in range(model.getNumUnitDefinitions()))
    return named | {one.getId(): code(one) for one in definitions}


def code(definition: Any) -> str:
    """Return UCUM's code of a unit definition, as it is written: factors that have no prefix stand as numbers.

    What a unit without a kind that UCUM knows is stays as it is called.
    """
    above: list[str] = []
    below: list[str] = []
    for place in range(definition.getNumUnits()):
        unit = definition.getUnit(place)
        exponent = unit.getExponentAsDouble()
        one = _unit(unit)
        if one == "1" or exponent == 0:
            continue
        power = abs(exponent)
        (above if exponent > 0 else below).append(
            one if power == 1 else f"({one}){power:g}" if "." in one else f"{one}{power:g}"
        )
    return "/".join([".".join(above) or "1", *below])


def _unit(unit: Any) -> str:
    kind = libsbml.UnitKind_toString(unit.getKind())
    multiplier, scale = unit.getMultiplier(), unit.getScale()
    if kind == "second":
        seconds = multiplier * 10.0**scale
        for name, length in SECONDS.items():
            if abs(seconds / length - 1) < 1e-9:
                return name
    own = _CODES.get(kind, kind)
    if kind == "kilogram" and scale:
        own, scale = "g", scale + 3
    prefix = _PREFIXES.get(scale)
    written = f"{prefix}{own}" if prefix is not None and own not in ("1", "{item}") else f"10*{scale}.{own}"
    if own in ("1", "{item}") and scale == 0:
        written = own
    return written if multiplier == 1 else f"{multiplier:g}.{written}"


def hours(model: Any, called: Mapping[str, str]) -> tuple[float, str | None]:
    """Return how many hours the unit of time of a model of libsbml is, and what had to be assumed of it.

    Raises `ValueError` where the file's unit of time is none.
    """
    name = model.getTimeUnits() if model.getLevel() >= 3 else "time"
    if not name or called.get(name) == "1":
        stated = "is without a unit" if name else "has no unit in the file"
        return 1.0, f"time {stated}: hours are assumed"
    definition = model.getUnitDefinition(name)
    if definition is None:
        if name == "second" or model.getLevel() == 2:
            return (
                1 / 3600,
                None if name == "second" else "time has no unit in the file: seconds, as SBML Level 2 has it",
            )
        raise ValueError(f"the unit of time is {name!r}; expected a unit of time that the file defines, or second")
    simple = definition.clone()
    libsbml.UnitDefinition.simplify(simple)
    unit = simple.getUnit(0)
    if simple.getNumUnits() != 1 or unit.getKind() != libsbml.UNIT_KIND_SECOND or unit.getExponentAsDouble() != 1:
        raise ValueError(f"the unit of time, {name!r}, is {code(definition)}; expected seconds, minutes, hours or days")
    return unit.getMultiplier() * 10.0 ** unit.getScale() / 3600, None
