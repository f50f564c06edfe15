"""Files of phenopackets: one a file or one a line, families and cohorts, and what is no phenopacket."""

import gzip
import json
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kg.patients.formats.phenopacket import READER
from kg.patients.record import Account, Place, Reading, RecordError
from tests.kg.patients.formats.made_up_packets import full, packet, term

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def reading() -> Reading:
    return Reading(Account(), NOW)


def write(folder: Path, name: str, *contents: object) -> Path:
    text = "\n".join(one if isinstance(one, str) else json.dumps(one) for one in contents)
    path = folder / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return path


NAMES: Sequence[str] = ("x.json", "x.json.gz", "x.jsonl", "x.ndjson.gz")


@pytest.mark.parametrize("name", NAMES)
def test_packets_stand_one_a_file_or_one_a_line(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, name, full())
    assert READER.sniff(path) and not READER.sniff(tmp_path)
    assert len(list(READER.read([path], reading()))) == 1


def test_names_may_be_spelt_as_in_the_schema(tmp_path: Path) -> None:
    content = packet()
    content["meta_data"] = {"phenopacket_schema_version": content.pop("metaData")["phenopacketSchemaVersion"]}
    content["phenotypic_features"] = [term("HP:0001250", excluded=True)]
    [person] = READER.read([write(tmp_path, "x.json", content)], reading())
    assert [event.negated for event in person.events] == [True]


def test_families_and_cohorts_are_their_members(tmp_path: Path) -> None:
    one, two, meta = packet(id="1"), packet(id="2"), packet()["metaData"]
    del one["metaData"]
    family = write(tmp_path, "family.json", {"id": "f", "proband": one, "relatives": [two], "metaData": meta})
    assert [person.identity[1] for person in READER.read([family], reading())] == ["1", "2"]
    cohort = write(tmp_path, "cohort.json", {"id": "c", "members": [two, one], "metaData": meta})
    assert [person.identity[1] for person in READER.read([cohort], reading())] == ["2", "1"]


def test_a_line_that_is_no_packet_is_rejected_with_its_place(tmp_path: Path) -> None:
    other = packet(id="other", metaData={"phenopacketSchemaVersion": "1.0"})
    path = write(tmp_path, "Quillfeather.jsonl", full(), '{"Quillfeather', other, "[" * 100_000, '{"a": NaN}')
    told = reading()
    assert len(list(READER.read([path], told))) == 1
    assert [rejection.place for rejection in told.account.rejected] == [Place("file 1 of 1", n) for n in (2, 3, 4, 5)]
    assert "Quillfeather" not in repr(told.account)


def test_two_packets_of_one_id_are_not_mixed(tmp_path: Path) -> None:
    told = reading()
    path = write(tmp_path, "x.jsonl", full(), packet(subject={"id": "II-2", "sex": "MALE"}), full())
    assert [person.sex for person in READER.read([path], told)] == ["female"]
    assert [rejection.place.line for rejection in told.account.rejected] == [2]
    assert told.account.left_out["Phenopacket", "the same packet once more"] == 1


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("Quillfeather.json", b'{"id": "Quillf', "is not JSON"),
        ("Quillfeather.json", b"\xff\xfe\x00", "cannot be read"),
        ("Quillfeather.json.gz", b"no gzip", "cannot be read"),
        ("Quillfeather.jsonl", b"", "has no phenopacket"),
        ("Quillfeather.json", b'{"resourceType": "Bundle"}', "metaData is missing"),
        ("Quillfeather.json", b'{"metaData": {"phenopacketSchemaVersion": "1.0"}}', "is not 2"),
    ],
)
def test_a_file_without_packets_is_an_error(tmp_path: Path, name: str, content: bytes, told: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(RecordError, match=told) as failure:
        list(READER.read([path], reading()))
    assert "Quillfeather" not in str(failure.value)


def test_beside_packets_a_folder_may_hold_other_files(tmp_path: Path) -> None:
    write(tmp_path, "a.json", full())
    write(tmp_path, "b.json", {"resourceType": "Bundle"})
    told = reading()
    assert len(list(READER.read([tmp_path], told))) == 1
    assert told.account.left_out["file", "no phenopacket"] == 1


def test_a_packet_in_an_unknown_ontology_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "x.json", packet(phenotypicFeatures=[term("XYZ:0001166"), term("XYZ:0001250")]))
    with pytest.raises(RecordError, match=r"type\.id is no identifier of an ontology that is known"):
        list(READER.read([path], reading()))


@pytest.mark.mirror
def test_every_published_packet_is_read(mirror: Path) -> None:
    path = mirror / "patients/phenopackets.jsonl.gz"
    told = reading()
    people = list(READER.read([path], told))
    events = [event for person in people for event in person.events]
    features = [event for event in events if event.codes[0].system == "HP"]
    assert not told.account.rejected
    assert (len(people), len(features), sum(event.negated for event in features)) == (10_580, 227_861, 133_798)
    # The text of the file, counted by another program.
    text = subprocess.run(["gzip", "-dc", path], check=True, capture_output=True, text=True).stdout
    assert text.count('"excluded"') == 133_798 == text.count('"excluded": true') + text.count('"excluded":true')
    assert sum(event.what == "variant" for event in events) == text.count('"variationDescriptor"') == 11_678
    assert sum(event.what == "measurement" for event in events) == text.count('"assay"')
    assert len({person.identity for person in people}) == len(people)
