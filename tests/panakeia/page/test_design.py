"""Design and Jobs: form and TOML each show the other, and a run is a job that its owner sees, and can end."""

import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from starlette.testclient import TestClient

from panakeia.api.access.roles import Role
from panakeia.page.designs import EXAMPLES, FIELDS, example, fields_of, with_fields
from tests.panakeia.page.conftest import ended, token


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_form_that_says_nothing_new_leaves_every_example_as_it_is(name: str) -> None:
    toml = example(name)
    fields = {key: str(value) for key, value in fields_of(toml).items()}
    assert set(fields) == set(FIELDS)
    assert fields_of(with_fields(toml, fields)) == fields_of(toml)
    assert with_fields(toml, {"seed": "7"}).replace("seed = 7", "seed = 1") == toml


@pytest.mark.parametrize(
    ("toml", "told"),
    [("[trial", "is no TOML"), ("[visits]\ndays = [1]\n", "no table \\[trial\\]")],
)
def test_what_is_no_design_is_said(toml: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        fields_of(toml)


def test_quotes_and_backslashes_of_a_name_stay() -> None:
    toml = with_fields("[trial]\nname = 'A # B' # c\n", {"name": 'say "x" \\ y'})
    assert fields_of(toml) == {"name": 'say "x" \\ y'} and toml.endswith(" # c\n")


def test_form_and_toml_each_show_the_other_and_the_url_is_the_state(whole: TestClient) -> None:
    page = whole.get("/trial/twins").text
    sent = {"csrf": token(page), "toml": example("warfarin_trial"), "use": "form", "f.seed": "42", "f.weeks": "3"}
    there = whole.post("/trial/twins", data=sent)
    state = parse_qs(urlsplit(str(there.url)).query)["toml"][0]
    assert fields_of(state)["seed"] == 42 and "# the same file and seed give the same result" in state
    assert 'name="f.seed" value="42"' in there.text and "seed = 42" in unescape(there.text)
    back = whole.post("/trial/twins", data=sent | {"toml": state.replace("seed = 42", "seed = 5"), "use": "toml"})
    assert 'name="f.seed" value="5"' in back.text


def test_a_run_is_a_job_with_a_report_and_another_ones_is_not_there(
    whole: TestClient, page_keys: dict[Role, str]
) -> None:
    fields = {"subjects_per_arm": "4", "weeks": "2", "seed": "3"}
    toml = re.sub(r"days = \[[^]]*\]", "days = [1, 4, 8]", with_fields(example("warfarin_trial"), fields))
    page = whole.get("/trial/twins").text
    job = whole.post("/trial/twins", data={"csrf": token(page), "toml": toml, "use": "run"})
    address = str(job.url.path)
    assert address.startswith("/jobs/") and "<progress" in job.text
    text = ended(whole, address)
    report = re.search(r'href="([^"]*report\.html)"', text)
    assert "Done" in text and report and "seed = 3" not in text
    assert "Genotype-guided start of warfarin" in whole.get(report[1]).text
    assert address in whole.get("/jobs").text
    whole.cookies.clear()
    whole.post("/sign-in", data={"key": page_keys["researcher"], "next": "/"})
    assert "none of your jobs" in whole.get(address).text


def test_a_job_is_ended_by_its_owner_with_the_forms_token(whole: TestClient) -> None:
    csrf = token(whole.get("/trial/twins").text)
    job = whole.post("/trial/twins", data={"csrf": csrf, "toml": example("coag"), "use": "run"})
    address = str(job.url.path)
    assert whole.post(address, data={"csrf": "made-up"}).status_code == 403
    assert "Cancelled" in whole.post(address, data={"csrf": csrf}).text
