"""A graph with guidelines, a desk on it, and calls of hooks as a client makes them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from kg.build import build
from kg.fetch import Fetch
from panakeia.ask import Session
from panakeia.hooks.desk import Desk, desk
from panakeia.hooks.router import router
from panakeia.hooks.settings import Settings
from panakeia.verbs.genomes import bedside_of
from tests.kg.patients.made_up_records import LOINC, PATIENT, coded, genotype, observation

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
SELECT, SIGN = "panakeia-order-select", "panakeia-order-sign"
Json = dict[str, Any]


@pytest.fixture(scope="session")
def guided(mirror: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """A session on a graph that has the guidelines and nothing else."""
    store = tmp_path_factory.mktemp("guided") / "graph.lbdb"
    build(["pharmcat", "cpic", "dpwg", "pypgx"], Fetch(mirror, offline=True), store)
    with Session(store, data=mirror, progress=lambda what, share: None) as session:
        bedside_of(session)
        yield session


@pytest.fixture
def settings(guided: Session, tmp_path: Path) -> Settings:
    return Settings(guided, feedback=tmp_path / "feedback.jsonl", doses=False)


@pytest.fixture
def made(settings: Settings) -> Desk:
    return desk(settings)


@pytest.fixture
def client(settings: Settings, made: Desk) -> Iterator[TestClient]:
    app = FastAPI()
    app.include_router(router(settings, made), prefix="/cds-services")
    with TestClient(app, client=("127.0.0.1", 50000)) as asking:
        yield asking


def order(number: str, *, code: str | None = None, text: str | None = None) -> Json:
    concept: Json = {"coding": [{"system": RXNORM, "code": code}]} if code else {"text": text}
    subject = {"reference": f"Patient/{PATIENT['id']}"}
    told = {"resourceType": "MedicationRequest", "id": number, "status": "draft", "intent": "order"}
    return told | {"subject": subject, "medicationCodeableConcept": concept}


def phenotype(gene: str, text: str) -> Json:
    part = {"code": coded(LOINC, "48018-6"), "valueCodeableConcept": {"text": gene}}
    return observation("53040-2", valueCodeableConcept={"text": text}, component=[part])


def call(service: str, orders: list[Json], results: list[Json] | None, **more: Any) -> Json:
    """Return a call: results are those of genes, None where they were not prefetched."""
    about = {"reference": f"Patient/{PATIENT['id']}"}
    entries = [{"resource": {"subject": about, **one}} for one in results or ()]
    context: Json = {
        "userId": "Practitioner/1",
        "patientId": PATIENT["id"],
        "draftOrders": {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in orders]},
    }
    if service == SELECT:
        context["selections"] = [f"MedicationRequest/{one['id']}" for one in orders]
    prefetch: Json = {"patient": PATIENT}
    if results is not None:
        prefetch["genotypes"] = {"resourceType": "Bundle", "type": "searchset", "entry": entries}
    hook = service.removeprefix("panakeia-")
    told: Json = {"hook": hook, "hookInstance": str(uuid4()), "context": context, "prefetch": prefetch}
    return {**told, **more}


POOR = genotype("CYP2C19 *2/*2")
CLOPIDOGREL = order("o1", code="309362")
