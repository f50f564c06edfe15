"""Twin: its courses are the simulation's, each value says where it is from, and nobody waits on a page that hangs."""

import re
import time

import pytest
from starlette.testclient import TestClient

from panakeia.page.views import twin
from panakeia.page.warm import is_warm
from tests.panakeia.page.conftest import Asking

PATIENT = "PANAKEIA:P-0656e08a1b41eeba9b7b"


def ready(client: TestClient, address: str) -> str:
    """Return the page behind an address as soon as its models are compiled."""
    for _ in range(600):
        answer = client.get(address)
        if "Getting the twin ready" not in answer.text:
            return answer.text
        time.sleep(0.1)
    raise AssertionError("the model was not compiled within a minute")


def test_a_model_that_is_not_compiled_is_waited_for_with_script_and_without() -> None:
    done: list[int] = []
    started = [is_warm("of a test", lambda: time.sleep(0.4) or done.append(1))]
    while not is_warm("of a test", lambda: done.append(2)):
        started.append(False)
    assert started[0] is False and done == [1]


def test_what_fails_as_it_is_compiled_is_left_to_who_asks_next() -> None:
    def fails() -> None:
        raise ValueError("no such dose")

    while not is_warm("of another test", fails):
        pass
    assert is_warm("of another test", fails)


def test_courses_are_those_of_the_verb_with_their_bands(asking: Asking) -> None:
    client = asking("designer")
    address = "/twin?model=theophylline_boeckmann1994&dose=320&every_h=24&doses=1&times=0:24:2h"
    page = ready(client, address)
    assert 'class="b0"' in page and "Median and 90 % of patients like this one" in page
    told = client.get(address + "&as=json").json()
    rows = {row["time"]: row for row in told["answer"]["courses"]}
    assert rows[2.0]["lower"] < rows[2.0]["value"] < rows[2.0]["upper"]
    # one compartment, Boeckmann 1994's typical values: D ka / (V (ka - ke)) (exp(-ke t) - exp(-ka t))
    assert rows[2.0]["value"] == pytest.approx(8.49, rel=0.1)
    assert "panakeia twin simulate --regimen REGIMEN.csv" in told["command"][0]
    assert "<code>REGIMEN.csv</code> holds:" in page and "TIME,AMT\n0,320" in page  # so the line runs
    assert "Boeckmann" in page and "<noscript>" not in page


def test_a_patients_values_say_that_they_are_of_the_record(asking: Asking) -> None:
    client = asking("clinician")
    page = ready(client, f"/twin?patient={PATIENT}&low=2&high=3")
    assert "age 90: from the patient&#39;s record" in page and "CYP2C9 *3/*3: from the patient&#39;s record" in page
    assert 'class="aim"' in page
    topped = client.get(f"/twin?patient={PATIENT}&lab=LOINC:6301-6&from=17650").text
    assert "1 measurement of INR" in topped and "measured: 2.6 at 12" in topped
    moved = client.get(f"/twin?patient={PATIENT}&c.age_years=60").text
    assert "age 60: set by hand" in moved


def test_the_inr_has_its_usual_target_with_its_source_which_anybody_may_change_or_take_away(asking: Asking) -> None:
    client = asking("designer")
    page = ready(client, "/twin?model=warfarin_hamberg2007")
    assert 'name="low" value="2"' in page and "doi:10.1378/chest.11-2295" in page and "target 2 to 3" in page
    assert "90 % of patients</text>" in page and "Line: the median" in page
    moved = client.get("/twin?model=warfarin_hamberg2007&for=warfarin_hamberg2007&low=2.5&high=3.5&dose=6").text
    assert "target 2.5 to 3.5" in moved and moved.count("set by hand") == 2
    assert 'class="aim"' not in client.get("/twin?model=warfarin_hamberg2007&low=&high=").text
    assert "age_years" not in re.sub(r"<[^>]*>", "", page.partition("Take it with you")[0])


def test_what_a_record_lacks_is_said_beside_the_form_where_it_can_be_given(asking: Asking) -> None:
    client = asking("clinician")
    models = "model=warfarin_hamberg2007_iwpc&model=warfarin_hamberg2007"
    page = ready(client, f"/twin?patient={PATIENT}&{models}")
    assert "record lacks race" in page and "say it under Patient" in page and "--set" not in page
    assert 'name="c.race"' in page and "<title" in page.partition("svg")[2]  # the other model has its course
    alone = client.get(f"/twin?patient={PATIENT}&model=warfarin_hamberg2007_iwpc")
    assert alone.status_code == 400 and 'name="c.race"' in alone.text and "Simulate" in alone.text
    given = client.get(f"/twin?patient={PATIENT}&model=warfarin_hamberg2007_iwpc&c.race=white")
    assert given.status_code == 200 and "race white: set by hand" in given.text


def test_a_file_is_waited_for_while_a_page_says_that_it_waits(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    client, address = asking("designer"), "/twin?model=theophylline_boeckmann1994"
    ready(client, address)
    monkeypatch.setattr(twin, "is_warm", lambda *_: False)
    assert "Getting the twin ready" in client.get(address).text
    assert client.get(f"{address}&as=json").json()["answer"]["courses"]


def test_models_are_looked_up_in_one_question(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    from twin import catalogue

    client, model = asking("designer"), "theophylline_boeckmann1994"
    ready(client, f"/twin?model={model}")
    monkeypatch.setattr(catalogue, "described", lambda _: pytest.fail("a model's equations are looked at"))
    page = client.get(f"/twin?model={model}&dose=310").text
    assert f"panakeia twin models {model}" in page and "Boeckmann" in page


def test_models_stand_beside_each_other(asking: Asking) -> None:
    page = ready(asking("designer"), "/twin?model=theophylline_boeckmann1994&model=generic_1cpt_oral")
    assert len(re.findall(r"<details class=.card.>", page)) == 2


def test_sliders_of_another_model_say_nothing(asking: Asking) -> None:
    page = ready(asking("designer"), "/twin?model=theophylline_boeckmann1994&for=warfarin_hamberg2007&dose=5&doses=28")
    assert 'name="dose" value="300"' in page


@pytest.mark.parametrize(
    ("state", "status", "told"),
    [
        ("model=nothing", 400, "expected one of theophylline"),
        ("model=theophylline_boeckmann1994&dose=much", 400, "dose: got"),
        ("model=theophylline_boeckmann1994&times=0:1", 400, "start:stop:step"),
        ("model=theophylline_boeckmann1994&low=3&high=2", 400, "low, high"),
        (f"model=theophylline_boeckmann1994&patient={PATIENT}", 403, "patients"),
    ],
)
def test_what_cannot_be_simulated_is_said(asking: Asking, state: str, status: int, told: str) -> None:
    client = asking("designer")
    ready(client, "/twin?model=theophylline_boeckmann1994")
    answer = client.get(f"/twin?{state}")
    assert (answer.status_code, told in answer.text) == (status, True)
