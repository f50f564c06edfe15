"""The models of the public data sets that estimators are tried on, where no published model stands behind them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from twin.error import Error
from twin.model import Compartment, Model
from twin.quantity import Assumed, Quantity
from twin.variability import Variability

_WHY = "where the search begins"
C = "concentration"


class Oral(NamedTuple):
    absorption_per_h: Any
    clearance_l_per_h: Any
    volume_l: Any
    lag_h: Any


class Infused(NamedTuple):
    clearance_l_per_h: Any
    volume_l: Any
    exchange_l_per_h: Any
    peripheral_volume_l: Any


class Saturated(NamedTuple):
    most_per_h: Any
    half_concentration: Any
    volume_l: Any


class Two(NamedTuple):
    first: Any
    second: Any


class One(NamedTuple):
    central: Any


@dataclass(frozen=True)
class Start:
    """Where a search begins: the parameters with their units, the CVs of those that vary, the residual error."""

    parameters: Mapping[str, tuple[float, str]]
    varying: Mapping[str, float]
    error: Error


def oral(name: str, start: Start) -> Model:
    """Return one compartment with absorption: theta absorption, clearance, volume, and lag where there is one."""

    def rates(p: Oral, s: Two) -> Two:
        absorbed = p.absorption_per_h * s.first
        return Two(-absorbed, absorbed - p.clearance_l_per_h / p.volume_l * s.second)

    def individual(theta: Mapping[str, Any], covariates: Mapping[str, Any]) -> Oral:
        return Oral(theta["absorption"], theta["clearance"], theta["volume"], theta.get("lag", 0.0))

    gut = Compartment("first", lag_h=(lambda p: p.lag_h) if "lag" in start.parameters else None)
    into = {"gut": gut, "central": Compartment("second")}
    return _model(name, start, individual, lambda p: Two(0.0, 0.0), rates, into, lambda p, s: s.second / p.volume_l)


def infused(name: str, start: Start) -> Model:
    """Return two compartments: theta clearance, volume, exchange, peripheral_volume."""

    def rates(p: Infused, s: Two) -> Two:
        out = p.exchange_l_per_h / p.volume_l * s.first - p.exchange_l_per_h / p.peripheral_volume_l * s.second
        return Two(-p.clearance_l_per_h / p.volume_l * s.first - out, out)

    def individual(theta: Mapping[str, Any], covariates: Mapping[str, Any]) -> Infused:
        return Infused(theta["clearance"], theta["volume"], theta["exchange"], theta["peripheral_volume"])

    into = {"central": Compartment("first")}
    return _model(name, start, individual, lambda p: Two(0.0, 0.0), rates, into, lambda p, s: s.first / p.volume_l)


def saturated(name: str, start: Start) -> Model:
    """Return one compartment that saturates (Michaelis and Menten): theta most, half, volume."""

    def rates(p: Saturated, s: One) -> One:
        seen = s.central / p.volume_l
        return One(-p.most_per_h * seen / (p.half_concentration + seen))

    def individual(theta: Mapping[str, Any], covariates: Mapping[str, Any]) -> Saturated:
        return Saturated(theta["most"], theta["half"], theta["volume"])

    into = {"central": Compartment("central")}
    return _model(name, start, individual, lambda p: One(0.0), rates, into, lambda p, s: s.central / p.volume_l)


def _model(name: str, start: Start, individual: Any, begun: Any, rates: Any, into: Any, seen: Any) -> Model:
    parameters: dict[str, Quantity] = {
        parameter: Assumed(value, unit, _WHY) for parameter, (value, unit) in start.parameters.items()
    }
    return Model(
        name=name,
        citation="a structure of every textbook",
        covariates=(),
        parameters=parameters,
        individual=individual,
        start=begun,
        rates=rates,
        compartments=into,
        observe=lambda p, s: {C: seen(p, s)},
        observables={C: "1"},
        variability=Variability(between={field: Assumed(cv, "CV", _WHY) for field, cv in start.varying.items()}),
        errors={C: start.error},
    )


def _proportional(value: float, additive: float | None = None) -> Error:
    return Error(
        additive=None if additive is None else Assumed(additive, "1", _WHY), proportional=Assumed(value, "1", _WHY)
    )


ORAL = oral(
    "Oral_1CPT",
    Start(
        {"absorption": (0.7, "1/h"), "clearance": (2.5, "L/h"), "volume": (50.0, "L")},
        dict.fromkeys(("absorption_per_h", "clearance_l_per_h", "volume_l"), 0.4),
        _proportional(0.3),
    ),
)
INFUSION = infused(
    "Infusion_2CPT",
    Start(
        {
            "clearance": (2.5, "L/h"),
            "volume": (50.0, "L"),
            "exchange": (8.0, "L/h"),
            "peripheral_volume": (30.0, "L"),
        },
        dict.fromkeys(("clearance_l_per_h", "volume_l", "exchange_l_per_h", "peripheral_volume_l"), 0.4),
        _proportional(0.3),
    ),
)
BOLUS = saturated(
    "Bolus_1CPTMM",
    Start(
        {"most": (600.0, "ug/h"), "half": (150.0, "ug/L"), "volume": (50.0, "L")},
        dict.fromkeys(("most_per_h", "half_concentration", "volume_l"), 0.4),
        _proportional(0.3),
    ),
)
WARFARIN = oral(
    "warfarin",
    Start(
        {"absorption": (1.0, "1/h"), "clearance": (0.1, "L/h"), "volume": (10.0, "L"), "lag": (0.5, "h")},
        {"absorption_per_h": 0.5, "clearance_l_per_h": 0.3, "volume_l": 0.3},
        _proportional(0.1, 0.5),
    ),
)
TRUE = {
    "Oral_1CPT": (ORAL, {"KA": "absorption_per_h", "CL": "clearance_l_per_h", "V": "volume_l"}),
    "Infusion_2CPT": (
        INFUSION,
        {"CL": "clearance_l_per_h", "V": "volume_l", "Q": "exchange_l_per_h", "V2": "peripheral_volume_l"},
    ),
    "Bolus_1CPTMM": (BOLUS, {"VM": "most_per_h", "KM": "half_concentration", "V": "volume_l"}),
}
"""The simulated sets: their models, and which column has the true value of which individual parameter."""
