"""A VCF as a patient's record: each sample is a person, with a call of each gene; what is wrong names no one."""

import gzip
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kg.fetch import Fetch
from kg.patients.formats.vcf import READER
from kg.patients.record import Account, GeneCall, Person, Reading, RecordError
from tests.kg.pharmacogenomics.conftest import header

HEAD = header().replace("\tS\n", "\tOttoline\tMr Quillfeather\n")
LINE = "chr10\t94781859\trs4244285\tG\tA\t.\tPASS\t.\tGT\t0/1\t1/1\n"


@pytest.fixture
def reading(mirror: Path) -> Reading:
    return Reading(Account(), datetime(2026, 1, 1, tzinfo=UTC), fetch=Fetch(mirror, offline=True))


def read(reading: Reading, *paths: Path) -> list[Person]:
    return list(READER.read(paths, reading))


def of(person: Person, gene: str) -> GeneCall:
    (found,) = [call for call in person.calls if call.gene == gene]
    return found


def written(folder: Path, text: str, name: str = "Ottoline.vcf") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def test_a_vcf_is_told_by_its_name_and_first_line(tmp_path: Path) -> None:
    assert READER.sniff(written(tmp_path, HEAD + LINE))
    packed = tmp_path / "Ottoline.vcf.gz"
    packed.write_bytes(gzip.compress((HEAD + LINE).encode()))
    assert READER.sniff(packed)
    assert not READER.sniff(written(tmp_path, HEAD + LINE, "Ottoline.txt"))
    assert not READER.sniff(written(tmp_path, "CHROM\tPOS\n", "other.vcf"))
    assert not READER.sniff(written(tmp_path, HEAD, "cut.vcf.gz"))
    assert not READER.sniff(tmp_path)


@pytest.mark.mirror
def test_each_sample_is_a_person_with_all_genes(tmp_path: Path, reading: Reading) -> None:
    one, other = read(reading, written(tmp_path, HEAD + LINE))
    assert (one.identity, other.identity) == (("vcf", "Ottoline"), ("vcf", "Mr Quillfeather"))
    assert one.whole
    assert {call.gene for call in one.calls} == {call.gene for call in other.calls} >= {"CYP2C19", "CYP2D6", "HLA-B"}
    for person, copies in ((one, 1), (other, 2)):
        call = of(person, "CYP2C19")
        assert dict(call.copies) == {"rs4244285": copies}
        assert call.record == ("gene", "CYP2C19")
        assert len(call.missing_positions) > 30
        assert "positions are not known" in call.note
        assert call.phenotype == (None if copies == 1 else "Poor Metabolizer"), (
            "two *2 are that, whatever else there is"
        )
        assert ("*17" in call.not_excluded) is (copies == 1)
        assert of(person, "CYP2C9").diplotypes == ()
        assert "not called: none of its" in of(person, "CYP2C9").note
        assert "not from a VCF" in of(person, "CYP2D6").note
        assert not any("Ottoline" in call.note or "Quillfeather" in call.note for call in person.calls)
    assert other.private.words >= {" mr quillfeather "}


@pytest.mark.mirror
def test_one_sample_and_what_was_found_elsewhere(tmp_path: Path, reading: Reading) -> None:
    path, calls = written(tmp_path, HEAD + LINE), written(tmp_path, "CYP2D6\t*1/*4\nHLA-B\t*57:01/*08:01\n", "a.tsv")
    (person,) = read(replace(reading, sample="Ottoline", outside_calls=calls), path)
    call = of(person, "CYP2D6")
    assert (call.method, call.diplotypes, call.phenotype, call.activity_score) == (
        *("outside call", ("*1/*4",)),
        *("Intermediate Metabolizer", 1.0),
    )
    assert (of(person, "HLA-B").diplotypes, of(person, "HLA-B").phenotype) == (("*08:01/*57:01",), None)
    with pytest.raises(RecordError, match=r"^VCF 1 of 1 has 2 samples; outside calls are of one: --sample NAME$"):
        read(replace(reading, outside_calls=calls), path)


@pytest.mark.mirror
@pytest.mark.parametrize(
    ("text", "asked", "why"),
    [
        (HEAD.replace("##", "#", 1), {}, "is no VCF"),
        (HEAD.replace(",assembly=GRCh38", "") + LINE, {}, "does not say which reference genome it is of"),
        (HEAD + LINE, {"build": "GRCh37"}, "is of GRCh38 by its header, not of GRCh37 as stated"),
        (HEAD + LINE, {"sample": "Quillfeather"}, "has no sample of the name that was asked for, among 2"),
        (HEAD + LINE.replace("\tG\tA\t", "\tC\tA\t"), {}, "reference bases at the defining positions"),
        (HEAD + LINE.replace("0/1", "a/b"), {}, "has a record that cannot be read"),
    ],
)
def test_what_cannot_be_read_names_nobody(
    tmp_path: Path, reading: Reading, text: str, asked: dict[str, str], why: str
) -> None:
    with pytest.raises(RecordError, match=why) as failure:
        read(replace(reading, **asked), written(tmp_path, text))  # type: ignore[arg-type]
    said = str(failure.value)
    assert said.startswith("VCF 1 of 1 ")
    assert not any(word in said for word in ("Ottoline", "Quillfeather", str(tmp_path)))


@pytest.mark.mirror
@pytest.mark.parametrize(
    ("calls", "why"),
    [
        ("CYP2D6 *1/*4\n", "the outside calls cannot be read"),
        (None, "the outside calls cannot be opened: No such file"),
    ],
)
def test_outside_calls_that_cannot_be_read_name_nobody(
    tmp_path: Path, reading: Reading, calls: str | None, why: str
) -> None:
    path = tmp_path / "Ottoline.tsv"
    if calls is not None:
        path.write_text(calls, encoding="utf-8")
    with pytest.raises(RecordError, match=why) as failure:
        read(replace(reading, outside_calls=path), written(tmp_path, HEAD + LINE))
    assert "Ottoline" not in str(failure.value)


@pytest.mark.mirror
def test_a_folder_of_files(tmp_path: Path, reading: Reading) -> None:
    names: Sequence[str] = ("a.vcf", "b.vcf")
    for name in names:
        written(tmp_path, HEAD.replace("Ottoline", name[0]).replace("\tMr Quillfeather", "") + LINE[:-5] + "\n", name)
    assert [person.identity for person in read(reading, tmp_path)] == [("vcf", "a"), ("vcf", "b")]
