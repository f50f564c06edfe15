"""Notes into a store: edges of the patient, with what found them, and nothing of the text."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from kg.graph import Graph
from kg.patients.formats import reader, sorted_by_format
from kg.patients.imports import import_patients
from kg.patients.record import Account, Person, Reading, RecordError
from kg.query import events
from kg.stores.opening import open_store
from kg.stores.protocol import Store

NOTE = "Presents with rheumatoid arthritis. No osteoarthritis. History of Marfan syndrome. Takes warfarin.\n"
Written = Callable[..., Path]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "notes"
    path.mkdir()
    return path


@pytest.fixture
def written(folder: Path) -> Written:
    """Return a function that writes notes: file, text, and more cells of its row; the patient is `17`."""

    def done(*notes: tuple[Any, ...], header: str = "patient,file,day") -> Path:
        lines = [header]
        for name, text, *cells in notes:
            (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
            lines.append(",".join(("17", name, *cells)))
        (folder / "notes.csv").write_text("\n".join(lines), encoding="utf-8")
        return folder

    return done


@pytest.fixture(scope="module")
def graph_only(graph: Graph, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store that is only read."""
    with open_store(tmp_path_factory.mktemp("read") / "graph.lbdb", create=True) as opened:
        opened.replace(graph)
        yield opened


def told(store: Store, patient: str) -> set[tuple[str, str, bool, bool]]:
    """Return of each event of a patient: relation, node, whether it is absent, and whether it has a day."""
    frame = events(store, patient)
    dated = frame["day"].notna()
    return set(zip(frame["relation"], frame["id"], frame["negated"].astype(bool), dated, strict=True))


def read(folder: Path, store: Store) -> tuple[list[Person], Account]:
    """Return what the reader gives of a folder, and what it does not take."""
    account = Account()
    return list(reader("notes").read([folder], Reading(account, datetime.now(UTC), store=store))), account


def stated(persons: list[Person]) -> set[tuple[str, str, bool, bool]]:
    """Return of each event that is read: of what, its code, whether it is absent, and whether it has a day."""
    return {
        (event.what, f"{event.codes[0].system}:{event.codes[0].code}", event.negated, event.at is not None)
        for person in persons
        for event in person.events
    }


EXPECTED = {
    ("patient_has_condition", "DOID:7148", False, True),
    ("patient_has_condition", "DOID:8398", True, True),
    ("patient_has_condition", "DOID:14323", False, False),
    ("patient_takes_drug", "DRUGBANK:DB00682", False, True),
}


def test_what_a_note_states_and_what_is_kept(written: Written, store: Store, key: bytes, tmp_path: Path) -> None:
    text = NOTE + "Zebulon Quarterstaff lives by the xylophone works. Mr. Marfan called; his mother has thrombosis.\n"
    done = import_patients(written(("Quarterstaff.txt", text, "2016-03-04")), store, key)
    assert told(store, done.patients[0]) == EXPECTED  # nor what is his mother's, nor the man's name
    graph = store.read()
    rows = [row for name in ("patient_has_condition", "patient_takes_drug") for row in graph.edges[name].to_pylist()]
    assert len(rows) == 4
    for row in rows:
        assert (row["agent_type"], row["knowledge_level"]) == ("text_mining_agent", "not_provided")
        assert (row["model"], row["model_version"], len(row["model_sha256"])) == ("panakeia-notes", "1", 64)
        assert row["source"] == "notes" and row["negated"] == (row["object"] == "DOID:8398")
    kept = repr([table.to_pylist() for part in (graph.nodes, graph.edges) for table in part.values()])
    for word in ("Zebulon", "Quarterstaff", "xylophone", "Presents", "Takes"):
        assert word not in kept + done.to_text() + repr(done) + repr(done.to_json())
        assert all(word.encode() not in path.read_bytes() for path in tmp_path.glob("graph.lbdb*"))


