"""Journeys through the page in a real browser: a pharma lead, a trial designer, a researcher with a patient."""

import re
import shutil
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from panakeia.api.access.authenticate import Gate
from panakeia.api.access.home import make_home
from panakeia.api.access.roles import Role
from panakeia.api.app import make_app
from panakeia.desk.desk import Desk, DeskSettings
from tests.panakeia.page.browsing import opened, serving
from tests.panakeia.page.conftest import PATIENT
from twin.prognosis.risk.saved import save
from twin.prognosis.risk.train import Risk

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="no chromium: install Debian's package chromium"),
]


@pytest.fixture(scope="module")
def place(
    starter_store: Path, starter_model: Path, risk: Risk, page_gate: Gate, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A desk with all its faces, jobs, a model of the network and a risk, at a port of its own."""
    folder = tmp_path_factory.mktemp("whole")
    shutil.copytree(starter_model, folder / "models" / "model")
    save(risk, folder / "models" / "death")
    make_home(folder / "home")
    settings = DeskSettings(str(starter_store), folder / "models" / "model", None, folder / "home")
    with serving(make_app(Desk(settings), page_gate)) as where:
        yield where


def test_a_pharma_lead_comes_from_a_disease_to_a_candidate_its_evidence_and_a_power_curve(
    chromium: Browser, place: str, page_keys: dict[Role, str], elsewhere: list[str]
) -> None:
    with chromium.new_context() as context:
        page = opened(context, place, page_keys["designer"], elsewhere)
        page.fill("#q", "coronary artery disease")
        page.keyboard.press("Enter")
        page.get_by_role("link", name="coronary artery disease", exact=True).first.click()
        page.check("#new")
        page.wait_for_url("**new=1*")
        page.locator("tbody th[scope=row] a").first.click()
        page.wait_for_url("**/candidate?*")
        page.locator("ol.paths summary").first.click()
        expect(page.locator("ol.paths table").first).to_contain_text("Licence")
        page.get_by_role("link", name="Plan a trial").click()
        page.wait_for_url("**/trial?*")
        expect(page.locator("svg.figure title").first).to_have_text("Power against size")
        with page.expect_download() as sent:
            page.get_by_role("link", name="PNG: power").click()
        assert sent.value.path().read_bytes().startswith(b"\x89PNG")
    assert elsewhere == []


def test_a_trial_designer_moves_a_slider_writes_a_design_ends_a_run_and_reads_a_report(
    chromium: Browser, place: str, page_keys: dict[Role, str], elsewhere: list[str]
) -> None:
    with chromium.new_context() as context:
        page = opened(context, place, page_keys["designer"], elsewhere)
        page.get_by_role("link", name="Trial", exact=True).click()
        slider = page.locator("#r-effect")
        before = page.locator("svg.figure desc").first.text_content()
        slider.focus()
        page.keyboard.press("ArrowRight")
        page.wait_for_url("**effect=0.55*")
        expect(page.locator("svg.figure desc").first).not_to_have_text(before or "")
        page.get_by_role("link", name="Try a design on twins").click()
        page.wait_for_url("**/trial/twins")
        small = {"trial.subjects_per_arm": "4", "trial.weeks": "2", "arms.0.policy.doses": "8, 4"}
        for name, text in small.items():
            page.fill(f'[name="f.{name}"]', text)
        page.locator("summary", has_text="Visits").click()
        page.fill('[name="f.visits.days"]', "1, 4, 8")
        page.get_by_role("button", name="Write the form into the TOML").click()
        page.wait_for_url("**toml=*")
        toml = page.input_value("#toml")
        assert "subjects_per_arm = 4\n" in toml and "doses = [8.0, 4.0]" in toml and "# the first arm is" in toml
        page.fill("#toml", toml.replace("seed = 1 ", "seed = 77 "))
        page.get_by_role("button", name="Read the form from the TOML").click()
        expect(page.locator('[name="f.trial.seed"]')).to_have_value("77")
        run_to_its_end(page)
        with page.expect_download() as sent:
            page.get_by_role("link", name="The report").click()
        assert "Genotype-guided start of warfarin" in sent.value.path().read_text(encoding="utf-8")
        page.goto(f"{place}/trial/twins?example=coag")
        page.get_by_role("button", name="Run this design").click()
        page.wait_for_url("**/jobs/*")
        page.get_by_role("button", name="Cancel").click()
        expect(page.locator("#s-h")).to_have_text("Cancelled")
        page.get_by_role("link", name="Jobs").first.click()
        expect(page.locator("tbody tr")).to_have_count(2)
    assert elsewhere == []


def run_to_its_end(page: Page) -> None:
    page.get_by_role("button", name="Run this design").click()
    page.wait_for_url("**/jobs/*")
    expect(page.locator("progress")).to_be_visible()
    expect(page.locator("#s-h")).to_have_text("Done")


def test_a_researcher_sees_a_patient_in_time_what_speaks_against_drugs_the_risk_and_the_twin(
    chromium: Browser, place: str, page_keys: dict[Role, str], elsewhere: list[str]
) -> None:
    with chromium.new_context() as context:
        page = opened(context, place, page_keys["researcher"], elsewhere)
        page.get_by_role("link", name="Patients").click()
        page.locator(f'a[href="/patient?patient={PATIENT}"]').click()
        page.wait_for_url("**/patient?*")
        first = page.locator("tbody tr").first
        expect(first.locator(".light")).to_have_text("give otherwise")
        expect(first).to_contain_text("Warfarin")
        expect(page.locator("svg.figure title", has_text="Timeline")).to_have_count(1)
        risks = page.locator("#risks")
        expect(risks.locator(".tiles strong").first).to_have_text(re.compile(r"\d+\.\d %"))
        expect(risks).to_contain_text("base rate")
        expect(risks.locator("svg.figure > title")).to_have_text("What makes the forecast of death_1y")
        assert page.title().startswith("P-")
        page.get_by_role("link", name="Twin: warfarin, Hamberg 2007", exact=True).click()
        expect(page.get_by_role("button", name="Simulate")).to_be_visible()
        expect(page.locator("body")).to_contain_text("from the patient's record")
        before = unescape(page.locator("svg.figure desc").first.text_content() or "")
        page.locator("#r-dose").focus()
        page.keyboard.press("ArrowRight")
        page.wait_for_url("**dose=5.25*")
        expect(page.locator("svg.figure desc").first).not_to_have_text(before)
    assert elsewhere == []
