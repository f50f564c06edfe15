"""Named: policies as they are written, a word and what it needs.

- `fixed=5`: the same dose for everyone;
- `table=5 1.5:20 2:10 3:0 4:-10 -25`: a titration table: the first dose, then BELOW:CHANGE in percent by the last
  measurement, and at last the change without a bound;
- `typical`, `typical=MODEL`: the dose of the typical twin with a patient's covariates, never changed;
- `twin`, `twin=MODEL`: the dose of a twin that learns from each measurement.
"""

from collections.abc import Sequence

from kg.files.number import number
from twin import library
from twin.dose.policy import ByTwin, Table, fixed
from twin.dose.target import DoseError
from twin.dose.visits import Policy
from twin.model import Model

EXPECTED = (
    "expected fixed=DOSE, table=DOSE BELOW:PERCENT ... PERCENT (table=5 1.5:20 2:10 3:0 4:-10 -25), typical or twin,"
    " of another model typical=MODEL or twin=MODEL"
)


def policy_of(text: str, models: Sequence[Model]) -> Policy:
    """Return the policy that a text means; a twin without a model is of the first one.

    Other models are those at hand, and published ones by name. Raises `DoseError` that says what is expected.

    >>> policy_of("table=5 1.5:20 -25", [library.load("theophylline_boeckmann1994")]).rows
    ((1.5, 0.2), (inf, -0.25))
    """
    word, _, rest = (part.strip() for part in text.partition("="))
    if word in ("twin", "typical"):
        return ByTwin(_model(rest, models) if rest else models[0], learns=word == "twin")
    numbers = [number(part) for part in rest.replace(":", " ").split()]
    values = [one for one in numbers if one is not None]
    if len(values) != len(numbers) or not values or values[0] < 0:
        raise DoseError(f"policy {text!r}: {EXPECTED}")
    if word == "fixed" and len(values) == 1:
        return fixed(values[0])
    if word == "table" and len(values) % 2 == 0 and all(":" in part for part in rest.split()[1:-1]):
        rows = [*zip(values[1:-1:2], values[2:-1:2], strict=True), (float("inf"), values[-1])]
        return Table(values[0], tuple((below, percent / 100) for below, percent in rows))
    raise DoseError(f"policy {text!r}: {EXPECTED}")


def _model(name: str, models: Sequence[Model]) -> Model:
    """Return a model by name; the name of a file is none, so that a policy opens nothing."""
    at_hand = {model.name: model for model in models}
    if name not in at_hand and name not in library.MODELS:
        known = ", ".join(dict.fromkeys([*at_hand, *library.MODELS]))
        raise DoseError(f"policy of a twin of {name!r}: expected one of {known}")
    return at_hand.get(name) or library.load(name)
