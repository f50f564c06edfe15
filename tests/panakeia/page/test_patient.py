"""Patient: what the record and the graph say of one, only to who may see patients, and the way to the twin."""

import re
from html import unescape
from pathlib import Path

import pytest

from tests.panakeia.page.conftest import Asking

PATIENT = "PANAKEIA:P-0656e08a1b41eeba9b7b"


def test_a_record_shows_drugs_with_their_lights_and_sources(asking: Asking) -> None:
    page = unescape(asking("clinician").get("/patient", params={"patient": PATIENT}).text)
    row = page[page.index("<tbody>") : page.index("</tbody>")].split("</tr>")[0]
    assert "Warfarin" in row and "l-change" in row and "in the record" in row
    assert "CYP2C9*3: slower clearance of S-warfarin: much lower dose" in row
    assert 'href="https://pubmed.ncbi.nlm.nih.gov/28198005/"' in row and "Apache-2.0" in row
    assert "nothing in this graph; that does not make it safe" in page or "no warning found" in page


def test_a_warning_of_the_verb_is_on_the_page_word_for_word(asking: Asking) -> None:
    client = asking("researcher")
    told = client.get("/patient", params={"patient": PATIENT, "as": "json"}).json()["answer"]["warnings"]["warnings"]
    page = unescape(client.get("/patient", params={"patient": PATIENT}).text)
    sentences = {one["sentence"] for own in told.values() for one in own}
    assert sentences and all(sentence in page for sentence in sentences)
    rows = client.get("/patient", params={"patient": PATIENT, "as": "csv"}).text.splitlines()
    assert len(rows) > len({drug for drug, own in told.items() if own})


def test_the_twin_of_a_drug_in_the_record_is_one_link_away(asking: Asking) -> None:
    page = asking("clinician").get("/patient", params={"patient": PATIENT}).text
    links = [unescape(one) for one in re.findall(r'href="(/twin\?[^"]*)"', page)]
    assert f"/twin?patient={PATIENT}&model=warfarin_hamberg2007&from=16045" in links


def test_events_are_drawn_in_time_and_the_figure_stands_alone(asking: Asking) -> None:
    drawn = asking("clinician").get("/patient", params={"patient": PATIENT, "as": "svg", "figure": "timeline"}).text
    assert "17 events of 17 things, from 2012-06-15 to 2018-05-11" in drawn and "<style>" in drawn


def test_without_a_model_of_patients_it_is_said_what_to_do(asking: Asking, starter_model: Path) -> None:
    page = asking("clinician").get("/patient", params={"patient": PATIENT}).text
    assert "panakeia train --task benefits --store " in page
    assert f"--out {starter_model.name}-benefits</pre>" in page


def test_the_list_leads_to_each_patient(asking: Asking) -> None:
    page = asking("clinician").get("/patient").text
    assert len(set(re.findall(r"/patient\?patient=(PANAKEIA:P-[0-9a-f]{20})", page))) == 12


@pytest.mark.parametrize("role", ["reader", "designer"])
def test_who_may_not_see_patients_sees_none(asking: Asking, role: str) -> None:
    client = asking(role)  # type: ignore[arg-type]
    for address in ("/patient", f"/patient?patient={PATIENT}", f"/patient?patient={PATIENT}&as=json"):
        answer = client.get(address)
        assert answer.status_code == 403 and "Warfarin" not in answer.text
    assert "Patients</a>" not in client.get("/").text


def test_a_pseudonym_of_nobody_is_said_without_a_trace(asking: Asking) -> None:
    answer = asking("clinician").get("/patient", params={"patient": "PANAKEIA:P-00000000000000000000"})
    assert answer.status_code == 400 and 'role="alert"' in answer.text


def test_patients_are_listed_in_parts_that_fit_a_page(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    from panakeia.page.views import patient

    client = asking("researcher")
    every = client.get("/patient?as=json").json()["answer"]
    monkeypatch.setattr(patient, "ON_A_PAGE", 2)
    first, second = client.get("/patient"), client.get("/patient?from=3&as=json").json()["answer"]
    assert 'rel="next"' in first.text and 'rel="prev"' not in first.text and f"{len(every)} in this store" in first.text
    assert second == every[2:4]


def test_models_of_one_drug_stand_side_by_side(asking: Asking) -> None:
    shown = asking("researcher").get(f"/patient?patient={PATIENT}").text
    assert "4 models of warfarin side by side" in shown and shown.count("model=warfarin_hamberg2010") >= 2
    assert "disease_associates_gene" not in shown.partition("Take it with you")[0]
