"""The commands that plan a trial, as a statistician types them, against rpact's and the field's printed values."""

from pathlib import Path

import pytest

from tests.panakeia.conftest import Panakeia

EXAMPLES = Path(__file__).parents[2] / "panakeia" / "examples"
COURSE = ("--control-median", "14", "--accrual", "3,3,14", "--enrolment", "5,15,30", "--dropout", "0.00427444")


def test_boundaries_of_a_late_spending_function(panakeia: Panakeia) -> None:
    asked = ("--kind", "lan-demets-of", "--information", ".3,.6,1", "--alpha", ".05", "--sides", "2")
    found = panakeia("trial", "design", "boundaries", *asked, "--spend-from", ".5", "--json").json()
    assert found["upper"][0] is None
    assert found["upper"][1:] == pytest.approx([2.6686, 1.9810], abs=1e-4)
    assert found["spends_from"] == 0.5


def test_a_size_with_two_deviations_and_patients_lost(panakeia: Panakeia) -> None:
    of = ("--endpoint", "mean", "--effect", "3", "--sd", "7.58", "--sd-control", "8.17", "--known-sd")
    found = panakeia("trial", "design", "size", *of, "--power", ".8", "--lost", ".15", "--json").json()
    assert found["size"] == pytest.approx(216.638, abs=1e-3)
    assert found["patients"] == pytest.approx(found["size"] / 0.85)


def test_a_size_of_events_tells_when_its_looks_come(panakeia: Panakeia) -> None:
    when = ("--follow-up", "6", "--kind", "lan-demets-of", "--information", ".7,1")
    asked = ("--endpoint", "survival", "--hazard-ratio", ".7", *COURSE, *when)
    found = panakeia("trial", "design", "size", *asked, "--json").json()
    assert found["look_times"] == pytest.approx([20.93464389, 26.0], abs=1e-4)
    assert found["patients"] == pytest.approx(793.9745484, abs=1e-2)
    assert "enrolled" in panakeia("trial", "design", "size", *asked).out


@pytest.mark.parametrize("verb", [("size", "--power", ".8"), ("power", "--size", "1030.66")])
def test_co_primary_endpoints(panakeia: Panakeia, verb: tuple[str, ...]) -> None:
    first = ("--endpoint", "mean", "--effect", ".2", "--sd", "1", "--known-sd")
    other = ("--co-primary", "mean,effect=.2,sd=1,known-sd=1", "--correlation", "0")
    found = panakeia("trial", "design", *verb, *first, *other, "--json").json()
    assert found["size"] == pytest.approx(2 * 515.3287451, abs=0.01)
    assert found["power"] == pytest.approx(0.8, abs=1e-5)


def test_timing(panakeia: Panakeia) -> None:
    asked = ("trial", "design", "timing", "--hazard-ratio", ".7", *COURSE)
    found = panakeia(*asked, "--events", "100,180", "--gap", "12", "--kind", "lan-demets-of", "--json").json()
    assert found["looks"][1]["time"] == pytest.approx(found["looks"][0]["time"] + 12.0)
    assert 0.5 < found["power"] < 0.8
    delayed = panakeia(
        *asked[:3], "--hazard-ratio", "1,.5", "--changes", "3", *COURSE, "--at", "12,30", "--json"
    ).json()
    assert delayed["looks"][0]["average_hazard_ratio"] > delayed["looks"][1]["average_hazard_ratio"] > 0.5


def test_an_interim_look(panakeia: Panakeia) -> None:
    asked = ("--kind", "lan-demets-of", "--information", ".4,.7,1", "--look", "1", "--z", "1.548204072")
    found = panakeia("trial", "design", "conditional", *asked, "--effect", "1.083053", "--json").json()
    assert found["conditional_power"]["given"] == pytest.approx(0.92514, abs=1e-4)
    assert "predictive power" in panakeia("trial", "design", "conditional", *asked).out


def test_sizes_computed_anew(panakeia: Panakeia) -> None:
    of = ("--endpoint", "mean", "--effect", ".5", "--sd", "1", "--power", ".8", "--alpha", ".05", "--sides", "2")
    found = panakeia("trial", "design", "re-estimate", *of, "--seen-sd", "1", "--seen", "60", "--json").json()
    assert found["size"] == pytest.approx(127.5312, abs=1e-4)
    grown = panakeia("trial", "design", "promising-zone", "--most", "2", "--power", ".8", "--z", "1.4", "--json").json()
    assert (grown["zone"], grown["power_at_size"]) == ("promising", pytest.approx(0.8))


def test_assurance(panakeia: Panakeia) -> None:
    of = ("--endpoint", "mean", "--effect", ".5", "--sd", "1", "--known-sd", "--effect-sd", ".2")
    found = panakeia("trial", "design", "assurance", *of, "--sizes", "128", "--json").json()
    assert found["sizes"][0]["assurance"] == pytest.approx(0.71741, abs=5e-6)


