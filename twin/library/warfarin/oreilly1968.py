"""Warfarin after one dose: concentration and prothrombin complex activity in 32 volunteers (O'Reilly 1963 and 1968).

One compartment with absorption after a lag; the drug inhibits the synthesis of the prothrombin complex:

    gut' = -ka·gut         central' = ka·gut - CL/V·central         cp = central/V
    CL = 0.134 L/h · (weight/70)^0.75        V = 7.89 L · (weight/70)
    pca' = kout·(E0·(1 - Imax·cp/(IC50 + cp)) - pca)        before any dose pca = E0

`cp` is racemic warfarin in plasma and `pca` the activity in percent of normal, as the public data set calls them.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from twin.error import Error
from twin.library.body import WEIGHT
from twin.model import MISSED_DOSES, Compartment, Model, Theta
from twin.quantity import Assumed, Measured, Quantity
from twin.variability import Variability

_DATA = "O'Reilly and Aggeler 1968, Circulation 38:169; O'Reilly 1963, J Clin Invest 42:1542"
_FIT = "32 volunteers of O'Reilly 1968, fitted by Monolix 2021R2 (SAEM), as a public project prints it"
_SIZE = (
    "allometry by theory, as Holford's NONMEM model of these volunteers has it (Nguyen 2017, doi:10.1002/psp4.12161)"
)
PARAMETERS: dict[str, Quantity] = {
    "lag": Measured(0.92, "h", _FIT),
    "absorption": Measured(1.4, "1/h", _FIT),
    "clearance": Measured(0.134, "L/h", f"{_FIT}, without weight"),
    "volume": Measured(7.89, "L", f"{_FIT}, without weight"),
    "baseline": Measured(96.5, "%", f"{_FIT}; R0"),
    "loss": Measured(0.0542, "1/h", f"{_FIT}; kout"),
    "most_inhibition": Measured(0.996, "1", f"{_FIT}; Imax"),
    "half_inhibition": Measured(1.15, "mg/L", f"{_FIT}; IC50"),
    "clearance_weight_exponent": Assumed(0.75, "1", _SIZE),
    "volume_weight_exponent": Assumed(1.0, "1", _SIZE),
    "reference_weight": Assumed(70.0, "kg", _SIZE),
}
VARIABILITY = {
    "lag_h": Measured(0.497, "SD(log)", _FIT),
    "absorption_per_h": Measured(0.882, "SD(log)", _FIT),
    "clearance_l_per_h": Measured(0.284, "SD(log)", f"{_FIT}, without weight"),
    "volume_l": Measured(0.219, "SD(log)", f"{_FIT}, without weight"),
    "baseline_percent": Measured(0.0532, "SD(log)", _FIT),
    "loss_per_h": Measured(0.106, "SD(log)", _FIT),
    "half_inhibition_mg_per_l": Measured(0.449, "SD(log)", _FIT),
}
CP, PCA = "cp", "pca"
ERRORS = {
    CP: Error(
        additive=Measured(0.282, "mg/L", f"{_FIT}; there the two parts' SDs add up, here their variances"),
        proportional=Measured(0.0469, "1", f"{_FIT}; there the two parts' SDs add up, here their variances"),
    ),
    PCA: Error(additive=Measured(3.82, "%", _FIT)),
}


class Parameters(NamedTuple):
    """Individual parameters."""

    lag_h: Any
    absorption_per_h: Any
    clearance_l_per_h: Any
    volume_l: Any
    baseline_percent: Any
    loss_per_h: Any
    most_inhibition: Any
    half_inhibition_mg_per_l: Any


class Body(NamedTuple):
    """Warfarin in mg, and the activity of the prothrombin complex in percent."""

    gut_mg: Any
    central_mg: Any
    pca_percent: Any


def individual(theta: Theta, covariates: Mapping[str, Any]) -> Parameters:
    """Return the parameters of a patient of this weight, without variability."""
    size = covariates[WEIGHT.name] / theta["reference_weight"]
    return Parameters(
        lag_h=theta["lag"],
        absorption_per_h=theta["absorption"],
        clearance_l_per_h=theta["clearance"] * size ** theta["clearance_weight_exponent"],
        volume_l=theta["volume"] * size ** theta["volume_weight_exponent"],
        baseline_percent=theta["baseline"],
        loss_per_h=theta["loss"],
        most_inhibition=theta["most_inhibition"],
        half_inhibition_mg_per_l=theta["half_inhibition"],
    )


def start(person: Parameters) -> Body:
    """Return the state of a patient who has never taken warfarin."""
    return Body(0.0, 0.0, person.baseline_percent)


def rates(person: Parameters, body: Body) -> Body:
    """Return how the state changes an hour."""
    absorbed = person.absorption_per_h * body.gut_mg
    concentration = body.central_mg / person.volume_l
    inhibited = person.most_inhibition * concentration / (person.half_inhibition_mg_per_l + concentration)
    return Body(
        -absorbed,
        absorbed - person.clearance_l_per_h * concentration,
        person.loss_per_h * (person.baseline_percent * (1 - inhibited) - body.pca_percent),
    )


def observe(person: Parameters, body: Body) -> dict[str, Any]:
    """Return the concentration and the activity."""
    return {CP: body.central_mg / person.volume_l, PCA: body.pca_percent}


MODEL = Model(
    name="warfarin_oreilly1968",
    citation=_DATA,
    covariates=(WEIGHT,),
    parameters=PARAMETERS,
    individual=individual,
    start=start,
    rates=rates,
    compartments={"gut": Compartment("gut_mg", lag_h=lambda person: person.lag_h)},
    observe=observe,
    observables={CP: "mg/L", PCA: "%"},
    variability=Variability(between=VARIABILITY),
    errors=ERRORS,
    fixed=("most_inhibition", "clearance_weight_exponent", "volume_weight_exponent", "reference_weight"),
    left_out=(
        "the two enantiomers, of which S-warfarin acts more",
        "genotypes, age and sex",
        "variability of the largest inhibition, 0.534 of its log-odds in the quoted fit: it is next to 1 in all",
        "the INR, which these studies preceded",
        MISSED_DOSES,
    ),
)
