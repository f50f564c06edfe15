"""Doses: a starting dose by the twin, worked out beside the call, and offered with how patients on it differ.

A model takes a second or two, a card a tenth of one: whoever selects starts the work, and the signature has the answer.
What the model needs and the chart does not tell is said; nothing is guessed.
"""

import logging
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from kg.patients.record import Person
from kg.pharmacogenomics.calls import GeneResult
from panakeia.ask import Session
from panakeia.hooks.cards import Action, Card, Source, Suggestion, markdown
from panakeia.hooks.orders import Order
from panakeia.hooks.starting import STARTING, Charted, Starting, charted

LOG = logging.getLogger(__name__)
TOPIC = ("starting-dose", "Starting dose by a model")
WAIT_S = 0.04
"""How long a call waits for a dose that is being worked out."""
_MOST = 2_000


@dataclass(frozen=True)
class Doses:
    """The doses worked out or being so, by drug and covariates: no patient is in them."""

    session: Session
    _work: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1), repr=False)
    found: dict[tuple[str, ...], "Future[Mapping[str, Any]]"] = field(default_factory=dict, repr=False)

    def card(self, order: Order, drug: str, person: Person, results: Mapping[str, GeneResult]) -> Card | None:
        """Return the card of a starting dose, or of what it lacks; None for a drug without, and while it is made."""
        asked = STARTING.get(drug)
        if asked is None:
            return None
        known = charted(asked.model, person, results)
        if known.lacking:
            return _without(order, drug, asked, "; ".join(known.lacking))
        high = asked.highest(known.weight_kg)
        found = self._dose(drug, asked, known.stated, high)
        if found is None:
            return None
        if found["dose"] is None:
            why = f"none from {asked.low:g} to {high:g} mg {asked.how_often} reaches a {asked.why}"
            return _without(order, drug, asked, why)
        return _card(order, drug, asked, known, found)

    def warm(self) -> None:
        """Load the models, and begin a dose by each: a first call would wait for what is loaded and compiled."""
        from twin import library

        for drug, asked in STARTING.items():
            library.load(asked.model)
            self._dose(drug, asked, asked.first, asked.high)

    def finish(self) -> None:
        """Wait until all that was begun is worked out."""
        wait(list(self.found.values()))

    def close(self) -> None:
        """Begin nothing more."""
        self._work.shutdown(wait=False, cancel_futures=True)

    def _dose(self, drug: str, asked: Starting, stated: Mapping[str, str], high: float) -> Mapping[str, Any] | None:
        key = (drug, *stated.values(), f"{high:g}")
        if key not in self.found:
            if len(self.found) >= _MOST:
                self.found.clear()
            self.found[key] = self._work.submit(self._ask, asked, dict(stated), high)
        wait([self.found[key]], timeout=WAIT_S)
        if not self.found[key].done():
            return None
        if failure := self.found[key].exception():
            LOG.warning("no starting dose: %s", type(failure).__name__)
            return None
        return self.found[key].result()

    def _ask(self, asked: Starting, stated: Mapping[str, str], high: float) -> Mapping[str, Any]:
        """Return what `Session.twin_dose` finds for one with these covariates."""
        import numpy as np

        from twin import library
        from twin.patient import Cohort

        model = library.load(asked.model)
        known = {one.name: np.array([one.read(stated[one.name])]) for one in model.covariates}
        cohort = Cohort(("the patient",), known)
        told = self.session.twin_dose(
            asked.target,
            model=asked.model,
            cohort=cohort,
            draws=200,
            low=asked.low,
            high=high,
            step=asked.step,
            every=f"{asked.every_h}h",
            measure=asked.measure,
        ).to_json()
        return {**told, **told["patients"][0]}


def _without(order: Order, drug: str, asked: Starting, why: str) -> Card:
    """Return the card that says why no dose is offered."""
    told = f"{order.drugs[drug]}: no starting dose by the model: {why}"
    return Card(told, f"{markdown(told)}.", "info", Source(asked.model, TOPIC), drug, order.reference or "")


def _card(order: Order, drug: str, asked: Starting, known: Charted, found: Mapping[str, Any]) -> Card:
    name, dose, unit = order.drugs[drug], found["dose"], found["dose_unit"]
    between = f"{found['lower']:.1f} to {found['upper']:.1f}" + (f" {asked.unit}" if asked.unit else "")
    lines = [
        f"**{dose:g} {unit} {asked.how_often}** for {markdown(', '.join(known.told))}: {markdown(asked.why)}.",
        *([f"Measured: {', '.join(known.measured)}."] if known.measured else ()),
        f"On it the {asked.observed} of {found['level']:.0%} of such patients is {between}.",
        *([f"For {asked.whom}."] if asked.whom else ()),
        f"{markdown(found['citation'])}. A starting point, to be followed by measurements: other drugs, illness, diet"
        " and the liver are not in the model.",
        *_most(asked, dose * asked.a_day, known.weight_kg),
    ]
    if other := found.get("second_model"):
        own = other["own_dose"]
        lines.append(
            f"{markdown(other['model'])} gives {own:.1f} {unit}."
            if own
            else f"{markdown(other['model'])} has no such dose."
        )
    changed = with_dose(order.resource, dose, unit, asked)
    label = f"Start {name} with {dose:g} {unit} {asked.how_often}"
    return Card(
        f"{label}: {asked.observed} {between} in {found['level']:.0%} of such patients",
        "\n\n".join(lines),
        "info",
        Source(f"Digital twin: {asked.model}", TOPIC),
        drug,
        order.reference or "",
        (Suggestion(label, Action(label, changed)),),
    )


def _most(asked: Starting, a_day: float, weight_kg: float | None) -> Iterator[str]:
    """Yield what the most of a dose is, and how far it is away."""
    if asked.most is None:
        return
    told = f"At most {asked.most.mg_per_kg:g} mg/kg a day, after {markdown(asked.most.source)}"
    if weight_kg is None:
        yield f"{told}: the weight is not known, so it was not checked."
    else:
        yield f"{told}: this is {a_day / weight_kg:.2f} for {weight_kg:g} kg."


def with_dose(draft: Mapping[str, Any], dose: float, unit: str, asked: Starting) -> dict[str, Any]:
    """Return a whole order with a dose as often as asked in place of what it says of doses."""
    changed = deepcopy(dict(draft))
    quantity = {"value": dose, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}
    changed["dosageInstruction"] = [
        {
            "text": f"{dose:g} {unit} {asked.how_often}",
            "timing": {"repeat": {"frequency": asked.a_day, "period": 1, "periodUnit": "d"}},
            "doseAndRate": [{"doseQuantity": quantity}],
        }
    ]
    return changed
