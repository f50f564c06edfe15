"""Doses: a starting dose by the twin, worked out beside the call, and offered with how patients on it differ.

A model takes a second or two, a card a tenth of one: whoever selects starts the work, and the signature has the answer.
What the model needs and the chart does not tell is said; nothing is guessed.
"""

import logging
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from kg.patients.record import Person
from kg.pharmacogenomics.alleles import laboratory_genotype
from kg.pharmacogenomics.calls import GeneResult
from panakeia.ask import Session
from panakeia.hooks.cards import Action, Card, Source, Suggestion, markdown
from panakeia.hooks.orders import Order

LOG = logging.getLogger(__name__)
TOPIC = ("starting-dose", "Starting dose by a model")
DAYS_A_YEAR = 365.25
WAIT_S = 0.04
"""How long a call waits for a dose that is being worked out."""
_MOST = 2_000


@dataclass(frozen=True)
class Starting:
    """How a starting dose of a drug is asked for: the model, its target, and bounds of one dose a day, in mg.

    `first` are the covariates of nobody, for whom a dose is worked out at the start: what the model's equations are
    compiled by, so that the first patient does not wait for it.
    """

    model: str
    target: str
    low: float
    high: float
    step: float
    why: str
    first: Mapping[str, str]


STARTING = {
    "DRUGBANK:DB00682": Starting(
        model="warfarin_hamberg2007",
        target="INR=2.5",
        low=0.5,
        high=15.0,
        step=0.5,
        why="the middle of the usual range of 2 to 3, at steady state",
        first={"age_years": "60", "CYP2C9": "*1/*1", "VKORC1": "GA"},
    ),
}
"""The drugs of which a starting dose is offered; a tenth is one entry."""


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
        name = order.drugs[drug]
        stated, lacking = _covariates(asked.model, person, results)
        if lacking:
            told = f"{name}: no starting dose by the model: {', '.join(lacking)} not known"
            return Card(told, f"{markdown(told)}.", "info", Source(asked.model, TOPIC), drug, order.reference or "")
        found = self._dose(drug, asked, stated)
        return None if found is None else _card(order, drug, asked, stated, found)

    def warm(self) -> None:
        """Load the models, and begin a dose by each: a first call would wait for what is loaded and compiled."""
        from twin import library

        for drug, asked in STARTING.items():
            library.load(asked.model)
            self._dose(drug, asked, asked.first)

    def finish(self) -> None:
        """Wait until all that was begun is worked out."""
        wait(list(self.found.values()))

    def close(self) -> None:
        """Begin nothing more."""
        self._work.shutdown(wait=False, cancel_futures=True)

    def _dose(self, drug: str, asked: Starting, stated: Mapping[str, str]) -> Mapping[str, Any] | None:
        key = (drug, *stated.values())
        if key not in self.found:
            if len(self.found) >= _MOST:
                self.found.clear()
            self.found[key] = self._work.submit(self._ask, asked, dict(stated))
        wait([self.found[key]], timeout=WAIT_S)
        if not self.found[key].done():
            return None
        if failure := self.found[key].exception():
            LOG.warning("no starting dose: %s", type(failure).__name__)
            return None
        return self.found[key].result()

    def _ask(self, asked: Starting, stated: Mapping[str, str]) -> Mapping[str, Any]:
        """Return what `Session.twin_dose` finds for one with these covariates."""
        import numpy as np

        from twin import library
        from twin.patient import Cohort

        model = library.load(asked.model)
        known = {one.name: np.array([one.read(stated[one.name])]) for one in model.covariates}
        cohort = Cohort(("the patient",), known)
        told = self.session.twin_dose(
            asked.target, model=asked.model, cohort=cohort, draws=200, low=asked.low, high=asked.high, step=asked.step
        ).to_json()
        return {**told, **told["patients"][0]}


def _covariates(name: str, person: Person, results: Mapping[str, GeneResult]) -> tuple[dict[str, str], list[str]]:
    """Return what the chart states of a model's covariates, and which it does not."""
    from twin import library

    stated, lacking = {}, []
    for covariate in library.load(name).covariates:
        told = ""
        if covariate.name == "age_years" and person.born is not None:
            told = f"{int((datetime.now(UTC).date() - person.born.first).days / DAYS_A_YEAR)}"
        found = results.get(covariate.name)
        if found is not None and len(found.looked_up) == 1 and not found.untold:
            told = laboratory_genotype(covariate.name, "/".join(found.looked_up[0]))
        try:
            known = bool(told) and covariate.read(told) is not None
        except ValueError:
            known = False
        if known:
            stated[covariate.name] = told
        else:
            lacking.append(covariate.name.removesuffix("_years"))
    return stated, lacking


def _card(order: Order, drug: str, asked: Starting, stated: Mapping[str, str], found: Mapping[str, Any]) -> Card | None:
    name, dose, unit = order.drugs[drug], found["dose"], found["dose_unit"]
    known = ", ".join(f"{one.removesuffix('_years')} {value}" for one, value in stated.items())
    if dose is None:
        return None
    between = f"{found['lower']:.1f} to {found['upper']:.1f}"
    lines = [
        f"**{dose:g} {unit} once a day** for {markdown(known)}: {markdown(asked.target)}, {asked.why}.",
        f"On it the {found['observable']} of {found['level']:.0%} of such patients is {between}.",
        f"{markdown(found['citation'])}. A starting point, to be followed by measurements: other drugs, illness, diet"
        " and the liver are not in the model.",
    ]
    if other := found.get("second_model"):
        own = other["own_dose"]
        lines.append(
            f"{markdown(other['model'])} gives {own:.1f} {unit}."
            if own
            else f"{markdown(other['model'])} has no such dose."
        )
    changed = with_dose(order.resource, dose, unit)
    label = f"Start {name} with {dose:g} {unit} once a day"
    return Card(
        f"{label}: {found['observable']} {between} in {found['level']:.0%} of such patients",
        "\n\n".join(lines),
        "info",
        Source(f"Digital twin: {asked.model}", TOPIC),
        drug,
        order.reference or "",
        (Suggestion(label, Action(label, changed)),),
    )


def with_dose(draft: Mapping[str, Any], dose: float, unit: str) -> dict[str, Any]:
    """Return a whole order with a dose once a day in place of what it says of doses."""
    changed = deepcopy(dict(draft))
    quantity = {"value": dose, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}
    changed["dosageInstruction"] = [
        {
            "text": f"{dose:g} {unit} once a day",
            "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}},
            "doseAndRate": [{"doseQuantity": quantity}],
        }
    ]
    return changed
