"""Values: a model some of whose numbers are the design's own: parameters, variability, residual errors.

They go by their names in the table of parameters: "clearance", "between patients: clearance_l_per_h", and "residual: "
before an observable.
A parameter that varies between patients may be said to vary between occasions where the model says nothing of it:
"between occasions: clearance_l_per_h" is then the standard deviation of its logarithm.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from twin.error import Error
from twin.model import Model, residual_name
from twin.quantity import Assumed, Quantity
from twin.trials.part import STATED

Put = Callable[[Model, Quantity], Model]
"""How a value is put into a model."""
PATIENTS, OCCASIONS = "between patients: ", "between occasions: "


def with_values(model: Model, values: Mapping[str, float]) -> Model:
    """Return a model with other values, which are then assumptions; names are those of `settable`.

    Raises `ValueError` for a variability or an error below 0.
    """
    for name, value in values.items():
        if value < 0 and name not in model.parameters:
            raise ValueError(f"parameters: {name}: got {value:g}, expected >= 0")
        published, put = settable(model)[name]
        told = f", in place of {published.value:g}" if published.value else ""
        model = put(model, Assumed(value, published.unit, f"{STATED}{told}"))
    return model


def settable(model: Model) -> dict[str, tuple[Quantity, Put]]:
    """Return what may have another value, by name: as it is published, and how another is put in its place."""
    between = model.variability.between
    varying = {name: Assumed(0.0, "SD(log)", "the model says nothing of it") for name in between}
    found: dict[str, tuple[Quantity, Put]] = {
        name: (quantity, _parameter(name)) for name, quantity in model.parameters.items()
    }
    found |= {f"{PATIENTS}{name}": (quantity, _varying("between", name)) for name, quantity in between.items()}
    occasions = {**varying, **model.variability.occasions}
    found |= {f"{OCCASIONS}{name}": (quantity, _varying("occasions", name)) for name, quantity in occasions.items()}
    for observable, error in model.errors.items():
        for part, quantity in error.parts.items():
            name = residual_name(observable) + ("" if len(error.parts) == 1 else f", {part}")
            found[name] = (quantity, _residual(observable, part))
    return found


def _parameter(name: str) -> Put:
    return lambda model, value: replace(model, parameters={**model.parameters, name: value})


def _varying(kind: str, name: str) -> Put:
    def put(model: Model, value: Quantity) -> Model:
        held = {**getattr(model.variability, kind), name: value}
        between = held if kind == "between" else model.variability.between
        occasions = held if kind == "occasions" else model.variability.occasions
        return replace(model, variability=replace(model.variability, between=between, occasions=occasions))

    return put


def _residual(observable: str, part: str) -> Put:
    def put(model: Model, value: Quantity) -> Model:
        parts = {**model.errors[observable].parts, part: value}
        return replace(model, errors={**model.errors, observable: Error(**parts)})

    return put
