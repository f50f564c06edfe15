"""Design and Jobs: form and TOML each show the other, and a run is a job that its owner sees, and can end."""

import re
import tomllib
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from starlette.testclient import TestClient

from panakeia.api.access.roles import Role
from panakeia.page.designs import EXAMPLES, FIELDS, Field, example, fields_of, with_fields
from tests.panakeia.page.conftest import ended, token


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_form_that_says_nothing_new_leaves_every_example_as_it_is(name: str) -> None:
    toml = example(name)
    fields = fields_of(toml)
    assert {f"trial.{key}" for key in FIELDS} <= set(fields) and any(key.startswith("arms.1.policy.") for key in fields)
    assert fields_of(with_fields(toml, {key: field.text for key, field in fields.items()})) == fields
    assert with_fields(toml, {"trial.seed": "7"}).replace("seed = 7", "seed = 1") == toml


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_plain_value_of_every_example_is_changed_in_its_place_and_nothing_else(name: str) -> None:
    toml = example(name)
    for key, field in fields_of(toml).items():
        told = with_fields(toml, {key: changed(field.value)})
        read, place = tomllib.loads(told), field.place
        other: Any = read
        for step in place[:-1]:
            other = other[step]
        assert Field(place, other[place[-1]]).text == changed(field.value)
        other[place[-1]] = field.value
        assert read == tomllib.loads(toml) and told.count("#") == toml.count("#"), key


def changed(value: Any) -> str:
    """Return another value of the same type, as the form says it."""
    if isinstance(value, bool):
        return str(not value).lower()
    if isinstance(value, list):
        return ", ".join([changed(value[0]), changed(value[-1])])
    return f'{value} "x' if isinstance(value, str) else str(value + 1)


def test_toml_that_the_form_cannot_write_in_is_said() -> None:
    toml = "[trial]\nname = 'A'\n[arms]\n'a b' = 1\nx.y = 2\n"
    assert list(fields_of(toml)) == ["trial.name"]
    with pytest.raises(ValueError, match=r"arms\.x\.y: the design has no such plain value"):
        with_fields(toml, {"arms.x.y": "3"})
    with pytest.raises(ValueError, match=r"weeks: got '1\.5', expected a whole number"):
        with_fields("[trial]\nweeks = 1\n", {"trial.weeks": "1.5"})


@pytest.mark.parametrize(
    ("toml", "told"),
    [("[trial", "is no TOML"), ("[visits]\ndays = [1]\n", "no table \\[trial\\]")],
)
def test_what_is_no_design_is_said(toml: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        fields_of(toml)


def test_quotes_and_backslashes_of_a_name_stay() -> None:
    toml = with_fields("[trial]\nname = 'A # B' # c\n", {"trial.name": 'say "x" \\ y'})
    assert fields_of(toml)["trial.name"].value == 'say "x" \\ y' and toml.endswith(" # c\n")


def test_form_and_toml_each_show_the_other_and_the_url_is_the_state(whole: TestClient) -> None:
    page = whole.get("/trial/twins").text
    sent = {"csrf": token(page), "toml": example("warfarin_trial"), "use": "form", "f.trial.seed": "42"}
    sent |= {"f.arms.0.policy.doses": "8, 4", "f.endpoints.0.high": "3.5"}
    there = whole.post("/trial/twins", data=sent)
    state = parse_qs(urlsplit(str(there.url)).query)["toml"][0]
    told = {name: field.value for name, field in fields_of(state).items()}
    assert told["trial.seed"] == 42 and told["arms.0.policy.doses"] == [8.0, 4.0] and told["endpoints.0.high"] == 3.5
    assert "# the same file and seed give the same result" in state
    assert 'name="f.trial.seed" value="42"' in there.text and "seed = 42" in unescape(there.text)
    back = whole.post("/trial/twins", data=sent | {"toml": state.replace("seed = 42", "seed = 5"), "use": "toml"})
    assert 'name="f.trial.seed" value="5"' in back.text


def test_what_was_changed_in_the_form_is_run_and_what_was_changed_in_the_toml_stays(whole: TestClient) -> None:
    page = whole.get("/trial/twins").text
    shown = example("warfarin_trial")
    assert f'name="shown" value="{shown}"' in unescape(page)
    form = {f"f.{name}": field.text for name, field in fields_of(shown).items()}
    sent = {"csrf": token(page), "shown": shown.replace("\n", "\r\n"), **form, "f.trial.subjects_per_arm": "4"}
    text = with_fields(shown, {"trial.weeks": "2", "visits.days": "1, 4, 8"})
    there = whole.post("/trial/twins", data={**sent, "toml": text, "use": "form"})
    read = tomllib.loads(parse_qs(urlsplit(str(there.url)).query)["toml"][0])
    assert read["trial"]["subjects_per_arm"] == 4 and read["trial"]["weeks"] == 2
    job = whole.post("/trial/twins", data={**sent, "toml": text, "use": "run"})
    over = ended(whole, str(job.url.path))
    (link,) = re.findall(r'href="(/trial/twins\?toml=[^"]*)"', over)
    ran = tomllib.loads(parse_qs(urlsplit(unescape(link)).query)["toml"][0])
    assert "Done" in over and ran == read


def test_a_run_is_a_job_with_a_report_and_another_ones_is_not_there(
    whole: TestClient, page_keys: dict[Role, str]
) -> None:
    fields = {"trial.subjects_per_arm": "4", "trial.weeks": "2", "trial.seed": "3", "visits.days": "1, 4, 8"}
    toml = with_fields(example("warfarin_trial"), fields)
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
