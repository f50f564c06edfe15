"""Target-mediated drug disposition: the drug binds its target, and is eliminated with it. The equations are stiff.

Free drug L, free target R and complex P, as concentrations in the central volume:

    L' = -kel L - kon L R + koff P     R' = ksyn - kdeg R - kon L R + koff P     P' = kon L R - (koff + kint) P

Mager and Jusko 2001, doi:10.1023/A:1014414520282. Before any dose R = ksyn/kdeg. The values are made up, in the
range of a monoclonal antibody's: binding takes seconds, elimination weeks.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from twin.model import Compartment, Model, Theta
from twin.quantity import Assumed, Quantity
from twin.variability import Variability

_MADE_UP = "made up: the structure is what is meant"
PARAMETERS: dict[str, Quantity] = {
    "elimination": Assumed(0.003, "1/h", f"{_MADE_UP}; kel"),
    "association": Assumed(20.0, "1/nM/h", f"{_MADE_UP}; kon"),
    "dissociation": Assumed(2.0, "1/h", f"{_MADE_UP}; koff"),
    "synthesis": Assumed(0.5, "nM/h", f"{_MADE_UP}; ksyn"),
    "degradation": Assumed(0.05, "1/h", f"{_MADE_UP}; kdeg"),
    "internalisation": Assumed(0.1, "1/h", f"{_MADE_UP}; kint"),
}


class Parameters(NamedTuple):
    """Individual parameters."""

    elimination_per_h: Any
    association_per_nm_per_h: Any
    dissociation_per_h: Any
    synthesis_nm_per_h: Any
    degradation_per_h: Any
    internalisation_per_h: Any


class Body(NamedTuple):
    """Free drug, free target and their complex, in nM."""

    drug_nm: Any
    target_nm: Any
    complex_nm: Any


def individual(theta: Theta, covariates: Mapping[str, Any]) -> Parameters:
    """Return the parameters of a patient."""
    return Parameters(*(theta[name] for name in PARAMETERS))


def start(person: Parameters) -> Body:
    """Return the state without any drug."""
    return Body(0.0, person.synthesis_nm_per_h / person.degradation_per_h, 0.0)


def rates(person: Parameters, body: Body) -> Body:
    """Return how the state changes an hour."""
    bound = (
        person.association_per_nm_per_h * body.drug_nm * body.target_nm - person.dissociation_per_h * body.complex_nm
    )
    return Body(
        -person.elimination_per_h * body.drug_nm - bound,
        person.synthesis_nm_per_h - person.degradation_per_h * body.target_nm - bound,
        bound - person.internalisation_per_h * body.complex_nm,
    )


def observe(person: Parameters, body: Body) -> dict[str, Any]:
    """Return the drug, free and bound, and the free target."""
    return {"drug": body.drug_nm + body.complex_nm, "free_target": body.target_nm}


MODEL = Model(
    name="generic_target_mediated",
    citation="the structure of Mager and Jusko 2001, J Pharmacokinet Pharmacodyn 28:507, doi:10.1023/A:1014414520282",
    covariates=(),
    parameters=PARAMETERS,
    individual=individual,
    start=start,
    rates=rates,
    compartments={"blood": Compartment("drug_nm")},
    observe=observe,
    observables={"drug": "nmol/L", "free_target": "nmol/L"},
    variability=Variability(between={name: Assumed(0.3, "CV", _MADE_UP) for name in Parameters._fields}),
    left_out=("all covariates", "distribution into tissue"),
    dose_unit="nmol/L",
)
