"""Notes, annotated as a user does it."""

import json
from pathlib import Path

import pytest

from panakeia import Session
from tests.panakeia.conftest import Panakeia

NOTE = """HISTORY OF PRESENT ILLNESS: A 63 year old man with atrial fibrillation, on warfarin, denies epilepsy.
FAMILY HISTORY: His mother had breast cancer.
ASSESSMENT: Rule out gout.
"""
KEYS = {"start", "end", "term", "negated", "historical", "experiencer", "uncertain"}


@pytest.fixture(autouse=True)
def no_mirror(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without `--data`, the dictionary is the store's own names alone."""
    monkeypatch.delenv("PANAKEIA_DATA", raising=False)


@pytest.fixture
def note(tmp_path: Path) -> Path:
    path = tmp_path / "note.txt"
    path.write_bytes(NOTE.replace("\n", "\r\n").encode())
    return path


def test_a_note(panakeia: Panakeia, starter_store: Path, note: Path) -> None:
    found = panakeia("notes", "annotate", note, "--store", starter_store, "--json").json()
    text = note.read_bytes().decode()
    assert all(set(one) == KEYS for one in found)
    said = {text[one["start"] : one["end"]]: one for one in found}
    assert said["atrial fibrillation"]["term"] == "DOID:0060224"
    assert said["warfarin"]["term"] == "DRUGBANK:DB00682" and not said["warfarin"]["negated"]
    assert said["epilepsy"]["negated"] and said["gout"]["uncertain"]
    assert said["breast cancer"]["experiencer"] == "other" != said["gout"]["experiencer"]
    with Session(starter_store) as session:
        same = session.notes_annotate(note)
    assert json.loads(json.dumps(same.to_json())) == found
    assert len(same.to_frame()) == len(found) and "negated: 1" in same.to_text()
    assert "63 year old" not in same.to_text() + same._repr_html_() + repr(same)


def test_a_mark_at_the_beginning_has_no_place(panakeia: Panakeia, starter_store: Path, tmp_path: Path) -> None:
    path = tmp_path / "marked.txt"
    path.write_bytes(b"\xef\xbb\xbfgout")
    [one] = panakeia("notes", "annotate", path, "--store", starter_store, "--json").json()
    assert (one["start"], one["end"]) == (0, 4)


def test_a_folder_goes_on_after_what_is_no_text(panakeia: Panakeia, starter_store: Path, note: Path) -> None:
    (note.parent / "empty.txt").write_text("", encoding="utf-8")
    (note.parent / "wide.txt").write_text("gout", encoding="utf-16")
    (note.parent / "binary.txt").write_bytes(b"gout \0 \xff")
    (note.parent / "passed_over.csv").write_text("gout", encoding="utf-8")
    found = panakeia("notes", "annotate", note.parent, "--store", starter_store, "--json").json()
    assert set(found) == {"note.txt", "empty.txt", "wide.txt", "binary.txt"} and found["empty.txt"] == []
    assert "UTF-16" in found["wide.txt"]["refused"] and "gout" not in found["binary.txt"]["refused"]
    assert len(found["note.txt"]) > 3
    text = panakeia("notes", "annotate", note.parent, "--store", starter_store).out
    assert "refused: wide.txt" in text


@pytest.mark.parametrize(
    ("content", "expected"),
    [(b"\xff\xfeg\0o\0u\0t\0", "UTF-16"), (b"caf\xe9 gout", "is not UTF-8"), (b"g\0out", "no text")],
)
def test_a_file_that_is_no_text(
    panakeia: Panakeia, starter_store: Path, tmp_path: Path, content: bytes, expected: str
) -> None:
    path = tmp_path / "note.txt"
    path.write_bytes(content)
    wrong = panakeia("notes", "annotate", path, "--store", starter_store, "--json")
    assert (wrong.status, wrong.out) == (2, "") and expected in wrong.err and "gout" not in wrong.err


def test_what_is_not_there(panakeia: Panakeia, starter_store: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    missing = panakeia("notes", "annotate", tmp_path / "none.txt", "--store", starter_store)
    assert missing.status == 2 and "does not exist" in missing.err
    nothing = panakeia("notes", "annotate", tmp_path / "empty", "--store", starter_store)
    assert nothing.status == 2 and "holds no notes" in nothing.err
    (tmp_path / "note.txt").write_text("gout", encoding="utf-8")
    nowhere = panakeia("notes", "annotate", tmp_path / "note.txt", "--store", tmp_path / "no.lbdb")
    assert nowhere.status == 2 and "panakeia build" in nowhere.err


@pytest.mark.mirror
def test_without_a_graph_the_ontology_is_the_dictionary(panakeia: Panakeia, mirror: Path, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("No seizures. Severe headaches.", encoding="utf-8")
    found = panakeia(
        "notes", "annotate", tmp_path / "note.txt", "--store", tmp_path / "no.lbdb", "--data", mirror, "--json"
    ).json()
    assert {(one["term"], one["negated"]) for one in found} == {("HP:0001250", True), ("HP:0002315", False)}


def test_what_is_absent_or_another_s_is_in_no_cohort(
    panakeia: Panakeia, starter_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PANAKEIA_JOURNAL", str(tmp_path / "kept"))
    monkeypatch.setenv("PANAKEIA_KEY", "a key that only the tests know, and anyone who reads them")
    store = tmp_path / "graph.lbdb"
    store.write_bytes(starter_store.read_bytes())
    folder = tmp_path / "notes"
    folder.mkdir()
    texts = ("Has gout.", "No gout. Takes warfarin.", "Mother has gout.", "History of gout.", "Rule out gout.")
    rows = [f"{number},{number}.txt,2016-03-04" for number in range(len(texts))]
    (folder / "notes.csv").write_text("\n".join(["patient,file,day", *rows]), encoding="utf-8")
    for number, text in enumerate(texts):
        (folder / f"{number}.txt").write_text(text, encoding="utf-8")
    done = panakeia("patient", "import", folder, "--store", store, "--json").json()
    assert len(done["patients"]) == len(texts)
    definition = tmp_path / "cohort.toml"
    definition.write_text('name = "Gout"\n[entry]\ncondition = "gout"\n', encoding="utf-8")
    found = panakeia("cohort", definition, "--store", store, "--json").json()
    assert set(found["patients"]) & set(done["patients"]) == {done["patients"][0]}
    shown = panakeia("patient", "show", done["patients"][1], "--store", store).out
    assert "NOT gout" in shown and "panakeia-notes 1" in shown