def test_a_note_that_was_corrected_states_what_it_says_now(written: Written, store: Store, key: bytes) -> None:
    two = ("a.txt", NOTE, "2016-03-04"), ("b.txt", "Thrombosis.", "2016-03-05")
    first = import_patients(written(*two), store, key)
    again = import_patients(written(*two), store, key)
    assert again.patients == first.patients and not again.gone
    import_patients(written(("a.txt", "Feels well.", "2016-03-04")), store, key)
    assert told(store, first.patients[0]) == {("patient_has_condition", "DOID:9743", False, True)}
    import_patients(written(two[0]), store, key)
    assert told(store, first.patients[0]) > EXPECTED


def test_what_is_no_fact_of_the_patient_s(written: Written, graph_only: Store) -> None:
    text = (
        "Mother had thrombosis. Rule out rheumatoid arthritis. Return if Marfan syndrome. Previously on warfarin. "
        "Osteoarthritis."
    )
    persons, account = read(written(("a.txt", text, "2016-03-04")), graph_only)
    assert stated(persons) == {("condition", "DOID:8398", False, True)} and not account.rejected


def test_an_allergy_is_no_drug_that_is_taken(written: Written, graph_only: Store) -> None:
    persons, _ = read(written(("a.txt", "ALLERGIES: warfarin", "2016-03-04")), graph_only)
    assert stated(persons) == {("allergy", "DRUGBANK:DB00682", False, True)}


def test_whose_a_note_is(written: Written, graph_only: Store) -> None:
    [person], _ = read(written(("a.txt", NOTE, "", "mimic"), header="patient,file,day,system"), graph_only)
    assert person.identity == ("mimic", "17")  # as in the records of MIMIC
    note = ("a.txt", NOTE, "2016-03-04", "PANAKEIA")
    assert not read(written(note, header="patient,file,day,system"), graph_only)[0]  # whose days are moved
    [person], _ = read(written(("a.txt", "Feels well.", "2016-03-04")), graph_only)
    assert person.identity == ("notes", "17") and person.retracted == ((("note", "a.txt"), None),)


def test_a_name_that_is_a_term_s(written: Written, graph_only: Store) -> None:
    note = ("a.txt", "Warfarin came today. Thrombosis.", "", "Warfarin Smith")
    persons, _ = read(written(note, header="patient,file,day,names"), graph_only)
    assert stated(persons) == {("condition", "DOID:9743", False, False)}


@pytest.mark.parametrize(
    ("text", "day", "expected"),
    [
        ("thrombosis".encode("utf-16"), "", "UTF-16"),
        (b"thrombosis \0", "", "no text"),
        ("thrombosis", "yesterday", "is not a date"),
    ],
)
def test_a_row_that_cannot_be_taken(written: Written, graph_only: Store, text: Any, day: str, expected: str) -> None:
    persons, account = read(written(("a.txt", text, day), ("good.txt", NOTE, "2016-03-04")), graph_only)
    [rejected] = account.rejected
    assert expected in rejected.reason and "thrombosis" not in repr(account.rejected)
    assert rejected.place.line == 2 and len(stated(persons)) == 4


def test_files_outside_the_folder(folder: Path, graph_only: Store) -> None:
    (folder.parent / "secret.txt").write_text("thrombosis", encoding="utf-8")
    (folder / "notes.csv").write_text(
        "patient,file\n1,../secret.txt\n2,missing.txt\n,a.txt\n3,\n4,good.txt\n", encoding="utf-8"
    )
    (folder / "good.txt").write_text("Thrombosis.", encoding="utf-8")
    persons, account = read(folder, graph_only)
    assert len(persons) == 1 and len(account.rejected) == 4
    assert any("outside" in one.reason for one in account.rejected) and "secret" not in repr(account.rejected)


def test_a_folder_is_known_by_its_table(folder: Path, graph_only: Store) -> None:
    (folder / "notes.csv").write_text("who,what\n1,a.txt\n", encoding="utf-8")
    assert sorted_by_format([folder]) == {"notes": [folder]}
    with pytest.raises(RecordError, match="no column patient, file"):
        read(folder, graph_only)
    with pytest.raises(RecordError, match="names of a graph's nodes"):
        list(reader("notes").read([folder], Reading(Account(), datetime.now(UTC))))
