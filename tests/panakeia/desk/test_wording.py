"""What is wrong is told by the parameters of a request: a name of several nodes with what may stand in its place."""

import errno
import json
from pathlib import Path

import numpy as np
import pytest
from scipy.interpolate import interp1d
from scipy.optimize import brentq

from kg.search import AmbiguousName, Node
from panakeia.beyond import Unforeseen
from panakeia.cells import cell
from panakeia.commands.every import EVERY
from panakeia.desk.desk import Desk, DeskSettings
from panakeia.desk.wording import by_parameters, in_words_of
from tests.panakeia.conftest import Panakeia

BOTH = (Node("DOID:1", "Disease", "Nausea"), Node("UMLS:C1", "SideEffect", "nausea"))
CHOICES = "'nausea' names 2 nodes: DOID:1 (Disease Nausea); UMLS:C1 (SideEffect nausea). Give one of these identifiers"


@pytest.mark.parametrize(
    ("verb", "given", "told"),
    [
        (
            "paths",
            {"a": "x", "b": "nausea"},
            f"b: {CHOICES} as b, or the kind that is meant as kind: Disease or SideEf",
        ),
        ("metapath", {"node": "nausea"}, f"node: {CHOICES} as node"),
        ("export", {"around": ["warfarin", "nausea"]}, f"around: {CHOICES} as around"),
        ("rank", {}, CHOICES),
    ],
)
def test_a_name_of_several_nodes(verb: str, given: dict[str, object], told: str) -> None:
    with pytest.raises(AmbiguousName) as refused, in_words_of(EVERY[verb], given):
        raise AmbiguousName("nausea", BOTH)
    assert str(refused.value).startswith(told) and "--" not in str(refused.value)
    assert refused.value.choices == BOTH


def test_options_are_parameters_and_a_command_is_a_verb_with_its_parameters() -> None:
    told = by_parameters(EVERY["twin_dose"], "give --patient ID, or --what-not: `panakeia build --source x`")
    assert told == "give patient ID, or --what-not: `build` (source: x)"
    assert by_parameters(EVERY["neighbours"], "leave out --of-kind") == "leave out of_kind"


@pytest.mark.parametrize(
    ("told", "here"),
    [
        ("build one with `panakeia build --store FILE`", "build one with `build`"),
        ("see `panakeia patient warnings` and `panakeia risk predict`", "see `patient_warnings` and `risk_predict`"),
        ("`panakeia serve --port 1` and `panakeia demo` stay", "`panakeia serve --port 1` and `panakeia demo` stay"),
        ("no mirror folder (--data DIR or X) is set", "no mirror folder (`panakeia serve --data DIR` or X) is set"),
    ],
)
def test_what_a_newcomer_meets_speaks_of_what_the_desk_has(told: str, here: str) -> None:
    assert by_parameters(EVERY["info"], told) == here


TIMES = {"enrolment": [5.0], "accrual": [12.0], "control_median": [14.0], "hazard_ratio": [0.7], "events": [20.0]}
RATES = {"endpoint": "rate", "control": [0.3], "treatment": 0.5}
DOSES = {"doses": [0.0, 1.0], "effect": 0.4, "sd": 0.7, "patients": 20.0}
MEAN = {"endpoint": "mean", "effect": 0.5, "sd": 1.0}
BEYOND = [
    ("trial_design_size", {"sd": 1e300}),
    ("trial_design_size", {"ratio": 1e300}),
    ("trial_design_assurance", {"effect_sd": 0.2, "sizes": [100.0], "effect": 1e300}),
]


@pytest.mark.parametrize(("verb", "more"), BEYOND)
def test_numbers_that_nothing_can_be_computed_with_are_a_mistake_of_the_request(
    starter_store: Path, tmp_path: Path, verb: str, more: dict[str, object]
) -> None:
    desk = Desk(DeskSettings(str(starter_store), tmp_path / "model", home=tmp_path / "desk"))
    with pytest.raises(ValueError, match="expected numbers such as are met in practice"):
        desk.ask(verb, MEAN | more)
    desk.close()


def test_what_a_library_says_has_a_cure_and_what_we_say_stays() -> None:
    told = r"cannot be computed \(f\(a\) and f\(b\) must have different signs\): expected"
    with pytest.raises(ValueError, match=told), in_words_of(EVERY["paths"], {}):
        brentq(lambda x: 1.0 + x * 0.0, 0.0, 1.0)
    with pytest.raises(ValueError, match=r"^ours$"), in_words_of(EVERY["paths"], {}):
        raise ValueError("ours")


def test_a_command_tells_them_too(panakeia: Panakeia) -> None:
    run = panakeia("trial", "design", "size", "--endpoint", "mean", "--effect", "0.5", "--sd", "1e300")
    assert run.status == 2 and "expected numbers such as are met in practice" in run.err


def test_a_name_of_nothing_is_a_mistake_of_the_request_and_a_full_disk_is_not() -> None:
    told = r"got 'search\.json', expected the name of what is there: No such file"
    with pytest.raises(ValueError, match=told), in_words_of(EVERY["paths"], {}):
        Path("/none/such/search.json").read_bytes()
    with pytest.raises(OSError, match="No space left"), in_words_of(EVERY["paths"], {}):
        raise OSError(errno.ENOSPC, "No space left on device", "/x")


