"""Compartment models of one to three compartments, into which drug comes as bolus, infusion or by mouth.

Central and peripheral compartments hold amounts; C = central/V1. What the doses are in, concentrations are in per
litre: a table in ug is fitted as well as one in mg, and Vmax and Km are then in ug/h and ug/L.
"""

from collections import namedtuple
from collections.abc import Mapping
from typing import Any

from twin.error import Error
from twin.model import Compartment, Model, Theta
from twin.quantity import Assumed, Quantity
from twin.variability import Variability

_MADE_UP = "made up: where a fit looks first, before it looks at the data"
_NONE = "none, unless a fit frees it or begins elsewhere"
LINEAR = {"clearance": (5.0, "L/h", "clearance_l_per_h")}
SATURABLE = {
    "most_elimination": (5.0, "mg/h", "most_elimination_mg_per_h"),
    "half_elimination": (1.0, "mg/L", "half_elimination_mg_per_l"),
}
VOLUMES = (
    {"central_volume": (50.0, "L", "central_volume_l")},
    {"exchange": (5.0, "L/h", "exchange_l_per_h"), "peripheral_volume": (50.0, "L", "peripheral_volume_l")},
    {
        "second_exchange": (1.0, "L/h", "second_exchange_l_per_h"),
        "second_peripheral_volume": (100.0, "L", "second_peripheral_volume_l"),
    },
)
ABSORPTION = {"absorption": (1.0, "1/h", "absorption_per_h")}
CONCENTRATION = "concentration"
_NAMED: Any = namedtuple
"""Whose fields hang on the arguments: no type can say them."""
BODY = ("central_mg", "peripheral_mg", "second_peripheral_mg")


def compartments(name: str, count: int, *, oral: bool = False, saturable: bool = False) -> Model:
    """Return a model of `count` compartments (1 to 3).

    Doses enter the central compartment, or, with `oral`, a depot (CMT 1) or the central one (CMT 2). Elimination is
    `saturable` (Michaelis and Menten) or linear.
    """
    fitted = {**(ABSORPTION if oral else {}), **(SATURABLE if saturable else LINEAR)}
    for more in VOLUMES[:count]:
        fitted |= more
    parameters: dict[str, Quantity] = {
        name: Assumed(value, unit, _MADE_UP) for name, (value, unit, _) in fitted.items()
    }
    fields = [field for _, _, field in fitted.values()]
    if oral:
        parameters |= {
            "lag": Assumed(0.0, "h", _NONE),
            "bioavailability": Assumed(1.0, "1", "all arrives, unless a fit frees it"),
        }
        fields += ["lag_h", "bioavailability"]
    parameters_of = _NAMED("Parameters", fields)
    state_of = _NAMED("Body", (*(("depot_mg",) if oral else ()), *BODY[:count]))

    def individual(theta: Theta, covariates: Mapping[str, Any]) -> Any:
        return parameters_of(*(theta[name] for name in parameters))

    def start(person: Any) -> Any:
        return state_of(*(0.0 for _ in state_of._fields))

    def rates(person: Any, body: Any) -> Any:
        change = _disposition(person, body, count, saturable)
        if not oral:
            return state_of(*change)
        absorbed = person.absorption_per_h * body.depot_mg
        return state_of(-absorbed, change[0] + absorbed, *change[1:])

    central = {"central": Compartment("central_mg")}
    depot = Compartment("depot_mg", bioavailability=lambda p: p.bioavailability, lag_h=lambda p: p.lag_h)
    return Model(
        name=name,
        citation="the structure of every textbook: Gibaldi and Perrier 1982, Pharmacokinetics",
        covariates=(),
        parameters=parameters,
        individual=individual,
        start=start,
        rates=rates,
        compartments={"depot": depot, **central} if oral else central,
        observe=lambda person, body: {CONCENTRATION: body.central_mg / person.central_volume_l},
        observables={CONCENTRATION: "mg/L"},
        variability=Variability(between={field: Assumed(0.4, "CV", _MADE_UP) for _, _, field in fitted.values()}),
        errors={
            CONCENTRATION: Error(additive=Assumed(0.01, "mg/L", _MADE_UP), proportional=Assumed(0.2, "1", _MADE_UP))
        },
        fixed=("lag", "bioavailability") if oral else (),
        left_out=("all covariates",),
    )


def _disposition(person: Any, body: Any, count: int, saturable: bool) -> list[Any]:
    """Return how the central and the peripheral amounts change an hour, absorption apart."""
    seen = body.central_mg / person.central_volume_l
    if saturable:
        out = person.most_elimination_mg_per_h * seen / (person.half_elimination_mg_per_l + seen)
    else:
        out = person.clearance_l_per_h * seen
    change = [-out]
    if count > 1:
        change.append(person.exchange_l_per_h * (seen - body.peripheral_mg / person.peripheral_volume_l))
    if count > 2:
        away = seen - body.second_peripheral_mg / person.second_peripheral_volume_l
        change.append(person.second_exchange_l_per_h * away)
    return [change[0] - sum(change[1:]), *change[1:]]
