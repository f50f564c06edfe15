"""The desk: every verb as a request, its rights held, its answers those of the Session."""

import io
import json
import shlex
import shutil
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import typer.main

from kg.patients.journal import read_journal
from panakeia import Session
from panakeia.commands.every import EVERY, app
from panakeia.desk.desk import ALL, At, Desk, DeskSettings, NotAllowed, patients_named
from panakeia.desk.lines import command_line, python_line
from panakeia.desk.requests import Refused, asks, checked
from panakeia.desk.turns import AT_ONCE
from panakeia.verb import Right

PATIENT = "PANAKEIA:P-0656e08a1b41eeba9b7b"
READER: frozenset[Right] = frozenset({"graph"})
NODES = {"nodes": ["type 2 diabetes mellitus"], "top": 3}


@pytest.fixture
def desk(starter_store: Path, starter_model: Path, tmp_path: Path) -> Iterator[Desk]:
    opened = Desk(DeskSettings(str(starter_store), starter_model, home=tmp_path / "desk"))
    yield opened
    opened.close()


@pytest.mark.parametrize("name", EVERY)
def test_every_verb_has_a_request_with_words_for_each_parameter(name: str) -> None:
    for strict in (True, False):
        schema = asks(name, EVERY[name], strict).model_json_schema()
        assert all(one.get("description") for one in schema["properties"].values()), name
    assert EVERY[name].words and EVERY[name].example.startswith(f"panakeia {EVERY[name].command}")


def test_an_answer_is_the_session_s(desk: Desk, starter_store: Path, starter_model: Path) -> None:
    with Session(starter_store, starter_model) as session:
        same = session.rank("type 2 diabetes mellitus", top=3)
    assert json.loads(desk.ask("rank", NODES).body) == same.to_json()
    assert desk.answer("rank", NODES).to_frame().equals(same.to_frame())
    rows = desk.ask("rank", NODES, form="csv").body.decode().splitlines()
    assert len(rows) == 4 and rows[0].startswith("rank,drug,name")
    frame = pd.read_parquet(io.BytesIO(desk.ask("rank", NODES, form="parquet").body))
    assert frame["drug"].tolist() == same.to_frame()["drug"].tolist()


def test_a_tag_is_of_the_graph_and_the_arguments(desk: Desk) -> None:
    one, again = (desk.ask("rank", NODES) for _ in range(2))
    assert one == again and one.version
    assert desk.ask("rank", NODES | {"top": 2}).etag != one.etag
    assert desk.ask("rank", {"nodes": ["type 2 diabetes mellitus"], "top": "3"}, strict=False).etag == one.etag
    Path(desk.settings.store).touch()
    assert desk.ask("rank", NODES).etag != one.etag


@pytest.mark.parametrize(
    ("request_", "told"),
    [
        ({"nodes": ["x"], "top": False}, "top: got false, expected a valid integer"),
        ({"nodes": ["x"], "top": 0}, "top: got 0, expected greater than or equal to 1"),
        ({"nodes": ["x"], "bottom": 1}, "bottom: unknown parameter, expected one of nodes, "),
        ({"nodes": ["x"], "topp": 1}, "topp: unknown parameter, did you mean top?"),
        ({"nodes": "gout"}, "nodes: got 'gout', expected a list, such as [\"gout\"]"),
        ({"nodes": ["x" * 200_000]}, "expected at most 100000 characters"),
        ({"nodes": ["x"], "out": "/tmp/x"}, "out: unknown parameter"),
        ({"nodes": [1]}, "nodes: got 1, expected a valid string"),
    ],
)
def test_a_request_that_cannot_be_asked(desk: Desk, request_: dict[str, object], told: str) -> None:
    with pytest.raises(Refused, match=told.split(":")[0]) as refused:
        desk.answer("rank", request_)
    assert told in str(refused.value)


