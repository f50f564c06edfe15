"""A starting dose is the twin's own, and the order it suggests is valid FHIR R4B."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from fhir.resources.R4B.medicationrequest import MedicationRequest

from panakeia.hooks.desk import Desk, desk
from panakeia.hooks.doses import with_dose
from panakeia.hooks.settings import Settings
from tests.kg.patients.made_up_records import genotype
from tests.panakeia.hooks.conftest import SELECT, SIGN, call, order

WARFARIN = order("w1", code="855332")
KNOWN = [genotype("CYP2C9 *1/*3"), genotype("VKORC1 GA")]


@pytest.fixture
def dosing(settings: Settings) -> Iterator[Desk]:
    made = desk(replace(settings, doses=True))
    yield made
    made.doses.close()


def test_a_selection_starts_the_work_and_the_signature_has_the_dose(dosing: Desk) -> None:
    dosing.answer(SELECT, call(SELECT, [WARFARIN], KNOWN))
    dosing.doses.finish()
    cards = dosing.answer(SIGN, call(SIGN, [WARFARIN], KNOWN))["cards"]
    (card,) = [one for one in cards if one["source"]["topic"]["code"] == "starting-dose"]
    (found,) = [one.result() for one in dosing.doses.found.values()]
    assert 0.5 <= found["dose"] < 5 and f"{found['dose']:g} mg once a day" in card["summary"]
    assert f"{found['lower']:.1f} to {found['upper']:.1f}" in card["detail"]
    suggested = card["suggestions"][0]["actions"][0]["resource"]
    assert {name: suggested[name] for name in WARFARIN} == WARFARIN
    told = MedicationRequest.model_validate(suggested)
    assert float(told.dosageInstruction[0].doseAndRate[0].doseQuantity.value) == found["dose"]


def test_what_is_not_known_is_said_and_no_dose_is_guessed(dosing: Desk) -> None:
    cards = dosing.answer(SIGN, call(SIGN, [WARFARIN], KNOWN[:1]))["cards"]
    (card,) = [one for one in cards if one["source"]["topic"]["code"] == "starting-dose"]
    assert "VKORC1 not known" in card["summary"] and "suggestions" not in card
    assert not dosing.doses.found


def test_a_desk_that_is_warm_has_worked_out_a_dose_of_nobody(dosing: Desk) -> None:
    dosing.doses.warm()
    dosing.doses.finish()
    ((key, found),) = dosing.doses.found.items()
    assert key == ("DRUGBANK:DB00682", "60", "*1/*1", "GA") and 0.5 < found.result()["dose"] < 15


def test_an_order_keeps_all_but_its_doses() -> None:
    draft = {**WARFARIN, "note": [{"text": "x"}], "dosageInstruction": [{"text": "5 mg"}]}
    changed = with_dose(draft, 2.5, "mg")
    assert changed["note"] == draft["note"] and changed["dosageInstruction"][0]["text"] == "2.5 mg once a day"
    assert draft["dosageInstruction"] == [{"text": "5 mg"}]
    MedicationRequest.model_validate(changed)
