"""A starting dose is the twin's own, and the order it suggests is valid FHIR R4B."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from fhir.resources.R4B.medicationrequest import MedicationRequest

from panakeia.hooks.desk import Desk, desk
from panakeia.hooks.doses import with_dose
from panakeia.hooks.settings import Settings
from panakeia.hooks.starting import BODY as BODY_CODES
from panakeia.hooks.starting import STARTING
from tests.kg.patients.made_up_records import PATIENT, genotype, observation
from tests.panakeia.hooks.conftest import SELECT, SIGN, call, order
from twin import library
from twin.covariates import Continuous, parts

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
    found = {key: one.result()["dose"] for key, one in dosing.doses.found.items()}
    assert found.keys() == {
        ("DRUGBANK:DB00682", "60", "*1/*1", "GA", "15"),
        ("DRUGBANK:DB00864", "55", "1.93", "*3/*3", "*1/*1", "20"),
    }
    assert 0.5 < found["DRUGBANK:DB00682", "60", "*1/*1", "GA", "15"] < 15
    assert found["DRUGBANK:DB00864", "55", "1.93", "*3/*3", "*1/*1", "20"] == 5.0  # Andrews 2019: 4.995 mg at 55.72


TACROLIMUS = order("t1", text="tacrolimus")


def measured(code: str, value: float, unit: str, day: str) -> dict[str, Any]:
    quantity = {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}
    return observation(code, valueQuantity=quantity, effectiveDateTime=day)


BODY = [
    measured("29463-7", 70.0, "kg", "2016-03-01"),
    measured("29463-7", 79.4, "kg", "2024-03-01"),
    measured("8302-2", 1.83, "m", "2016-03-01"),
]


def dose_card(dosing: Desk, results: list[dict[str, Any]], body: list[dict[str, Any]] | None) -> dict[str, Any]:
    asked = call(SIGN, [TACROLIMUS], results)
    if body is not None:
        about = {"reference": f"Patient/{PATIENT['id']}"}
        entries = [{"resource": {"subject": about, **one}} for one in body]
        asked["prefetch"]["body"] = {"resourceType": "Bundle", "type": "searchset", "entry": entries}
    dosing.answer(SIGN, asked)
    dosing.doses.finish()
    cards = dosing.answer(SIGN, asked)["cards"]
    (card,) = [one for one in cards if one["source"]["topic"]["code"] == "starting-dose"]
    return dict(card)


def age() -> int:
    return int((datetime.now(UTC).date() - date.fromisoformat(PATIENT["birthDate"])).days / 365.25)


def test_tacrolimus_starts_with_the_published_dose(dosing: Desk) -> None:
    card = dose_card(dosing, [genotype("CYP3A5 *1/*3")], BODY)
    surface = 0.007184 * 79.4**0.425 * 183**0.725
    published = 222 * 22.5 * 1.62 * (age() / 55.72) ** -0.50 * (surface / 1.93) ** 0.72 / 1000
    nearest = round(2 * published) / 2
    assert f"Start Tacrolimus with {nearest:g} mg twice a day" in card["summary"]
    assert "body surface 2.014 m2 (from weight 79.4 kg, height 183 cm, by Du Bois and Du Bois 1916)" in card["detail"]
    assert "CYP3A4 not known, counted as" in card["detail"]
    assert "Measured: weight on 2024-03-01, height on 2016-03-01." in card["detail"]
    assert f"this is {2 * nearest / 79.4:.2f} for 79.4 kg" in card["detail"]
    suggested = card["suggestions"][0]["actions"][0]["resource"]
    told = MedicationRequest.model_validate(suggested)
    assert told.dosageInstruction[0].timing.repeat.frequency == 2
    assert float(told.dosageInstruction[0].doseAndRate[0].doseQuantity.value) == nearest


def test_no_dose_of_tacrolimus_is_above_the_most_of_the_guideline(dosing: Desk) -> None:
    small = [measured("29463-7", 30.0, "kg", "2024-03-01"), measured("3140-1", 2.0, "m2", "2024-03-01")]
    card = dose_card(dosing, [genotype("CYP3A5 *1/*1")], small)
    assert "none from 0.5 to 4.5 mg twice a day" in card["summary"] and "suggestions" not in card


@pytest.mark.parametrize("body", [None, [], [measured("29463-7", 79.4, "stone", "2024-03-01")]])
def test_without_measures_of_the_body_there_is_no_dose_of_tacrolimus(
    dosing: Desk, body: list[dict[str, Any]] | None
) -> None:
    card = dose_card(dosing, [genotype("CYP3A5 *1/*3")], body)
    assert "body surface not known, nor weight and height" in card["summary"] and not dosing.doses.found


WEIGHT = measured("29463-7", 80.0, "kg", "2024-03-01")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ([WEIGHT], "body surface not known, nor height"),
        (
            [WEIGHT, measured("8302-2", 1.83, "cm", "2024-03-01")],
            "body surface not known; height 1.83 cm: expected a number of cm from 50 to 272",
        ),
    ],
)
def test_of_the_measures_of_the_body_that_one_is_told_which_is_missing_or_cannot_be(
    dosing: Desk, body: list[dict[str, Any]], told: str
) -> None:
    card = dose_card(dosing, [genotype("CYP3A5 *1/*3")], body)
    assert card["summary"].endswith(f"no starting dose by the model: {told}") and "suggestions" not in card


def test_a_measure_of_no_day_is_not_used_and_that_is_said(dosing: Desk) -> None:
    undated = [{name: value for name, value in one.items() if name != "effectiveDateTime"} for one in BODY]
    card = dose_card(dosing, [genotype("CYP3A5 *1/*3")], undated)
    assert "nor weight of any day and height of any day" in card["summary"] and "suggestions" not in card


def test_of_two_weights_on_one_day_the_later_counts(dosing: Desk) -> None:
    weights = [(79.4, "2024-03-01T18:00:00Z"), (70.0, "2024-03-01T08:00:00Z")]
    body = [*(measured("29463-7", value, "kg", at) for value, at in weights), BODY[2]]
    card = dose_card(dosing, [genotype("CYP3A5 *1/*3")], body)
    assert "weight 79.4 kg" in card["detail"]


def test_every_measure_of_the_body_that_a_starting_dose_needs_is_asked_for() -> None:
    for one in STARTING.values():
        codes = {
            code
            for covariate in library.load(one.model).covariates
            for part in (covariate, *parts(covariate))
            if isinstance(part, Continuous) and part.recorded
            for code in part.recorded.codes
        }
        assert codes <= set(BODY_CODES)


def test_an_order_keeps_all_but_its_doses() -> None:
    draft = {**WARFARIN, "note": [{"text": "x"}], "dosageInstruction": [{"text": "5 mg"}]}
    changed = with_dose(draft, 2.5, "mg", STARTING["DRUGBANK:DB00682"])
    assert changed["note"] == draft["note"] and changed["dosageInstruction"][0]["text"] == "2.5 mg once a day"
    assert draft["dosageInstruction"] == [{"text": "5 mg"}]
    MedicationRequest.model_validate(changed)
