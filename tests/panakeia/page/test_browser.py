"""The page in a real browser: by keyboard alone, without script, without a request elsewhere, and by axe's rules."""

import shutil
from typing import Literal
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.panakeia.page.browsing import opened

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="no chromium: install Debian's package chromium"),
]
VIEWS = (
    "/",
    "/?q=warfarin",
    "/disease?node=DOID:3393",
    "/candidate?drug=warfarin&disease=DOID:3393",
    "/node?node=warfarin",
    "/ask",
    "/ask/rank?go=1&nodes=DOID:3393",
    "/about",
    "/node?node=xyzzy",
)
PATIENT = "PANAKEIA:P-0656e08a1b41eeba9b7b"
MORE_VIEWS = (
    "/trial",
    "/trial/twins",
    "/twin",
    "/patient",
    f"/patient?patient={PATIENT}",
    f"/patient/risk?patient={PATIENT}",
    "/ask/matrix",
    "/jobs",
)
"""Views for which a reader has no right."""


def by_tab(page: Page, words: str) -> None:
    """Move the focus by Tab to what has these words, and press Enter there."""
    for _ in range(400):
        page.keyboard.press("Tab")
        said = page.evaluate("(document.activeElement.textContent || '').trim()")
        if said == words:
            page.keyboard.press("Enter")
            return
    raise AssertionError(f"no Tab leads to {words!r} on {page.url}")


def test_a_pharma_lead_goes_by_keyboard_from_a_disease_to_the_evidence(
    chromium: Browser, served: str, page_keys: dict[str, str], elsewhere: list[str]
) -> None:
    with chromium.new_context() as context:
        page = opened(context, served, page_keys["reader"], elsewhere)
        page.keyboard.press("/")
        page.keyboard.type("coronary artery disease")
        page.keyboard.press("Enter")
        page.wait_for_url("**/?q=coronary*")
        by_tab(page, "coronary artery disease")
        page.wait_for_url("**/disease?node=*")
        first = page.locator("tbody th[scope=row] a").first.inner_text()
        page.locator("#main:focus").wait_for()
        by_tab(page, first)
        page.wait_for_url("**/candidate?*")
        evidence = page.locator("ol.paths details").first
        evidence.locator("summary").focus()
        page.keyboard.press("Enter")
        assert evidence.locator("table").is_visible()
        assert "Licence" in evidence.locator("thead").inner_text()
    assert elsewhere == []


def test_a_filter_applies_itself_keeps_the_focus_and_stands_in_the_url(
    chromium: Browser, served: str, page_keys: dict[str, str], elsewhere: list[str]
) -> None:
    with chromium.new_context() as context:
        page = opened(context, served, page_keys["reader"], elsewhere)
        page.goto(f"{served}/disease?node=DOID:3393")
        page.locator("#new").focus()
        page.keyboard.press("Space")
        page.wait_for_url("**new=1*")
        page.locator("#new:focus:checked").wait_for()
        assert page.locator(".tag.known").count() == 0
        page.go_back()
        page.locator("#new:not(:checked)").wait_for()
    assert elsewhere == []


def test_all_works_without_script(
    chromium: Browser, served: str, page_keys: dict[str, str], elsewhere: list[str]
) -> None:
    with chromium.new_context(java_script_enabled=False) as context:
        page = opened(context, served, page_keys["reader"], elsewhere)
        page.fill("#q", "coronary artery disease")
        page.keyboard.press("Enter")
        page.get_by_role("link", name="coronary artery disease", exact=True).first.click()
        page.check("#new")
        page.get_by_role("button", name="Apply").click()
        assert "new=1" in page.url and page.locator(".tag.known").count() == 0
        page.locator("tbody th[scope=row] a").first.click()
        assert page.locator("ol.paths > li").count() > 0
        page.get_by_role("button", name="Sign out").click()
        assert urlsplit(page.url).path == "/sign-in"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("role", "views"), [("reader", VIEWS), ("researcher", MORE_VIEWS)])
def test_axe_finds_nothing_serious_and_nothing_is_wider_than_a_small_screen(
    chromium: Browser,
    served: str,
    page_keys: dict[str, str],
    elsewhere: list[str],
    scheme: Literal["light", "dark"],
    role: str,
    views: tuple[str, ...],
) -> None:
    with chromium.new_context(viewport={"width": 320, "height": 640}, color_scheme=scheme) as context:
        page = opened(context, served, page_keys[role], elsewhere)
        for view in views:
            while "<progress" in context.request.get(served + view).text():  # a twin is compiled once
                page.wait_for_timeout(200)
            page.goto(served + view)
            found = Axe().run(page).response["violations"]
            serious = [(one["id"], one["nodes"][0]["html"][:200]) for one in found if one["impact"] in _SERIOUS]
            assert (view, serious) == (view, [])
            assert page.evaluate("document.documentElement.scrollWidth") <= 320, view
    assert elsewhere == []


_SERIOUS = ("serious", "critical")
