"""The ledger, and the journal and the budget kept in it: any edit is found, and no kill gives an answer for nothing."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kg.patients import journal, ledger
from kg.patients.budget import BudgetRefused, BudgetSpent, Charge, spend
from kg.patients.journal import JournalError, note, read_journal
from kg.patients.ledger import LedgerBroken, check, head_of, opened

KEY = b"a key that only the tests know, and anyone who reads them"
PATIENTS = [f"PANAKEIA:P-{number:020x}" for number in range(3)]

Edit = Callable[[list[bytes]], list[bytes]]


def write(path: Path, number: int = 5, key: bytes | None = None) -> None:
    for place in range(number):
        with opened(path, key) as held:
            held.add({"verb": f"question {place}"})


def changed(line: bytes, **what: Any) -> bytes:
    return ledger._text(json.loads(line) | what) + b"\n"


def made_anew(lines: list[bytes]) -> list[bytes]:
    """Return lines whose numbers and hashes are right again: what somebody without the key can do."""
    before, found = "0" * 64, []
    for number, line in enumerate(lines, start=1):
        inner = {k: v for k, v in json.loads(line).items() if k not in ("n", "before", "hash", "signature")}
        row = ledger._line(inner, number, before, None)
        found.append(ledger._text(row) + b"\n")
        before = row["hash"]
    return found


EDITS: dict[str, tuple[Edit, int]] = {
    "a word": (lambda lines: [*lines[:2], lines[2].replace(b"question", b"Question"), *lines[3:]], 3),
    "a byte of white space": (lambda lines: [*lines[:2], lines[2].replace(b",", b", ", 1), *lines[3:]], 3),
    "a line's own hash too": (lambda lines: [*lines[:2], made_anew(lines[:3])[2], *lines[3:]], 0),
    "a line with its hash": (
        lambda lines: [*lines[:2], made_anew([*lines[:2], changed(lines[2], verb="else")])[2], *lines[3:]],
        4,
    ),
    "the first line out": (lambda lines: lines[1:], 1),
    "a line out": (lambda lines: lines[:2] + lines[3:], 3),
    "the last line out": (lambda lines: lines[:-1], 5),
    "the last two lines out": (lambda lines: lines[:-2], 4),
    "all lines out": (lambda lines: [], 1),
    "the last line cut": (lambda lines: [*lines[:-1], lines[-1][:-20]], 5),
    "the last line without its end": (lambda lines: [*lines[:-1], lines[-1].strip()], 5),
    "two lines swapped": (lambda lines: [lines[0], lines[2], lines[1], *lines[3:]], 2),
    "a line twice": (lambda lines: [*lines[:3], lines[2], *lines[3:]], 4),
    "the last line twice": (lambda lines: [*lines, lines[-1]], 6),
    "an empty line": (lambda lines: [*lines[:3], b"\n", *lines[3:]], 4),
    "a line that is no JSON": (lambda lines: [*lines[:3], b"\xff\n", *lines[3:]], 4),
    "a line deep in brackets": (lambda lines: [*lines[:3], b"[" * 100_000 + b"\n", *lines[3:]], 4),
    "a line that is a list": (lambda lines: [*lines[:3], b"[1]\n", *lines[3:]], 4),
    "one more, as it should be": (lambda lines: made_anew([*lines, lines[0]]), 6),
    "made anew with a line changed": (lambda lines: made_anew([changed(lines[0], verb="else"), *lines[1:]]), 5),
}
"""What somebody may do to the lines, and the first line that is then broken (0: none; it is the same)."""


@pytest.mark.parametrize("name", EDITS)
def test_any_edit_is_found_and_the_first_broken_line_is_named(tmp_path: Path, name: str) -> None:
    edit, first = EDITS[name]
    path = tmp_path / "journal.jsonl"
    write(path)
    assert check(path)[0].broken is None
    path.write_bytes(b"".join(edit(path.read_bytes().splitlines(keepends=True))))
    found, lines = check(path)
    assert (found.broken.line if found.broken else 0) == first
    assert len(lines) == (first - 1 if first else 5)


@pytest.mark.parametrize("name", EDITS)
def test_whoever_lacks_the_key_cannot_make_the_lines_anew(tmp_path: Path, name: str) -> None:
    path = tmp_path / "journal.jsonl"
    write(path, key=KEY)
    assert check(path, KEY)[0] == ledger.Checked(5, 5, True)
    edited = EDITS[name][0](path.read_bytes().splitlines(keepends=True))
    try:
        lines = made_anew(edited)
    except (ValueError, AttributeError, RecursionError):
        lines = edited
    path.write_bytes(b"".join(lines))
    if lines:
        last = json.loads(lines[-1]) if lines != edited else {"n": 5}
        head_of(path).write_bytes(ledger._text({"last": last}) + b"\n")
    assert check(path, KEY)[0].broken is not None


def test_an_end_taken_away_with_its_head_is_found_by_the_key(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    write(path, key=KEY)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:3]))
    head_of(path).write_bytes(ledger._text({"last": json.loads(lines[2])}) + b"\n")
    assert check(path)[0].broken is None  # without the key, nothing tells
    broken = check(path, KEY)[0].broken
    assert broken is not None and "not signed with this key" in broken.reason


@pytest.mark.parametrize("text", [None, b"", b"{}\n", b'{"last":{"n":"5"}}\n', b'{"last":{"n":5}}\n'])
def test_a_head_that_is_changed_is_found(tmp_path: Path, text: bytes | None) -> None:
    path = tmp_path / "journal.jsonl"
    write(path)
    head_of(path).unlink()
    if text is not None:
        head_of(path).write_bytes(text)
    assert check(path)[0].broken is not None
    for whole in (True, False):
        with pytest.raises(LedgerBroken, match="edited"), opened(path, whole=whole):
            pass


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("left", [0, 1, 30])
@pytest.mark.parametrize("number", [1, 5])
def test_a_line_whose_writer_was_killed_is_put_back(tmp_path: Path, number: int, left: int, whole: bool) -> None:
    path = tmp_path / "journal.jsonl"
    write(path, number, KEY)
    everything = path.read_bytes()
    lines = everything.splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:-1], lines[-1][:left]]))
    assert check(path, KEY)[0].broken is not None
    with opened(path, KEY, whole=whole) as held:
        held.add({"verb": "later"})
    assert path.read_bytes().startswith(everything)
    assert check(path, KEY)[0] == ledger.Checked(number + 1, number + 1, True)


def test_nothing_is_added_to_a_ledger_that_was_edited(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    write(path)
    path.write_bytes(path.read_bytes().replace(b"question 4", b"question 5"))
    with pytest.raises(LedgerBroken, match=r"line 5: .*was changed.*move both away"), opened(path, whole=False):
        pass


def test_another_key_or_none_is_told(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    write(path, 2, KEY)
    assert "another key" in str(check(path, b"another one")[0].broken)
    with opened(path, None, whole=False) as held:
        held.add({"verb": "without a key"})
    found, _ = check(path, KEY)
    assert found.broken is not None and found.broken.line == 3
    assert check(path)[0] == ledger.Checked(3, 2, False)


def test_what_is_not_there_is_an_empty_ledger(tmp_path: Path) -> None:
    assert check(tmp_path / "none.jsonl", KEY) == (ledger.Checked(0, 0, True), ())


@pytest.fixture
def who(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PANAKEIA_USER", "dana")
    monkeypatch.delenv("PANAKEIA_KEY", raising=False)
    monkeypatch.delenv("PANAKEIA_JOURNAL", raising=False)


def test_the_journal_says_who_asked_what_of_whom(tmp_path: Path, who: None, monkeypatch: pytest.MonkeyPatch) -> None:
    store = tmp_path / "graph.lbdb"
    note(store, "cohort", PATIENTS)
    note(store, "patient show", PATIENTS[0])
    note(store, "patient show", "Ottoline Quillfeather")
    monkeypatch.setenv("PANAKEIA_KEY", KEY.decode())
    note(store, "patient import", size=50, detail="fhir")
    found = read_journal(store)
    assert found.sound and (found.lines, found.signed, found.signatures) == (4, 1, True)
    assert found.to_frame()["about"].tolist() == [journal.cohort_digest(PATIENTS), PATIENTS[0], "", ""]
    assert found.to_frame()["size"].astype(object).where(found.frame["size"].notna(), None).tolist() == [3, 1, 1, 50]
    assert set(found.to_frame()["who"]) == {"dana"}
    shown = json.dumps(found.to_json()) + found.to_text() + found._repr_html_()
    assert "Ottoline" not in shown + (tmp_path / "graph.lbdb.journal.jsonl").read_text(encoding="utf-8")
    assert not any(patient in shown for patient in PATIENTS[1:])
    monkeypatch.delenv("PANAKEIA_KEY")
    assert "PANAKEIA_KEY is not set" in read_journal(store).to_text()


def test_the_journal_names_the_first_broken_line(tmp_path: Path, who: None) -> None:
    for verb in ("cohort", "similar", "export"):
        note(tmp_path / "g", verb, PATIENTS)
    path = tmp_path / "g.journal.jsonl"
    path.write_bytes(path.read_bytes().replace(b"similar", b"simmlar"))
    found = read_journal(tmp_path / "g")
    assert not found.sound
    assert found.to_json()["broken"]["line"] == 2
    assert "NOT SOUND: line 2 has another hash" in found.to_text()
    assert len(found.to_frame()) == 1


def test_without_a_journal_nothing_is_told(tmp_path: Path, who: None) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(JournalError, match=r"cannot be written \(.*\).*set PANAKEIA_JOURNAL to a folder"):
        note(tmp_path / "file" / "graph.lbdb", "cohort", PATIENTS)


def test_where_a_journal_lies(tmp_path: Path) -> None:
    state, named = {"XDG_STATE_HOME": "/state"}, {"PANAKEIA_JOURNAL": "/kept"}
    server = journal.place("bolt://neo4j:secret@host:7687", "journal", state)
    assert server == journal.place("bolt://host:7687", "journal", state)
    assert server.parent == Path("/state/panakeia")
    assert "secret" not in str(server)
    assert server != journal.place("bolt://other:7687", "journal", state)
    assert journal.place("bolt://host", "journal", {}).is_relative_to(Path.home() / ".local" / "state")
    kept = journal.place(tmp_path / "g.lbdb", "budget", named)
    assert kept.parent == Path("/kept") and kept.name.startswith("g.lbdb-") and kept.name.endswith(".budget.jsonl")
    assert journal.place(tmp_path / "g.lbdb", "budget", {}) == tmp_path / "g.lbdb.budget.jsonl"


def test_a_budget_is_kept_and_refuses_when_it_is_spent(tmp_path: Path) -> None:
    path = tmp_path / "budget.jsonl"
    for spent in range(1, 11):
        left = spend(path, Charge(0.1), None)
        assert left.spent == Decimal(spent) / 10  # ten times 0.1 is 1, not less
    with pytest.raises(BudgetSpent, match=r"epsilon 0.001 was asked for, and of 1\.0 .* 0\.0 is left"):
        spend(path, Charge(0.001), None)
    assert left.to_json() == {"total": 1.0, "spent": 1.0, "left": 0.0}


def test_a_budget_cannot_be_raised(tmp_path: Path) -> None:
    path = tmp_path / "budget.jsonl"
    spend(path, Charge(0.1, 0.2), None)
    with pytest.raises(BudgetRefused, match=r"was set to 0\.2, and 5\.0 is given"):
        spend(path, Charge(0.1, 5.0), None)
    assert spend(path, Charge(0.1, 0.2), None).left == 0


@pytest.mark.parametrize("epsilon", [0, -1, float("nan"), float("inf")])
def test_an_epsilon_is_above_nothing(tmp_path: Path, epsilon: float) -> None:
    with pytest.raises(BudgetRefused, match="expected a number above 0"):
        spend(tmp_path / "budget.jsonl", Charge(epsilon), None)
    with pytest.raises(BudgetRefused, match="expected a number above 0"):
        spend(tmp_path / "budget.jsonl", Charge(0.1, epsilon), None)
    assert not (tmp_path / "budget.jsonl").exists()


def test_what_is_no_budget_is_not_spent(tmp_path: Path) -> None:
    write(tmp_path / "journal.jsonl")
    with pytest.raises(BudgetRefused, match="is no budget"):
        spend(tmp_path / "journal.jsonl", Charge(0.1), None)


def test_a_budget_with_a_charge_taken_out_is_not_spent(tmp_path: Path) -> None:
    path = tmp_path / "budget.jsonl"
    for _ in range(3):
        spend(path, Charge(0.1), KEY)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(made_anew(lines[:1])))
    head_of(path).write_bytes(ledger._text({"last": json.loads(path.read_bytes())}) + b"\n")
    with pytest.raises(LedgerBroken, match="not signed"):
        spend(path, Charge(0.1), KEY)
    shutil.rmtree(tmp_path)
    tmp_path.mkdir()
    spend(path, Charge(0.1), KEY)
    with pytest.raises(BudgetRefused, match="set PANAKEIA_KEY"):
        spend(path, Charge(0.1), None)


def test_many_at_once_spend_no_more_than_there_is(tmp_path: Path) -> None:
    path = tmp_path / "budget.jsonl"

    def ask(_: int) -> bool:
        try:
            spend(path, Charge(0.1), None)
        except BudgetSpent:
            return False
        return True

    with ThreadPoolExecutor(8) as many:
        assert sum(many.map(ask, range(16))) == 10
    assert check(path)[0] == ledger.Checked(10, 0, False)


SPENDER = """
import sys
from pathlib import Path
from kg.patients.budget import Charge, spend
while True:
    spend(Path(sys.argv[1]), Charge(0.001, 1000.0), None)
    print("answer", flush=True)
"""


@pytest.mark.parametrize("after_s", [0.02, 0.05, 0.11])
def test_a_killed_process_has_paid_for_every_answer(tmp_path: Path, after_s: float) -> None:
    path = tmp_path / "budget.jsonl"
    process = subprocess.Popen([sys.executable, "-c", SPENDER, path], stdout=subprocess.PIPE, env=os.environ)
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(after_s)
    process.send_signal(signal.SIGKILL)
    answers = 1 + len(process.stdout.read().split())
    process.stdout.close()
    process.wait()
    left = spend(path, Charge(0.001, 1000.0), None)
    assert answers + 1 <= left.spent / Decimal("0.001") <= answers + 2
