"""The services keep the specification (CDS Hooks 2.0.1), and tell what there is to tell, once."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from panakeia.hooks.cards import markdown
from panakeia.hooks.desk import Desk, desk
from panakeia.hooks.settings import Settings
from tests.kg.patients.made_up_records import PATIENT, PLANTED, genotype
from tests.panakeia.hooks.conftest import CLOPIDOGREL, POOR, SELECT, SIGN, Json, call, order, phenotype

ALLOWED = {
    *("uuid", "summary", "detail", "indicator", "source", "suggestions", "selectionBehavior"),
    *("overrideReasons", "links"),
}


def no_nulls(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(no_nulls, value.values()))
    return all(map(no_nulls, value)) if isinstance(value, list) else value is not None


def must_be_a_card(card: Json) -> None:
    """Assert what the specification demands of a card."""
    assert set(card) <= ALLOWED and no_nulls(card)
    assert 0 < len(card["summary"]) < 140 and "\n" not in card["summary"]
    assert card["indicator"] in ("info", "warning", "critical")
    assert card["source"]["label"] and card["source"]["topic"]["code"] and card["source"]["topic"]["system"]
    assert ("suggestions" in card) == ("selectionBehavior" in card)
    for suggestion in card.get("suggestions", ()):
        assert suggestion["label"] and suggestion["uuid"]
        for action in suggestion["actions"]:
            assert action["type"] in ("create", "update", "delete") and action["description"]
            assert ("resourceId" if action["type"] == "delete" else "resource") in action
    for link in card.get("links", ()):
        assert link["label"] and link["url"].startswith("http") and link["type"] == "absolute"


def test_discovery_tells_services_with_distinct_ids(client: TestClient) -> None:
    services = client.get("/cds-services").json()["services"]
    assert [one["hook"] for one in services] == ["order-select", "order-sign"]
    assert len({one["id"] for one in services}) == 2
    for one in services:
        assert one["title"] and one["description"]
        assert one["prefetch"]["patient"] == "Patient/{{context.patientId}}"
        assert "84413-4" in one["prefetch"]["genotypes"] and "69548-6" in one["prefetch"]["genotypes"]


def test_a_poor_metabolizer_of_clopidogrel_is_warned_of_before_it_is_signed(client: TestClient) -> None:
    answer = client.post(f"/cds-services/{SIGN}", json=call(SIGN, [CLOPIDOGREL], [POOR]))
    assert answer.status_code == 200
    cards = answer.json()["cards"]
    for card in cards:
        must_be_a_card(card)
        assert card["indicator"] == "critical"
        assert card["suggestions"][0]["actions"][0]["resourceId"] == "MedicationRequest/o1"
        assert card["overrideReasons"]
    assert [card["source"]["label"].split(":")[0] for card in cards] == ["CPIC", "DPWG"]
    assert "prasugrel" in cards[0]["detail"]
    assert not any(word in answer.text for word in PLANTED)


def test_a_product_is_its_ingredient(made: Desk) -> None:
    results = [genotype("CYP2C9 *3/*3"), genotype("VKORC1 AA")]
    by_product = made.answer(SIGN, call(SIGN, [order("a", code="855332")], results))["cards"]
    by_ingredient = made.answer(SIGN, call(SIGN, [order("b", code="11289")], results))["cards"]
    assert by_product and [one["detail"] for one in by_product] == [one["detail"] for one in by_ingredient]


def test_a_hospitals_products_come_first(settings: Settings, tmp_path: Any) -> None:
    table = tmp_path / "products.tsv"
    table.write_text("rxcui\tingredient\n9999999\t32968\n", encoding="utf-8")
    own = desk(Settings(settings.session, products=table, feedback=settings.feedback, doses=False))
    assert own.answer(SIGN, call(SIGN, [order("a", code="9999999")], [POOR]))["cards"]
    without = desk(settings).answer(SIGN, call(SIGN, [order("a", code="9999999")], [POOR]))
    assert without == {"cards": []}


def test_nothing_to_say_is_no_card(made: Desk) -> None:
    assert made.answer(SIGN, call(SIGN, [order("a", text="Amoxicillin")], [POOR])) == {"cards": []}
    assert made.answer(SIGN, call(SIGN, [], [POOR])) == {"cards": []}


@pytest.mark.parametrize("results", [[], [genotype("CYP2D6 *1/*1")], [genotype("CYP2C19 *2/*unheard")]])
def test_not_tested_is_never_normal(made: Desk, results: list[Json]) -> None:
    (card,) = made.answer(SIGN, call(SIGN, [CLOPIDOGREL], results))["cards"]
    must_be_a_card(card)
    assert card["indicator"] == "info" and "CYP2C19 not known" in card["summary"]
    assert "Not tested is not normal" in card["detail"]
    assert "Normal Metabolizer" not in json.dumps(card)


def test_no_data_is_not_the_same_as_not_sent(client: TestClient) -> None:
    asked = call(SIGN, [CLOPIDOGREL], None)
    missing = client.post(f"/cds-services/{SIGN}", json=asked)
    assert missing.status_code == 412 and "genotypes" in missing.json()["detail"]
    asked["prefetch"]["genotypes"] = None
    (card,) = client.post(f"/cds-services/{SIGN}", json=asked).json()["cards"]
    assert "not known" in card["summary"]
    for bad in ({"resourceType": "OperationOutcome"}, {"resourceType": "Bundle", "link": [{"relation": "next"}]}):
        asked["prefetch"]["genotypes"] = bad
        assert client.post(f"/cds-services/{SIGN}", json=asked).status_code == 412


def test_another_patients_results_are_not_taken(client: TestClient) -> None:
    foreign = {**POOR, "subject": {"reference": "Patient/somebody-else"}}
    (card,) = client.post(f"/cds-services/{SIGN}", json=call(SIGN, [CLOPIDOGREL], [foreign])).json()["cards"]
    assert "not known" in card["summary"]
    asked = call(SIGN, [CLOPIDOGREL], [POOR])
    asked["prefetch"]["patient"] = {**PATIENT, "id": "other"}
    assert client.post(f"/cds-services/{SIGN}", json=asked).status_code == 400


def test_what_a_selection_told_a_signature_does_not_repeat(made: Desk) -> None:
    at_select = made.answer(SELECT, call(SELECT, [CLOPIDOGREL], [POOR]))["cards"]
    assert len(at_select) == 2
    assert len(made.answer(SELECT, call(SELECT, [CLOPIDOGREL], [POOR]))["cards"]) == 2, "asked again, answered again"
    assert made.answer(SIGN, call(SIGN, [CLOPIDOGREL], [POOR])) == {"cards": []}
    assert made.answer(SIGN, call(SIGN, [{**CLOPIDOGREL, "id": "o2"}], [POOR]))["cards"], "another order"
    changed = made.answer(SIGN, call(SIGN, [CLOPIDOGREL], [genotype("CYP2C19 *1/*2")]))["cards"]
    assert changed, "another result says another thing"


def test_another_process_knows_what_was_told(settings: Settings, tmp_path: Path) -> None:
    shared = replace(settings, memory=tmp_path / "hooks.db", secret=b"s" * 32)
    assert len(desk(shared).answer(SELECT, call(SELECT, [CLOPIDOGREL], [POOR]))["cards"]) == 2
    assert desk(shared).answer(SIGN, call(SIGN, [CLOPIDOGREL], [POOR])) == {"cards": []}
    with pytest.raises(ValueError, match="give both"):
        replace(settings, memory=tmp_path / "hooks.db")


def test_only_what_is_selected_is_told_of_at_a_selection(made: Desk) -> None:
    asked = call(SELECT, [CLOPIDOGREL, order("o9", code="11289")], [POOR])
    asked["context"]["selections"] = ["MedicationRequest/o9"]
    (card,) = made.answer(SELECT, asked)["cards"]
    assert "arfarin" in card["summary"]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"hook": "medication-prescribe"}, 400),
        ({"hookInstance": "no uuid"}, 400),
        ({"context": None}, 400),
        ({"fhirServer": None}, 400),
        ({"prefetch": []}, 400),
        ({"fhirAuthorization": {"access_token": "x", "token_type": "Bearer"}}, 400),
    ],
)
def test_what_the_specification_does_not_allow_is_refused(client: TestClient, change: Json, status: int) -> None:
    answer = client.post(f"/cds-services/{SIGN}", json=call(SIGN, [CLOPIDOGREL], [POOR], **change))
    assert answer.status_code == status and answer.json()["detail"]
    assert answer.headers["content-type"] == "application/problem+json"
    assert client.post("/cds-services/none", json={}).status_code == 404
    assert client.post(f"/cds-services/{SIGN}", content=b"{").status_code == 400


def test_feedback_is_kept_without_anybody_in_it(client: TestClient, settings: Settings) -> None:
    card = client.post(f"/cds-services/{SIGN}", json=call(SIGN, [CLOPIDOGREL], [POOR])).json()["cards"][0]
    given = {
        "card": card["uuid"],
        "outcome": "overridden",
        "outcomeTimestamp": "2026-01-02T03:04:05Z",
        "overrideReason": {"reason": card["overrideReasons"][0], "userComment": "Ottoline is fine"},
    }
    path = f"/cds-services/{SIGN}/feedback"
    assert client.post(path, json={"feedback": [given]}).json() == {"kept": 1}
    kept = settings.feedback.read_text(encoding="utf-8")
    assert json.loads(kept)["drug"] and json.loads(kept)["reason"] == "considered" and json.loads(kept)["commented"]
    assert not any(word in kept for word in PLANTED)
    for bad in (
        {},
        {"feedback": []},
        {"feedback": [{**given, "card": "x"}]},
        {"feedback": [{**given, "outcome": "?"}]},
    ):
        assert client.post(path, json=bad).status_code == 400
    assert settings.feedback.read_text(encoding="utf-8") == kept


def test_less_urgent_cards_may_be_kept_back(settings: Settings) -> None:
    quiet = desk(Settings(settings.session, least="warning", feedback=settings.feedback, doses=False))
    normal = [phenotype("CYP2C19", "Normal Metabolizer")]
    assert quiet.answer(SIGN, call(SIGN, [CLOPIDOGREL], normal)) == {"cards": []}
    assert quiet.answer(SIGN, call(SIGN, [CLOPIDOGREL], [POOR]))["cards"]


def test_text_is_shown_as_it_is() -> None:
    from markdown_it import MarkdownIt

    text = "CYP2C19 *2/*2 <b>[x](http://y)</b> `a` _b_\n- c\n1. d"
    shown = MarkdownIt("gfm-like", {"linkify": False}).render(markdown(text))
    assert "<b>" not in shown and "<a " not in shown and "<em>" not in shown and "<li>" not in shown
    assert "*2/*2" in shown