def test_a_file_is_given_by_its_content_and_no_path_is_read(desk: Desk, tmp_path: Path) -> None:
    pairs = "drug\tdisease\nDRUGBANK:DB00331\tDOID:9352\n"
    for given in (pairs, {"name": "mine.tsv", "text": pairs}):
        [row] = json.loads(desk.ask("score", {"pairs": given}).body)["pairs"]
        assert row["drug"] == "DRUGBANK:DB00331" and 0 < row["probability"] < 1
    secret = tmp_path / "secret.rq"
    secret.write_text("SELECT ?x { ?x ?y ?z }", encoding="utf-8")
    for wrong in (str(secret), "../secret.rq", "file:///etc/passwd"):
        with pytest.raises(Refused, match="expected a name, or a file by its content"):
            desk.answer("sparql", {"query": wrong})
    with pytest.raises(Refused, match="name"):
        desk.answer("score", {"pairs": {"name": "../mine.tsv", "text": pairs}})
    with pytest.raises(Refused, match="expected the name of a model"):
        desk.answer("models_compare", {"one": "../../etc", "other": "etc"} | {"one": "etc"})


def test_who_may_not_see_patients_sees_none(desk: Desk) -> None:
    for name, request in (
        ("patient_list", {}),
        ("show", {"node": PATIENT}),
        ("show", {"node": PATIENT.split(":")[1].upper()}),
        ("search", {"kind": "Patient"}),
        ("export", {"format": "turtle", "patients": True}),
        ("twin_models", {}),
    ):
        with pytest.raises(NotAllowed, match="ask whoever runs the desk"):
            desk.answer(name, request, READER)
    assert desk.answer("show", {"node": PATIENT}).to_json()["kind"] == "Patient"


@pytest.mark.parametrize(
    ("verb", "request_"),
    [
        ("search", {"text": "P-0", "kind": "Patient"}),
        ("search", {"text": "no such", "kind": "Patient"}),
        ("neighbours", {"node": "warfarin", "of_kind": ["Patient"]}),
    ],
)
def test_a_question_of_patients_is_refused_alike_whether_there_are_any(
    desk: Desk, verb: str, request_: dict[str, Any]
) -> None:
    with pytest.raises(NotAllowed):
        desk.answer(verb, request_, frozenset[Right]({"read"}))


def test_who_may_not_see_patients_finds_what_is_spelt_as_a_part_of_a_pseudonym(desk: Desk) -> None:
    """Names of genes are letters of pseudonyms too: such a search is answered, and says nothing of anybody."""
    part = PATIENT[-4:]
    assert PATIENT in {one["id"] for one in desk.answer("search", {"text": part}).to_json()["nodes"]}
    assert "Patient" not in {one["kind"] for one in desk.answer("search", {"text": part}, READER).to_json()["nodes"]}
    found = desk.answer("search", {"text": "ace", "top": 100}, READER).to_json()
    assert "ACE" in {one["name"] for one in found["nodes"]}


def test_what_patients_have_is_shown_without_them(desk: Desk) -> None:
    for request in ({"node": "warfarin"}, {"node": "DOID:9352"}):
        all_of_it, shown = (desk.answer("show", request, rights).to_json() for rights in (ALL, READER))
        assert "PANAKEIA:P-" in json.dumps(all_of_it) and "PANAKEIA:P-" not in json.dumps(shown)
        assert [one for one in all_of_it["neighbours"] if one["kind"] != "Patient"] == shown["neighbours"]
        assert len(shown["edges"]) < len(all_of_it["edges"])
        assert desk.answer("neighbours", request, READER).to_json()["neighbours"]


ASSURANCE = {
    **{"drug": "metformin", "disease": "type 2 diabetes mellitus", "endpoint": "mean", "effect": -0.6, "sd": 1.2},
    **{"effect_sd": 0.3, "carries_over": 0.5, "sizes": [100], "probability": 0.4},
    "cohort": """name = "takers of warfarin"
[entry]
drug = "warfarin"
[[rules]]
name = "women"
sex = "female"
""",
}


def test_who_may_not_see_patients_counts_none_by_planning_a_study(desk: Desk) -> None:
    designer = frozenset[Right]({"graph", "trials"})
    with pytest.raises(NotAllowed, match="what is asked of patients"):
        desk.answer("study_assurance", ASSURANCE, designer)
    alone = {name: value for name, value in ASSURANCE.items() if name != "cohort"}
    assert desk.answer("study_assurance", alone, designer).to_json()


def test_what_a_journal_has_to_know_of_is_asked_anew(desk: Desk) -> None:
    for _ in range(2):
        before = len(read_journal(desk.settings.store).frame)
        desk.ask("study_assurance", ASSURANCE)
        assert len(read_journal(desk.settings.store).frame) == before + 1