def test_bayes(panakeia: Panakeia) -> None:
    means = ("--endpoint", "mean", "--patients", "20,40,60,80,100", "--effect", ".5", "--sd", "1")
    found = panakeia("trial", "design", "bayes", *means, "--json").json()
    assert found["bounds"][0]["rejects_from_z"] == pytest.approx(2.413180, abs=1e-6)
    rates = ("--endpoint", "rate", "--patients", "10,20,36", "--benchmark", ".2", "--treatment", ".4")
    held = ("--prior", ".2,.8", "--efficacy", ".9", "--futility", ".001", "--futility-by", "predictive")
    found = panakeia("trial", "design", "bayes", *rates, *held, "--efficacy-at-end", "--json").json()
    assert found["bounds"][-1]["rejects_from"] == 11


MEAN = ("--endpoint", "mean", "--effect", ".5", "--sd", "1")
MISTAKES = [
    (("size", "--endpoint", "mean", "--effect", ".5"), "--endpoint mean needs --sd"),
    (("size", *MEAN, "--control", ".3"), "--endpoint mean has no --control"),
    (("size", *MEAN, "--accrual", "12"), "only events take time"),
    (("size", *MEAN, "--looks", "3"), "interim looks need --kind"),
    (("size", *MEAN, "--co-primary", "mean,effect=.4,sd=1"), "--co-primary needs --correlation"),
    (("size", *MEAN, "--correlation", ".4"), "name another one by --co-primary"),
    (("size", *MEAN, "--co-primary", "mean effect", "--correlation", "0"), "expected an endpoint and NAME=VALUE"),
    (("timing", "--hazard-ratio", ".7", "--events", "10"), "needs --control-median, --accrual, --enrolment"),
    (("timing", "--hazard-ratio", ".7", *COURSE), "give one of both (--events, --at)"),
    (("timing", "--hazard-ratio", ".7", *COURSE, "--at", "12", "--gap", "3"), "wait for nothing"),
    (("assurance", *MEAN, "--effect-sd", ".2"), "tell sizes"),
    (("promising-zone", "--most", "2", "--futility", "hsd"), "bounds need --kind"),
    (("bayes", "--endpoint", "mean", "--patients", "20", "--effect", "1"), "--endpoint mean needs --sd"),
    (("bayes", "--endpoint", "rate", "--patients", "20", "--treatment", ".4"), "needs --control"),
    (("bayes", "--endpoint", "rate", "--patients", "2.5", "--treatment", ".4", "--control", ".2"), "whole numbers"),
]


@pytest.mark.parametrize(("asked", "message"), MISTAKES)
def test_what_cannot_be_planned_is_refused(panakeia: Panakeia, asked: tuple[str, ...], message: str) -> None:
    refused = panakeia("trial", "design", *asked)
    assert refused.status != 0
    assert message in " ".join(refused.err.split())


def test_dose_finding(panakeia: Panakeia) -> None:
    """sampSizeMCT of DoseFinding 1.0-3: 39 patients a dose, whichever of the four is true."""
    models = [
        word for name in ("linear", "emax=.2", "exponential=.28", "quadratic=-.854") for word in ("--model", name)
    ]
    asked = ("--doses", "0,.05,.2,.6,1", *models, "--effect", ".4", "--sd", ".7", "--alpha", ".05")
    found = panakeia("trial", "design", "dose-finding", *asked, "--power", ".8", "--json").json()
    assert found["patients"] == [39.0] * 5
    assert panakeia("trial", "design", "dose-finding", *asked).status != 0


def test_dose_response(panakeia: Panakeia, tmp_path: Path) -> None:
    models = ("--model", "emax=20", "--model", "linear")
    asked = ("trial", "design", "dose-response", *models, "--delta", ".3", "--data")
    found = panakeia(*asked, EXAMPLES / "doses.csv", "--json").json()
    assert [fit["model"] for fit in found["fits"]] == ["emax", "linear"]
    assert 0.0 < found["dose"] < 100.0
    (tmp_path / "bad.csv").write_text("dose,response\n0,1\n10,\n", encoding="utf-8")
    refused = panakeia(*asked, tmp_path / "bad.csv")
    assert "line 3: got dose '10' and response ''" in " ".join(refused.err.split())


def test_multiplicity(panakeia: Panakeia) -> None:
    asked = (
        *("--hypothesis", "PFS,alpha=.005,hazard-ratio=.69,events=597/-"),
        *("--hypothesis", "OS,alpha=.02,hazard-ratio=.74,events=296/346", "--correlation", ".5", "--trials", "2000"),
    )
    found = panakeia("trial", "design", "multiplicity", *asked, "--pass", "PFS>OS=1", "--json").json()
    assert found["bounds"]["OS"]["own"] == pytest.approx([2.2604, 2.1295], abs=1e-4)
    assert found["hypotheses"][0]["power_alone"] == pytest.approx(0.975, abs=1e-3)
    refused = panakeia("trial", "design", "multiplicity", *asked, "--pass", "PFS=1")
    assert "expected two names, as PFS>OS=1" in " ".join(refused.err.split())
