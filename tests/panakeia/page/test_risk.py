"""Risk: what a patient's page foretells is what the verbs say; the bars add up; what is not foretold says why."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from panakeia import Session
from panakeia.api.access.authenticate import Gate
from panakeia.api.access.roles import Role
from panakeia.desk.desk import Desk, DeskSettings
from panakeia.page.figures.contributions import SHOWN, shown
from panakeia.page.router import page
from twin.prognosis.risk.saved import save
from twin.prognosis.risk.train import Risk

PATIENT = "PANAKEIA:P-0656e08a1b41eeba9b7b"


@pytest.fixture
def client(
    risk: Risk, starter_store: Path, page_gate: Gate, page_keys: dict[Role, str], tmp_path: Path
) -> Iterator[TestClient]:
    """A desk that keeps the risk, to which a clinician has signed in."""
    save(risk, tmp_path / "models" / "death")
    app = FastAPI(openapi_url=None)
    settings = DeskSettings(str(starter_store), tmp_path / "models" / "model", None, tmp_path / "home")
    app.include_router(page(Desk(settings), page_gate))
    with TestClient(app, base_url="http://localhost") as client:
        client.post("/sign-in", data={"key": page_keys["clinician"], "next": "/"})
        yield client


def test_a_patient_is_foretold_as_the_verb_does_beside_the_base_rate_and_by_group(
    client: TestClient, starter_store: Path, tmp_path: Path
) -> None:
    with Session(starter_store) as session:
        told = session.risk_explain(tmp_path / "models" / "death", PATIENT).to_json()
        kept = session.risk_list(tmp_path / "models").to_json()[0]
    text = unescape(client.get("/patient/risk", params={"patient": PATIENT}).text)
    assert f"<strong>{100 * told['prognosis']:.1f} %</strong> probability" in text
    assert f"<strong>{100 * kept['events'] / 90:.1f} %</strong> base rate: {kept['events']} of 90" in text
    assert f"base and all bars together: {told['score']:+.2f} (log odds)" in text
    assert kept["data"] in text and "On warfarin" not in text
    groups = [one for one in kept["fairness"]["figures"] if one["metric"] == "auroc" and one["attribute"] == "sex"]
    assert {one["group"] for one in groups} == {"female", "male"}
    assert all(f"{one['value']:.3f}" in text for one in groups)
    assert str(tmp_path) not in text


def test_the_answer_is_exported_with_its_version_and_asked_anew_by_command(client: TestClient) -> None:
    asked = {"patient": PATIENT, "as": "json"}
    found = client.get("/patient/risk", params=asked).json()
    [one] = found["answer"]["risks"]
    assert one["name"] == "death" and one["explained"]["data"] == one["data"]
    assert found["command"] == [f"panakeia risk {verb} death {PATIENT}" for verb in ("predict", "explain")]
    drawn = client.get("/patient/risk", params=asked | {"as": "svg", "figure": "risk 1: death_1y"}).text
    assert drawn.startswith("<svg") and "What makes the forecast of death_1y" in drawn


def test_the_patient_s_page_leads_there_and_fetches_it_in_place(client: TestClient) -> None:
    text = unescape(client.get("/patient", params={"patient": PATIENT}).text)
    assert f'hx-get="/patient/risk?patient={PATIENT}" hx-trigger="load"' in text
    assert f'<a class="button" href="/patient/risk?patient={PATIENT}">' in text


def test_of_another_cohort_is_said_and_without_a_risk_how_to_get_one(client: TestClient, tmp_path: Path) -> None:
    others = re.findall(r"/patient\?patient=(PANAKEIA:P-[0-9a-f]{20})", client.get("/patient").text)
    texts = [client.get("/patient/risk", params={"patient": one}).text for one in dict.fromkeys(others)]
    assert any("not in the cohort" in text and "probability" not in text for text in texts)
    (tmp_path / "models" / "death").rename(tmp_path / "elsewhere")
    text = client.get("/patient/risk", params={"patient": PATIENT}).text
    assert "panakeia risk train" in text and "POST /api/v1/risk/train" in text and "/ask/risk_train" in text


def test_bars_and_the_rest_together_add_up_to_what_all_features_add() -> None:
    each = [{"feature": f"f{one}", "value": one, "contribution": (-1) ** one * 0.1 * one} for one in range(30)]
    bars = shown(each)
    assert len(bars) == SHOWN + 1 and bars[-1]["words"] == "18 others together"
    assert sum(one["adds"] for one in bars) == pytest.approx(sum(one["contribution"] for one in each))


@pytest.mark.parametrize("role", ["reader", "designer"])
def test_who_may_not_see_patients_is_foretold_nothing(
    client: TestClient, page_keys: dict[Role, str], role: Role
) -> None:
    client.cookies.clear()
    client.post("/sign-in", data={"key": page_keys[role], "next": "/"})
    answer = client.get("/patient/risk", params={"patient": PATIENT})
    assert answer.status_code == 403 and "probability" not in answer.text