def test_what_is_kept_by_nobody_any_more_is_no_answer(desk: Desk) -> None:
    kept = desk.settings.home / "jobs" / "7" / "out"
    shutil.copytree(desk.settings.model, kept)
    asked = {"one": "7/out", "other": "7/out"}
    assert desk.ask("models_compare", asked).body
    shutil.rmtree(kept.parent)
    with pytest.raises(ValueError, match="expected the name of a model"):
        desk.ask("models_compare", asked)


def test_patients_are_named_by_a_file_in_any_spelling() -> None:
    rows = f"patient\n{PATIENT}\n"
    for given in (
        rows,
        {"name": "a.csv", "text": rows},
        {"name": "a.csv", "base64": b64encode(rows.encode()).decode()},
    ):
        assert patients_named({"cohort": given}) == {PATIENT}
    assert patients_named({"cohort": {"name": "a.csv", "base64": "no base64"}}) == set()


def test_what_is_kept_of_one_is_no_answer_for_another(desk: Desk) -> None:
    asked = {"node": "warfarin"}
    without = desk.ask("show", asked, READER)
    whole = desk.ask("show", asked)
    assert without.etag != whole.etag and b"PANAKEIA:P-" in whole.body
    assert desk.ask("show", asked, READER).body == without.body


def test_a_verb_that_fails_costs_no_session(desk: Desk) -> None:
    for _ in range(2 * AT_ONCE):
        with pytest.raises(ValueError, match="nosuch"):
            desk.answer("show", {"node": "nosuch"})
    assert desk.answer("show", {"node": "warfarin"}).to_json()["name"] == "Warfarin"


def test_what_is_written_lies_in_the_folder(desk: Desk, tmp_path: Path) -> None:
    told: list[float] = []
    desk.answer(
        "export", {"format": "turtle", "around": ["warfarin"]}, at=At(tmp_path, lambda step, done: told.append(done))
    )
    assert [path.suffix for path in (tmp_path / "out").iterdir() if path.is_file()]


def test_what_only_the_machine_s_user_may_is_not_offered(desk: Desk) -> None:
    assert {name for name in EVERY if name not in desk.verbs} >= {"demo", "diff", "federated_fit"}
    for name in ("key_file", "neo4j_home", "workers", "ray"):
        assert not [one for one in desk.verbs.values() if name in asks(one.name, one).model_fields]


def _parsed(line: str) -> dict[str, object]:
    command = typer.main.get_command(app)
    words = shlex.split(line)[1:]
    while hasattr(command, "commands"):
        command = command.commands[words.pop(0)]
    return command.make_context("panakeia", words).params


@pytest.mark.parametrize(
    ("name", "request_"),
    [
        ("rank", NODES | {"new": True}),
        ("paths", {"a": "metformin", "b": "DOID:9352", "through": ["NCBIGene:5563"], "max_length": 3}),
        ("trial_design_size", {"endpoint": "mean", "effect": 0.5, "sd": 1.0, "power": 0.8}),
        ("trial_design_boundaries", {"kind": "lan-demets-of", "information": [0.5, 1.0]}),
        ("twin_models", {"name": "warfarin_hamberg2007"}),
    ],
)
def test_the_command_line_asks_the_same(name: str, request_: dict[str, object]) -> None:
    params = _parsed(command_line(EVERY[name], request_))
    for key, value in checked(EVERY[name], request_).items():
        found = params[key]
        assert (list(found) if isinstance(found, tuple | list) else found) == (
            list(value) if isinstance(value, tuple | list) else value
        )


def test_the_python_line_gives_the_same(desk: Desk) -> None:
    line = python_line(EVERY["rank"], NODES, desk.settings.store, str(desk.settings.model))
    *before, last = line.splitlines()
    held: dict[str, object] = {}
    exec("\n".join([*before, f"found = {last}"]), held)
    found = held["found"]
    assert isinstance(found, pd.DataFrame) and found.equals(desk.answer("rank", NODES).to_frame())
    held["desk"].close()  # type: ignore[attr-defined]


def test_an_answer_names_what_is_kept_and_not_where_it_lies(desk: Desk) -> None:
    [model] = desk.answer("models_list", {}).to_json()
    assert model["folder"] == "model" == desk.answer("models_list", {}).to_frame()["folder"][0]
    place = str(desk.settings.model.parent)
    for name in ("models_list", "info"):
        assert place not in desk.answer(name, {}).to_text() and place not in desk.ask(name, {}).body.decode()
    assert desk.called == ("graph.lbdb", "model")
