"""Desk: a call of a hook becomes cards: whose chart, which orders, what `Session.pgx` says of them, what is new."""

import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx

from kg.patients.bedside import Bedside
from kg.patients.formats.fhir.direct import read_person
from kg.patients.record import RecordError
from kg.progress import silent
from kg.query.pharmacogenomics import AdviceError
from panakeia.ask import Session
from panakeia.hooks.advice import advice_cards
from panakeia.hooks.asked import SERVICES, Json, read_call
from panakeia.hooks.cards import Card
from panakeia.hooks.chart import chart, templates
from panakeia.hooks.doses import Doses
from panakeia.hooks.feedback import Feedback
from panakeia.hooks.memory import Memory
from panakeia.hooks.once import Once
from panakeia.hooks.orders import Order, Products, orders, read_products
from panakeia.hooks.problem import HookProblem
from panakeia.hooks.settings import INDICATORS, Settings
from panakeia.hooks.starting import STARTING, needs_body
from panakeia.hooks.tokens import Clients, read_clients
from panakeia.verbs.genomes import RECORD, bedside_of

LOG = logging.getLogger(__name__)
TITLE = "Pharmacogenomics of an order"
DESCRIPTION = {
    "order-select": "What CPIC and DPWG advise on the drugs just selected, by the patient's genes",
    "order-sign": "What CPIC and DPWG advise on the drugs about to be signed, by the patient's genes",
}


@dataclass(frozen=True)
class Desk:
    """All that answers need, made from settings once; `transport` leads to FHIR servers, else the network does."""

    settings: Settings
    clients: Clients
    products: Products
    once: Once
    feedback: Feedback
    transport: httpx.AsyncBaseTransport | None
    doses: Doses
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def known(self) -> Bedside:
        """Return what the graph says, read on the first call; raises `HookProblem` with 503 where it cannot be."""
        with self._lock:
            try:
                return bedside_of(self.settings.session)
            except (AdviceError, OSError) as failure:
                raise HookProblem(503, str(failure)) from None

    def warm(self) -> None:
        """Do now what a first call would wait for: read the graph, and load models and what validates FHIR."""
        self.known()
        if self.settings.doses:
            self.doses.warm()
        patient = {"resourceType": "Patient", "id": "nobody"}
        result = {"resourceType": "Observation", "status": "final", "subject": {"reference": "Patient/nobody"}}
        code = {"coding": [{"system": "http://loinc.org", "code": "84413-4"}]}
        self.settings.session.pgx(record=[patient, {**result, "code": code, "valueString": "CYP2C19 *1/*1"}])

    def services(self) -> dict[str, Any]:
        """Return the services as discovery tells them."""
        return {
            "services": [
                {
                    "id": service,
                    "hook": hook,
                    "title": TITLE,
                    "description": DESCRIPTION[hook],
                    "prefetch": templates(),
                    "usageRequirements": "Results of genes as FHIR Observations (LOINC 84413-4, 69548-6, 53040-2, or"
                    " of a gene's metabolic activity); drugs as RxNorm, or by name. Optional: weight and height, or"
                    " body surface, for a starting dose of tacrolimus",
                }
                for service, hook in SERVICES.items()
            ]
        }

    def answer(self, service: str, body: Any, caller: str = "") -> dict[str, Any]:
        """Return the cards for a call of a service by a client; raises `HookProblem` where there can be none."""
        asked = read_call(service, body)
        known = self.known()
        ordered = orders(asked, known, self.products)
        for order in ordered:
            if not order.drugs:
                LOG.info("an ordered medicine has no code or name that is known")
        if not any(order.drugs for order in ordered):
            return {"cards": []}
        body = self.settings.doses and any(needs_body(drug) for order in ordered for drug in order.drugs)
        found = chart(asked, self.settings.servers, self.transport, with_body=body)
        least = INDICATORS.index(self.settings.least)
        cards = [one for one in self._cards(ordered, found, known) if INDICATORS.index(one.indicator) >= least]
        cards = self.once.untold(asked.hook, (caller, asked.server or "", asked.patient), cards)
        cards.sort(key=lambda card: -INDICATORS.index(card.indicator))
        told = [(card, card.to_json()) for card in cards]
        for card, one in told:
            self.feedback.told(one["uuid"], card)
        return {"cards": [one for _, one in told]}

    def _cards(self, ordered: list[Order], found: tuple[Json, ...], known: Bedside) -> Iterator[Card]:
        """Yield what there is to say of each ingredient of each order."""
        drugs = list(dict.fromkeys(drug for order in ordered for drug in order.drugs if drug in known.by_drug))
        if not drugs:
            return
        try:
            told = self.settings.session.pgx(record=found, drugs=drugs)
        except RecordError as failure:
            raise HookProblem(412, str(failure)) from None
        doses = self.settings.doses and not STARTING.keys().isdisjoint(drugs)
        person = read_person(found, known.alleles)[0] if doses else None
        results, advice = told.results[RECORD], told.advice[RECORD]
        for order in ordered:
            for drug, name in order.drugs.items():
                said = [one for one in advice if one.drug_id == drug]
                if said or self.settings.untested:
                    yield from advice_cards(order, name, said, results, known.genes_of(drug))
                if person and (dose := self.doses.card(order, drug, person, results)):
                    yield dose


def desk(settings: Settings, transport: httpx.AsyncBaseTransport | None = None) -> Desk:
    """Return what answers need; raises `ValueError` or `OSError` for settings that cannot be."""
    memory = Memory(settings.memory, settings.secret)
    return Desk(
        settings,
        read_clients(settings.clients, memory),
        read_products(settings.products) if settings.products else {},
        Once(memory, settings.once_h * 3600),
        Feedback(settings.feedback),
        transport,
        Doses(Session(settings.session.store, data=settings.session.data, progress=silent)),
    )
