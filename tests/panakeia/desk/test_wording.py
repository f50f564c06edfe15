"""What is wrong is told by the parameters of a request: a name of several nodes with what may stand in its place."""

import errno
from pathlib import Path

import pytest
from scipy.optimize import brentq

from kg.search import AmbiguousName, Node
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
