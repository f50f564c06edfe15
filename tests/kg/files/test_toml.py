"""Settings in TOML: what is written, or an error that names file and place."""

from pathlib import Path

import pytest

from kg.files.text import FileError
from kg.files.toml import DEEPEST, read_toml

SETTINGS = """seed = 1_000
name = "σ"
[arm]
doses_mg = [5, 2.5, 1_0.5e1]
"""


def read(tmp_path: Path, content: str | bytes) -> dict[str, object]:
    path = tmp_path / "trial.toml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_toml(path)


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_marks_and_line_ends_do_not_matter(tmp_path: Path, mark: str, end: str) -> None:
    found = read(tmp_path, (mark + SETTINGS).replace("\n", end))
    assert found == {"seed": 1000, "name": "σ", "arm": {"doses_mg": [5, 2.5, 105.0]}}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a = 1\nb = \n", ": not valid TOML: Invalid value (at line 2, column 5)"),
        ("a = 1\na = 2\n", ": not valid TOML: Cannot overwrite a value (at line 2"),
        ("a = 1\rb = 2", ": not valid TOML"),
        (b'a = "\xff"', ", line 1: byte 5 is not UTF-8; save the file as UTF-8 text"),
        (b"a = 1\n# \0", ", line 2: byte 8 is NUL"),
        ("a = 1".encode("utf-16"), " is UTF-16 text; save it as UTF-8 text"),
        ("a = " + "[" * 500 + "]" * 500, ": more than 32 tables and lists inside each other"),
        ("a = " + "[" * 50_000, ": more than 32 tables and lists inside each other"),
        ("a = " + "{a = " * 500 + "1" + "}" * 500, ": more than 32 tables and lists inside each other"),
        (".".join("a" * 9_999) + " = 1", "...: more than 32 tables and lists inside each other"),
        ("a = " + "1" * 310, ", a: expected a whole number that 64 bits can hold"),
        ("a = " + "1" * 5_000, ": not valid TOML"),
        ("a = 0x" + "f" * 5_000, ", a: expected a whole number that 64 bits can hold"),
        (f"[t]\nb = [0, {2**63}]", ", t.b[1]: expected a whole number that 64 bits can hold"),
        (f"b = {-(2**63) - 1}", ", b: expected a whole number that 64 bits can hold"),
        ("a = 1e999", ", a: expected a finite number that 64 bits can hold"),
        ("a = 1e-999", ", a: expected a finite number"),
        ("a = inf", ", a: expected a finite number"),
        ("[[arms]]\n[[arms]]\ndose = -nan", ", arms[1].dose: expected a finite number"),
    ],
)
def test_a_mistake_is_named_with_its_file(tmp_path: Path, content: str | bytes, said: str) -> None:
    with pytest.raises(FileError) as failure:
        read(tmp_path, content)
    assert str(failure.value).startswith(str(tmp_path / "trial.toml"))
    assert said in str(failure.value)
    assert len(str(failure.value)) < len(str(tmp_path)) + 200


def test_the_ends_of_the_range_are_in_it(tmp_path: Path) -> None:
    assert read(tmp_path, f"a = {2**63 - 1}\nb = {-(2**63)}") == {"a": 2**63 - 1, "b": -(2**63)}


def test_so_many_tables_and_no_more(tmp_path: Path) -> None:
    read(tmp_path, "a = " + "[" * (DEEPEST - 1) + "1" + "]" * (DEEPEST - 1))
    with pytest.raises(FileError, match=f"more than {DEEPEST} tables and lists inside each other"):
        read(tmp_path, "a = " + "[" * DEEPEST + "1" + "]" * DEEPEST)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"none\.toml"):
        read_toml(tmp_path / "none.toml")
