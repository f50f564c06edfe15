"""CSV files as users write them: every mistake is named with its line."""

from pathlib import Path

import pytest

from twin.table import TableError, read_table


def read(tmp_path: Path, content: bytes) -> dict[int, dict[str, str]]:
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    return read_table(path, needed=("id", "age"), known=("id", "age", "note"))


def test_rows_come_by_their_line_with_spaces_marks_and_empty_lines_taken_off(tmp_path: Path) -> None:
    rows = read(tmp_path, '\ufeffid, age ,note\r\n a ,71,"one, two"\r\n\r\nb,50,\r\n'.encode())
    assert rows == {2: {"id": "a", "age": "71", "note": "one, two"}, 4: {"id": "b", "age": "50", "note": ""}}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "line 1: column id is missing; found nothing, expected id, age"),
        (b"id,Age\na,1\n", "line 1: column age is missing; found id, Age"),
        (b"id,age,sex\na,1,f\n", "line 1: column 'sex' is not known; expected any of id, age, note"),
        (b"id,age,age\na,1,1\n", "line 1: column age stands there 2 times, expected once"),
        (b"id,age\n", "has no rows; expected at least one below the header"),
        (b"id,age\na,71\nb,50,5\n", "line 3: 3 values for the header's 2 columns"),
        (b"id,age\na\n", "line 2: 1 values for the header's 2 columns"),
        (b'id,age\n"a"b,1\n', "line 2: not CSV"),
        ("id,age\nä,1\n".encode("latin-1"), "byte 7 is not UTF-8; save the file as UTF-8 text"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(TableError) as failure:
        read(tmp_path, content)
    assert message in str(failure.value)
