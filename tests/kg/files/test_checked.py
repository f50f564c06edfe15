"""Mistakes in a file are named with the key that a user would look for."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import pytest
from pydantic import Field

from kg.files.checked import Checked, Count, DesignError, Positive, Share, at_least, check, read_toml


class Round(Checked):
    shape: Literal["round"]
    radius_cm: Positive


class Square(Checked):
    shape: Literal["square"]
    side_cm: Positive


class Table(Checked):
    top: Annotated[Round | Square, Field(discriminator="shape")]
    legs: Count
    glued: Share = 0.0


class Room(Checked):
    tables: Annotated[tuple[Table, ...], at_least(1)]


class Plank(Checked):
    wood: Literal["oak", "ply"]

    @classmethod
    def schema_for(cls, content: Mapping[str, Any]) -> type[Self]:
        return Ply if content.get("wood") == "ply" else cls  # type: ignore[return-value]


class Ply(Plank):
    layers: Count


FINE = {"top": {"shape": "round", "radius_cm": 50.0}, "legs": 4}


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"legs": 4}, "tables[0].top: missing"),
        (FINE | {"legs": 0}, "tables[0].legs: got 0, expected >= 1"),
        (FINE | {"legs": "4"}, "tables[0].legs: got '4', expected a valid integer"),
        (FINE | {"legs": True}, "tables[0].legs: got True, expected a valid integer"),
        (FINE | {"glued": 1.5}, "tables[0].glued: got 1.5, expected <= 1"),
        (FINE | {"glued": float("nan")}, "tables[0].glued: got nan, expected a finite number"),
        (FINE | {"leg": 4}, "tables[0].leg: unknown key; did you mean legs?"),
        (FINE | {"drawer": 4}, "tables[0].drawer: unknown key; known here: glued, legs, top"),
        (FINE | {"top": {"radius_cm": 5.0}}, "tables[0].top.shape: missing"),
        (FINE | {"top": {"shape": "oval"}}, "tables[0].top.shape: got 'oval', expected 'round', 'square'"),
        (FINE | {"top": {"shape": "square", "side_cm": -1}}, "tables[0].top.side_cm: got -1, expected > 0"),
        (
            FINE | {"top": {"shape": "square", "side_cm": 1, "radius_cm": 1}},
            "tables[0].top.radius_cm: unknown key; known here: shape, side_cm",
        ),
        (FINE | {"top": "round"}, "tables[0].top: got 'round', expected a table"),
    ],
)
def test_a_mistake_is_named_with_its_key(table: dict[str, object], message: str) -> None:
    with pytest.raises(DesignError) as refusal:
        check({"tables": [table]}, Room, "room.toml")
    assert str(refusal.value) == f"room.toml has 1 mistake:\n  {message}"


def test_all_mistakes_are_named_at_once() -> None:
    with pytest.raises(DesignError) as refusal:
        check({"tables": [FINE | {"legs": 0, "glued": 2}, {}]}, Room, "room.toml")
    assert str(refusal.value).splitlines() == [
        "room.toml has 4 mistakes:",
        "  tables[0].legs: got 0, expected >= 1",
        "  tables[0].glued: got 2, expected <= 1",
        "  tables[1].top: missing",
        "  tables[1].legs: missing",
    ]


def test_an_empty_list_says_how_many_are_needed() -> None:
    with pytest.raises(DesignError, match="tables: got 0 items, expected at least 1"):
        check({"tables": []}, Room, "room.toml")


def test_bad_toml_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "room.toml"
    path.write_text('name = "x"\ntables = [\n= 3\n', encoding="utf-8")
    with pytest.raises(DesignError, match=r"room.toml: not valid TOML: .*line 3"):
        read_toml(path, Room)


def test_bad_encoding_is_named_with_its_byte(tmp_path: Path) -> None:
    path = tmp_path / "room.toml"
    path.write_bytes(b'name = "\xff"')
    with pytest.raises(DesignError, match="byte 8 is not UTF-8"):
        read_toml(path, Room)


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    path = tmp_path / "room.toml"
    path.write_text('tables = [{top = {shape = "round", radius_cm = 50.0}, legs = 4}]\n', encoding="utf-8-sig")
    assert read_toml(str(path), Room) == check({"tables": [FINE]}, Room, "room.toml")
    path.write_text('name = "x"', encoding="utf-16")
    with pytest.raises(DesignError, match=r"room.toml is UTF-16 text; save it as UTF-8 text"):
        read_toml(path, Room)


@pytest.mark.parametrize("text", ["tables = " + "[" * 500, "tables = " + "1" * 5_000, "tables = 1e999"])
def test_what_no_reader_holds_is_a_mistake_of_the_file(tmp_path: Path, text: str) -> None:
    path = tmp_path / "room.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DesignError, match=r"room\.toml"):
        read_toml(path, Room)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"none.toml"):
        read_toml(tmp_path / "none.toml", Room)


def test_what_one_key_says_may_decide_which_others_there_are() -> None:
    assert check({"wood": "ply", "layers": 5}, Plank, "plank.toml") == Ply(wood="ply", layers=5)
    with pytest.raises(DesignError, match=r"layers: unknown key; known here: wood$"):
        check({"wood": "oak", "layers": 5}, Plank, "plank.toml")
    with pytest.raises(DesignError, match=r"layer: unknown key; did you mean layers\?"):
        check({"wood": "ply", "layers": 5, "layer": 5}, Plank, "plank.toml")