def test_a_library_that_was_given_something_wrong_is_no_mistake_of_the_request() -> None:
    with pytest.raises(Unforeseen, match=r"derivatives|cubic|entries|points"), in_words_of(EVERY["paths"], {}):
        interp1d([0.0, 1.0], [0.0, 1.0], kind="cubic")
    with pytest.raises(ValueError, match="expected numbers such as are met"), in_words_of(EVERY["paths"], {}):
        np.linalg.svd(np.array([[np.nan, 1.0], [1.0, np.inf]]))


def test_a_cure_that_no_request_has_is_left_out() -> None:
    told = "got 200 pairs, expected 100 or fewer: ask in parts, or write them into a file by --out"
    assert by_parameters(EVERY["explain"], told) == "got 200 pairs, expected 100 or fewer: ask in parts"
    told = "leave --resume and --out away, or choose focei"
    assert by_parameters(EVERY["twin_fit_population"], told) == "leave resume away, or choose focei"


@pytest.mark.parametrize(
    ("verb", "request_", "told"),
    [
        ("paths", {"a": "metformin", "b": "nothing such", "kind": ["Drug"]}, "nothing such"),
        ("models_delete", {"folder": "a" * 5000}, "folder: got 'aaa.* expected the name of what the desk keeps"),
        ("models_delete", {"folder": "../x"}, r"got '\.\./x', expected the name of what the desk keeps, such as model"),
        ("show", {"node": None}, "node: got null, expected"),
        ("trial_design_boundaries", {"kind": "pocock", "information": []}, r"got \[\], expected 1 value or more"),
        (
            "trial_design_boundaries",
            {"kind": "pocock", "information": "a,b"},
            "got 'a,b', expected numbers with commas",
        ),
        ("trial_design_boundaries", {"kind": "pocock", "looks": 2, "alpha": -0.1}, "alpha: got -0.1, expected"),
        ("cohort", {"definition": 5}, "definition: got 5, expected text, or a file by its content"),
        ("cohort", {"definition": {"name": "a/b", "text": "x"}}, "definition: name: got 'a/b', expected a file's name"),
        ("trial_design_timing", {"ratio": 0.0, **TIMES}, "allocation ratio 0, expected a number above 0"),
        ("trial_design_bayes", {**RATES, "patients": list(range(1, 400))}, "got 399 looks, expected 1 to 50"),
        ("trial_design_assurance", {**MEAN, "effect_sd": 0.2, "sizes": [9.0] * 300}, "got 300 sizes with 1 looks"),
        ("trial_design_dose_finding", {**DOSES, "model": ["linear"] * 30}, "got 30 candidate models, expected 20"),
        ("explain", {"a": "x"}, "expected the two ends of a pair, or instead of them a table of pairs: pairs$"),
    ],
)
def test_a_clumsy_request_hears_what_came_and_what_was_expected(
    starter_store: Path, tmp_path: Path, verb: str, request_: dict[str, object], told: str
) -> None:
    desk = Desk(DeskSettings(str(starter_store), tmp_path / "model", home=tmp_path / "desk"))
    with pytest.raises(ValueError, match=told):
        desk.ask(verb, request_)
    desk.close()


def test_many_pairs_are_explained_without_a_file(starter_store: Path, starter_model: Path, tmp_path: Path) -> None:
    desk = Desk(DeskSettings(str(starter_store), starter_model, home=tmp_path / "desk"))
    pairs = {"name": "pairs.csv", "text": "drug,disease\n,\nmetformin,type 2 diabetes mellitus\n"}
    told = json.loads(desk.ask("explain", {"pairs": pairs}).body)
    [one], rejected = told["pairs"], told["rejected"]
    assert (one["drug_name"], one["disease_name"]) == ("Metformin", "type 2 diabetes mellitus")
    assert [(left["place"], left["column"]) for left in rejected] == [("line 2", "drug"), ("line 2", "disease")]
    assert json.loads(desk.ask("score", {"pairs": pairs}).body)["rejected"] == rejected
    unknown = {"pairs": "drug\tdisease\nmetformine\ttype 2 diabetes mellitus\n"}
    with pytest.raises(ValueError, match=r"line 2: .*'metformine'.*Metformin"):
        desk.ask("explain", unknown)
    with pytest.raises(ValueError, match=r"got 101 pairs, expected 100 or fewer at once: ask in parts$"):
        desk.ask("explain", {"pairs": "drug\tdisease\n" + "metformin\ttype 2 diabetes mellitus\n" * 101})
    with pytest.raises(ValueError, match=r"is no trained risk .*`risk_list` shows, or train one with `risk_train`"):
        desk.ask("risk_predict", {"model": starter_model.name, "patients": "PANAKEIA:P-0123456789abcdef0123"})
    desk.close()


def test_no_zero_has_a_sign(starter_store: Path, tmp_path: Path) -> None:
    desk = Desk(DeskSettings(str(starter_store), tmp_path / "model", home=tmp_path / "desk"))
    given = {"kind": "lan-demets-of", "information": [0.4, 1.0], "z": -0.0}
    assert b"-0.0," not in desk.ask("trial_design_conditional", given).body
    assert b"-0.0" not in desk.ask("trial_design_conditional", given, form="csv").body
    assert cell(-0.0) == "0"
    desk.close()
