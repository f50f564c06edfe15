"""What is printed: all of it, on a terminal of any width, or an error."""

import io
import re
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

from panakeia.answer import Table
from panakeia.terminal import print_answer
from tests.starved import starved

NEIGHBOURS = pd.DataFrame(
    {
        "relation": ["causes_side_effect", "treats"],
        "direction": ["out", "in"],
        "id": ["UMLS:C0019080", "PANAKEIA:P-0656e08a1b41eeba9b7b"],
        "kind": ["SideEffect", "Patient"],
        "name": ["Haemorrhage [of any kind]", "P-0656e08a1b41eeba9b7b"],
        "source": ["starter", "fhir"],
        "licence": ["Apache-2.0", "LicenseRef-patient-record"],
        "knowledge_level": ["knowledge_assertion", "observation"],
        "references": [["Goodman & Gilman's The Pharmacological Basis of Therapeutics, 13th ed."], ["PMID:1"]],
    }
)
RANKED = pd.DataFrame(
    {
        "rank": [1, 2],
        "drug": ["DRUGBANK:DB00999", "DRUGBANK:DB00421"],
        "name": ["Hydrochlorothiazide and more", "Spironolactone"],
        "score": [0.9521, 0.8969],
        "prior": [0.09867, 0.1644],
        "lift": [9.65, 5.456],
        "known": [True, False],
    }
)


class Terminal(io.StringIO):
    """Where output goes that a person reads."""

    def isatty(self) -> bool:
        return True


def printed(frame: pd.DataFrame, columns: int, monkeypatch: pytest.MonkeyPatch) -> str:
    terminal = Terminal()
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr("sys.stdout", terminal)
    print_answer(Table("title", frame))
    return re.sub(r"\x1b\[[0-9;]*m", "", terminal.getvalue())


@pytest.mark.parametrize("columns", [40, 60, 80, 100, 120, 160, 220, 400])
@pytest.mark.parametrize("frame", [NEIGHBOURS, RANKED], ids=["neighbours", "ranked"])
def test_no_column_is_lost_on_a_terminal_of_any_width(
    frame: pd.DataFrame, columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However cells are folded, every character of each, and of the headers, is there."""
    text = printed(frame, columns, monkeypatch)
    assert max(map(len, text.splitlines())) <= columns
    letters = Counter(text)
    for column in frame:
        for value in (column, *map(cell_text, frame[column])):
            letters.subtract(re.sub(r"\s", "", value))
    assert not {letter: missing for letter, missing in letters.items() if missing < 0}


def cell_text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) if isinstance(value, list) else str(value)


def test_a_table_stays_a_table_where_its_columns_can_be_folded(monkeypatch: pytest.MonkeyPatch) -> None:
    assert printed(RANKED, 80, monkeypatch).splitlines()[2].split() == RANKED.columns.tolist()
    assert "rank: 1 | drug: DRUGBANK:DB00999" in printed(RANKED, 60, monkeypatch)


@pytest.mark.parametrize("buffered", [True, False])
@pytest.mark.parametrize("way", ["as_json", "as_csv", "rows"])
def test_what_could_not_be_written_is_an_error(way: str, buffered: bool, tmp_path: Path) -> None:
    code = f"""
import io
import pandas as pd
from panakeia.answer import Table
from panakeia.terminal import buffer_output, drop_output, print_answer
raw = io.FileIO(sys.argv[1], "w")
stream = io.BufferedWriter(raw) if {buffered} else raw
first = sys.stdout = io.TextIOWrapper(stream, write_through=not {buffered})
buffer_output()
starve()
try:
    print_answer(Table("title", pd.DataFrame({{"id": ["x" * 90] * 30}})), {way}=True)
except ValueError as failure:
    print(failure, file=sys.stderr)
    drop_output()
    sys.exit(2)
"""
    done = starved(code, 1000, tmp_path / "out")
    assert done.stderr == "standard output: File too large; not all was written, write it elsewhere\n"
    assert done.returncode == 2
