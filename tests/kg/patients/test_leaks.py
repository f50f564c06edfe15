"""Leaks: no word that tells who somebody is gets out of a record, whatever its format, sound or broken.

Everything that can be looked at afterwards is: the store's file and what lies beside it, by bytes and by name; what the
graph says; the journal; the log; what the commands print, and all that they write elsewhere.
"""

import gzip
import json
import logging
import os
import re
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kg.export import FORMATS
from kg.graph import Graph
from kg.patients.formats import readers
from kg.patients.imports import Given
from kg.stores.opening import open_store
from panakeia import Session
from panakeia.answer import Answer
from panakeia.cli import main
from tests.kg.patients.telling_records import DATES, MIMIC, NAMED, OMOP, VCF, WORDS, WRITERS, fhir_bundle, packet

GENOME = "vcf"
"""The format that is read with public definitions, which the mirror has."""
ALONE = sorted(WRITERS.keys() - {GENOME})
KEY = b"a key that only the tests know, and anyone who reads them"


def bare(text: str) -> str:
    """Return the letters and digits of a text, without accents and capitals."""
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKD", text).casefold())


BARE = {word: bare(word) for word in (*WORDS, *DATES)}
DIGEST = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
"""A SHA-256 alone, as each line of a journal ends with one: a number as random as the second in which it is made."""


def leaks(text: str) -> list[str]:
    """Return the words that tell who somebody is and stand in a text, however they are written; dates, in no digest."""
    plain, undigested = bare(text), bare(DIGEST.sub("|", text))
    return [word for word, letters in BARE.items() if letters in (undigested if word in DATES else plain)]


def leaks_in_files(folder: Path) -> list[tuple[str, str]]:
    """Return the words that stand in the files of a folder, or in their names."""
    found = []
    for path in sorted(folder.rglob("*")):
        told = [*leaks(str(path.relative_to(folder))), *(leaks(readable(path)) if path.is_file() else ())]
        found += [(path.name, word) for word in told]
    return found


def readable(path: Path) -> str:
    """Return the bytes of a file as text, in which what is no text is a bar, so that UTF-16 too is read by `bare`."""
    return re.sub(r"[^\x20-\x7e]+", "|", path.read_bytes().decode("latin-1"))


def made(folder: Path) -> Path:
    """Return a folder that was not there."""
    folder.mkdir()
    return folder


