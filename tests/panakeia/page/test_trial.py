"""Trial: what the page says of size, power and bounds is what others say; the URL is the state; each dot leads on."""

import re

import pytest

from tests.panakeia.page.conftest import Asking


def test_the_power_of_a_t_test_is_what_r_says(asking: Asking) -> None:
    told = asking("designer").get("/trial", params={"effect": "0.5", "sd": "1", "size": "128", "as": "json"}).json()
    assert told["answer"]["power"]["power"] == pytest.approx(0.8014596, abs=1e-5)  # power.t.test(n = 64, delta = 0.5)
    curve = told["answer"]["curve"]
    powers = [row["power"] for row in curve]
    assert len(curve) > 20 and powers == sorted(powers)
    assert any(one.startswith("panakeia trial design power --endpoint mean") for one in told["command"])


def test_bounds_of_three_looks_are_what_gsdesign_says(asking: Asking) -> None:
    state = {"kind": "lan-demets-of", "looks": "3", "alpha": "0.025"}
    told = asking("designer").get("/trial", params=state | {"as": "json"}).json()
    bounds = told["answer"]["size"]["boundaries"]["upper"]
    assert bounds == pytest.approx([3.7103, 2.5114, 1.9930], abs=1e-3)  # gsDesign(k = 3, test.type = 1, sfu = sfLDOF)
    page = asking("designer").get("/trial", params=state).text
    assert "3.710" in page and 'id="boundaries-t"' in page
    drawn = asking("designer").get("/trial", params=state | {"as": "svg", "figure": "boundaries"})
    assert drawn.headers["content-type"] == "image/svg+xml" and "Panakeia, data starter" in drawn.text


def test_each_dot_of_the_curve_leads_to_that_size(asking: Asking) -> None:
    client = asking("designer")
    links = re.findall(r'<a href="(/trial\?[^"]*size=\d+)"', client.get("/trial", params={"effect": "0.4"}).text)
    there = client.get(links[3].replace("&amp;", "&"))
    size = re.search(r"size=(\d+)", links[3])
    assert size and there.status_code == 200 and f'name="size" value="{size[1]}"' in there.text


@pytest.mark.parametrize("endpoint", ["mean", "rate", "survival"])
def test_every_endpoint_has_a_form_that_states_its_values(asking: Asking, endpoint: str) -> None:
    page = asking("designer").get("/trial", params={"endpoint": endpoint, "kind": "hsd", "futility": "kim-demets"}).text
    assert f'<option value="{endpoint}" selected>' in page
    assert 'name="parameter"' in page and 'name="futility_parameter"' in page


@pytest.mark.parametrize(
    ("state", "status", "told"),
    [
        ({"endpoint": "colour"}, 400, "expected one of mean, rate, survival"),
        ({"effect": "much"}, 400, "effect: got"),
        ({"size": "-1"}, 400, "size: got -1"),
        ({"kind": "nothing"}, 422, "kind: got"),
    ],
)
def test_what_cannot_be_planned_is_said(asking: Asking, state: dict[str, str], status: int, told: str) -> None:
    answer = asking("designer").get("/trial", params=state)
    assert (answer.status_code, told in answer.text) == (status, True)


def test_who_may_not_plan_trials_is_told_the_role(asking: Asking) -> None:
    answer = asking("reader").get("/trial")
    assert answer.status_code == 403 and "designer" in answer.text


def test_a_trial_takes_as_many_patients_as_its_arms_have_together(asking: Asking) -> None:
    page = asking("designer").get("/trial", params={"effect": "0.5", "sd": "1"}).text
    # 170.06 by formula: 85.03 in each arm, of whole patients 86 (R: power.t.test(delta = .5, power = .9), n = 85.03)
    assert (
        "<strong>172</strong> patients (86 on treatment, 86 on control). For 90 % it takes <strong>172</strong>" in page
    )


def test_what_is_assumed_is_in_words_and_the_pair_that_is_planned_for_stays(asking: Asking) -> None:
    client = asking("designer")
    shown = client.get("/trial?drug=DRUGBANK:DB00682&disease=DOID:3393&kind=obrien-fleming").text
    assert (
        "Plan a trial of Warfarin for coronary artery disease" in shown and 'name="disease" value="DOID:3393"' in shown
    )
    (needed,) = re.findall(r"For 90 % it takes <strong>(\d+)</strong>", shown)
    looks = re.findall(r'<th scope="row"[^>]*>\d</th><td[^>]*>(\d+)</td>', shown)
    assert looks[-1] == needed  # whole patients, in the table as in the plan
    assert "estimated in the trial: t test" in shown and "known sd" not in shown and ">null<" not in shown
    assert "strict at first" in shown and "standard deviation within an arm" in shown