@pytest.fixture(scope="module")
def small(graph: Graph, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the small graph, less its patients."""
    path = tmp_path_factory.mktemp("small") / "graph.lbdb"
    nodes = {kind: rows for kind, rows in graph.nodes.items() if kind != "Patient"}
    edges = {
        name: rows for name, rows in graph.edges.items() if not name.startswith(("patient_", "predicted_benefits"))
    }
    with open_store(path, create=True) as store:
        store.replace(Graph(nodes, edges, graph.sources))
    return path


@pytest.fixture
def store(small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it in a folder of its own, with nothing in the environment that tells of another."""
    for name in ("PANAKEIA_KEY", "PANAKEIA_JOURNAL", "PANAKEIA_STORE"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "kept").mkdir()
    path = tmp_path / "kept" / "graph.lbdb"
    path.write_bytes(small.read_bytes())
    return path


@pytest.fixture
def given(tmp_path: Path) -> Path:
    """A folder for records; its name tells too."""
    return made(tmp_path / f"of {NAMED}")


def everything_said(session: Session, patients: list[str]) -> Iterator[str]:
    """Yield what a store's graph, and each answer about patients, says."""
    graph = session._graph().read()
    yield from (repr(table.to_pylist()) for table in (*graph.nodes.values(), *graph.edges.values()))
    yield repr(graph.sources)
    answers: list[Answer] = [session.patient_list(), session.audit(), session.patient_disclosure(patients)]
    for patient in patients:
        answers += [session.patient_show(patient), session.patient_export(patient)]
    for answer in (*answers, session.patient_journal()):
        yield f"{answer.to_text()}\n{json.dumps(answer.to_json())}\n{answer.to_frame().to_csv()}"


RECORDS = pytest.param(ALONE, id="records")
GENOMES = pytest.param([GENOME], marks=pytest.mark.mirror, id="genomes")


@pytest.fixture(params=[RECORDS, GENOMES])
def names(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Formats, with what is needed to read them."""
    if GENOME in request.param:
        monkeypatch.setenv("PANAKEIA_DATA", str(request.getfixturevalue("mirror")))
    else:
        monkeypatch.delenv("PANAKEIA_DATA", raising=False)
    return list(request.param)


def test_every_format_has_a_record_here() -> None:
    assert WRITERS.keys() == readers().keys()


def test_nothing_that_is_kept_or_said_tells_who_somebody_is(
    names: list[str],
    store: Path,
    given: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    said, patients = [], []
    with caplog.at_level(logging.DEBUG), Session(store, data=os.environ.get("PANAKEIA_DATA")) as session:
        for name in names:
            done = session.patient_import(WRITERS[name](made(given / name)), key=KEY)
            said.append(f"{done.to_text()}\n{json.dumps(done.to_json())}\n{done!r}\n{done.audit.rejected.to_pylist()}")
            patients += done.patients
        assert len(set(patients)) == len(names)  # no two of them are known to be one person
        assert session.patient_list().to_frame()["events"].min() >= 3
        said += everything_said(session, patients)
        for format in FORMATS:
            session.export(format, tmp_path / "out" / format, around=patients, radius=1, patients=True)
    printed = capsys.readouterr()
    assert not leaks("\n".join([*said, caplog.text, printed.out, printed.err]))
    assert not leaks_in_files(store.parent)
    assert not leaks_in_files(tmp_path / "out")
    # What is looked through can be read: the patients are in it.
    written = "".join(readable(path) for path in (tmp_path / "out").rglob("*") if path.is_file())
    for patient in patients:
        assert patient in readable(store) and patient in written and patient in "".join(said)


def test_each_word_stands_in_a_record(tmp_path: Path) -> None:
    for name, write in WRITERS.items():
        (tmp_path / name).mkdir()
        write(tmp_path / name)
    texts = [json.dumps(fhir_bundle()), json.dumps(packet()), *OMOP.values(), *MIMIC.values(), VCF]
    assert set(leaks("|".join(texts))) == {*WORDS, *DATES}
    assert len(leaks_in_files(tmp_path)) > 40


def test_no_word_is_found_by_chance() -> None:
    """A hexadecimal digit is right by chance in 1 of 16, base64 in any capitals in 1 of 32; see where they stand."""
    digits = [BARE[word] for word in WORDS if re.fullmatch("[0-9a-f]+", BARE[word])]
    assert digits and all(1e6 / 16 ** len(word) < 1e-12 for word in digits)
    assert all(32.0 ** -len(BARE[word]) < 1e-12 for word in WORDS)
    dated = f"{DATES[0]} 19510723 {DATES[1]}T00:00"
    assert leaks(dated) == list(DATES)
    assert not leaks('{"hash": "' + "19510723" * 8 + '", "before": "' + "0" * 56 + '20191130"}')
    assert leaks("19510723" * 7 + "1951072") and leaks("19510723" * 9)  # no digests, by their length


Broken = Callable[[str], str]
BROKEN: dict[str, Broken] = {
    "cut off": lambda text: text[: 2 * len(text) // 3],
    "a stray quote": lambda text: text.replace(",", ',"Quillfeather ', 3),
    "other names of columns and elements": lambda text: re.sub("(?i)(id|type)", r"Ottoline\1", text),
    "text where a number is": lambda text: re.sub(r"\b[0-9]{1,5}\b", "Thistlewood", text),
    "no text at all": lambda text: "\x00Quillfeather\xff" * 20,
    "no lines": lambda text: "Ottoline Quillfeather",
    "lists in lists": lambda text: text.replace("{", '{"Quillfeather": [[[{}]]], ').replace(":", ": [", 9),
    "another version": lambda text: re.sub(r"(2\.0|5\.4|4\.2|GRCh38|2014 - 2016)", "Brambleby 9", text),
}
"""What is wrong with each file of a record."""


def break_all(folder: Path, fault: Broken) -> None:
    """Put a fault into each file of a record; a gzipped one is afterwards no gzip."""
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        path.write_bytes(fault(path.read_bytes().decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape"))


@pytest.mark.parametrize("names", [RECORDS], indirect=True)
@pytest.mark.parametrize("fault", BROKEN)
def test_no_error_tells_who_somebody_is(
    fault: str,
    names: list[str],
    store: Path,
    given: Path,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    hold_broken([(name, fault) for name in names], store, given, caplog)
    assert not leaks("".join(capsys.readouterr()))


@pytest.mark.parametrize("names", [GENOMES], indirect=True)
def test_no_error_in_a_genome_tells_whose_it_is(
    names: list[str],
    store: Path,
    given: Path,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    faults = ("cut off", "a stray quote", "no lines", "another version")
    hold_broken([(name, fault) for name in names for fault in faults], store, given, caplog)
    assert not leaks("".join(capsys.readouterr()))


def hold_broken(faults: list[tuple[str, str]], store: Path, given: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Import records with faults (format, fault) and look through what is said and kept."""
    said = []
    with caplog.at_level(logging.DEBUG), Session(store, data=os.environ.get("PANAKEIA_DATA")) as session:
        for name, fault in faults:
            folder = made(given / f"{name} {fault}")
            record = WRITERS[name](folder)
            break_all(folder, BROKEN[fault])
            for stated in (None, Given(format=name)):  # as its looks tell, then, if they do not, by its name
                try:
                    done = session.patient_import(record, key=KEY, given=stated)
                except (ValueError, OSError) as failure:
                    said.append(str(failure))
                else:
                    said.append(done.to_text() + repr(done) + repr(done.audit.rejected.to_pylist()))
                    break
    assert not leaks("\n".join([*said, caplog.text]))
    assert not leaks_in_files(store.parent)


def command(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    """Run a command as a user does, and return its exit status."""
    monkeypatch.setattr("sys.argv", ["panakeia", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
        raise SystemExit(0)
    return int(ended.value.code or 0)


def test_no_command_prints_who_somebody_is(
    store: Path, given: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PANAKEIA_KEY", KEY.decode())
    monkeypatch.setenv("PANAKEIA_STORE", str(store))
    asked = ("patient", "import")
    assert command(monkeypatch, *asked, WRITERS["fhir"](given), "--json") == 0
    assert command(monkeypatch, *asked, given / f"{NAMED}.json", given / f"{NAMED}.json") == 0
    assert command(monkeypatch, *asked, given / "Quillfeather.json") == 2
    assert command(monkeypatch, *asked, given / f"{NAMED}.json", "--format", "omop") == 2
    for verb in ("show", "export", "consent", "forget"):
        assert command(monkeypatch, "patient", verb, "Ottoline Quillfeather") == 2
    assert command(monkeypatch, "patient", "journal", "--json") == 0
    printed = capsys.readouterr()
    assert "error:" in printed.err
    assert not leaks(printed.out + printed.err)
    assert not leaks_in_files(store.parent)


def people_and_places(resource: dict[str, Any]) -> Iterator[str]:
    """Yield what a resource of Synthea says of who somebody is, or where."""
    for name in resource["name"] if isinstance(resource.get("name"), list) else ({"text": resource.get("name")},):
        yield from (name.get("family"), name.get("text"), *name.get("given", ()))
    yield from (one.get("value") for key in ("identifier", "telecom") for one in resource.get(key, ()))
    for address in resource.get("address", ()):
        yield from (*address.get("line", ()), address.get("city"), address.get("postalCode"))
    yield resource.get("id")
    yield resource.get("birthDate")


@pytest.mark.mirror
def test_nothing_of_synthea_s_people_and_places_is_kept(mirror: Path, store: Path) -> None:
    files = sorted((mirror / "patients" / "fhir").iterdir())[:8]
    told: set[str] = set()
    for file in files:
        resources = [entry["resource"] for entry in json.loads(gzip.decompress(file.read_bytes()))["entry"]]
        for resource in resources:
            if resource["resourceType"] in ("Patient", "Practitioner", "Organization"):
                told.update(text for text in people_and_places(resource) if text and len(text) > 3)
    assert len(told) > 100
    with Session(store) as session:
        done = session.patient_import(files, key=KEY)
        graph = session._graph().read()
    rows = [table.to_pylist() for kind, table in {**graph.nodes, **graph.edges}.items() if "atient" in kind]
    said = f"{rows} {done.to_text()} {json.dumps(done.to_json())}"
    words, written = set(re.findall(r"[^\W_]+", said)), readable(store)
    assert not [text for text in told if text in words or (len(text) > 8 and text in said + written)]
