"""MAF: what its rows state, in each of the ways that programs write them; bad files by name, and no patient's name."""

import gzip
from pathlib import Path

import pytest

from kg.oncology.maf import NEEDED, read_maf
from kg.oncology.reading import read_tumours
from kg.oncology.somatic import Place, TumourError

BARCODE = "TCGA-ZZ-1234"
ROW = {
    "Hugo_Symbol": "BRAF",
    "Entrez_Gene_Id": "673",
    "NCBI_Build": "GRCh37",
    "Chromosome": "chr7",
    "Start_Position": "140453136",
    "End_Position": "140453136",
    "Variant_Classification": "Missense_Mutation",
    "Reference_Allele": "A",
    "Tumor_Seq_Allele1": "A",
    "Tumor_Seq_Allele2": "T",
    "Tumor_Sample_Barcode": BARCODE,
    "HGVSp_Short": "p.V600E",
}


def written(folder: Path, *rows: dict[str, str], head: str = "#version 2.4\n", name: str = "t.maf") -> Path:
    columns = list(dict.fromkeys(column for row in (ROW, *rows) for column in row))
    lines = ["\t".join(columns), *("\t".join((ROW | row).get(column, "") for column in columns) for row in rows)]
    path = folder / name
    data = (head + "\n".join(lines) + "\n").encode()
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return path


@pytest.mark.parametrize("name", ["t.maf", "t.maf.gz", "t.txt"])
def test_a_row_is_a_variant_with_gene_place_and_change(tmp_path: Path, name: str) -> None:
    read = read_tumours(written(tmp_path, {}, name=name))
    [variant] = read.variants
    assert (read.samples, read.build, read.left_out) == ((BARCODE,), "GRCh37", {})
    assert variant.gene == ("BRAF", "673", "")
    assert variant.place == Place("GRCh37", "7", 140453136, 140453136, "A", "T")
    assert variant.place.key == "7-140453136-A-T"
    assert variant.named() == "BRAF V600E"
    assert variant.line == 3


@pytest.mark.parametrize(
    ("row", "consequence"),
    [
        ({"Variant_Classification": "Silent", "HGVSp_Short": "p.V600="}, "silent"),
        ({"Variant_Classification": "Splice_Site", "HGVSp_Short": "p.X600_splice"}, "splice site"),
        ({"Variant_Classification": "Frame_Shift_Ins"}, "frameshift"),
        ({"Variant_Classification": "5'Flank"}, "noncoding"),
        ({"Variant_Classification": "In_Frame_Del"}, "in-frame deletion"),
    ],
)
def test_a_class_is_a_consequence(tmp_path: Path, row: dict[str, str], consequence: str) -> None:
    [variant] = read_maf(written(tmp_path, row)).variants
    assert variant.effects[0].consequence == consequence


def test_older_spellings_of_columns_and_of_the_build_are_read(tmp_path: Path) -> None:
    path = written(tmp_path, {"NCBI_Build": "37"}, head="")
    text = (
        path.read_text(encoding="utf-8")
        .replace("End_Position", "End_position")
        .replace("HGVSp_Short", "Protein_Change")
    )
    path.write_text(text, encoding="utf-8")
    [variant] = read_maf(path).variants
    assert variant.effects[0].change is not None
    assert variant.place is not None
    assert variant.place.build == "GRCh37"


@pytest.mark.parametrize(
    ("row", "key"),
    [
        ({"Reference_Allele": "-", "Tumor_Seq_Allele1": "-", "Tumor_Seq_Allele2": "TCTG"}, "7-140453136--TCTG"),
        ({"Reference_Allele": "GT", "Tumor_Seq_Allele1": "GT", "Tumor_Seq_Allele2": "-"}, "7-140453136-GT-"),
        ({"Tumor_Seq_Allele1": "T", "Tumor_Seq_Allele2": "A"}, "7-140453136-A-T"),
    ],
)
def test_the_allele_that_is_not_the_reference_is_the_tumour_s(tmp_path: Path, row: dict[str, str], key: str) -> None:
    [variant] = read_maf(written(tmp_path, row)).variants
    assert variant.place is not None
    assert variant.place.key == key


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"FILTER": "common_variant"}, "filters"),
        ({"Mutation_Status": "Germline"}, "somatic"),
        ({"Variant_Classification": "Wonderful"}, "Variant_Classification"),
        ({"Start_Position": "here"}, "Start_Position"),
        ({"Tumor_Seq_Allele2": "A"}, "bases"),
        ({"Hugo_Symbol": ""}, "Hugo_Symbol"),
    ],
)
def test_a_row_that_is_not_taken_is_counted(tmp_path: Path, row: dict[str, str], reason: str) -> None:
    read = read_maf(written(tmp_path, {}, row))
    assert len(read.variants) == 1
    [(told, count)] = read.left_out.items()
    assert count == 1
    assert reason in told


def test_only_the_sample_asked_for_is_read(tmp_path: Path) -> None:
    path = written(tmp_path, {}, {"Tumor_Sample_Barcode": "TCGA-ZZ-9"}, {"Tumor_Sample_Barcode": "TCGA-ZZ-9"})
    assert len(read_maf(path, "TCGA-ZZ-9").variants) == 2
    assert read_maf(path).samples == (BARCODE, "TCGA-ZZ-9")
    with pytest.raises(TumourError, match="no sample of this name; it has 2"):
        read_maf(path, "TCGA-ZZ")


def test_a_broken_gzip_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, *[{}] * 5000, name=f"{BARCODE}.maf.gz")
    for share in (2, 100):
        path.write_bytes(path.read_bytes()[: len(path.read_bytes()) // share])
        told = failure(path)
        assert "only a part of it" in told
        assert BARCODE not in told
    path.write_bytes(b"")
    assert "is empty" in failure(path)


def failure(path: Path, sample: str | None = None) -> str:
    with pytest.raises(TumourError) as raised:
        read_tumours(path, sample)
    return str(raised.value)


@pytest.mark.parametrize("column", NEEDED)
def test_a_missing_column_is_named(tmp_path: Path, column: str) -> None:
    path = written(tmp_path, {})
    path.write_text(path.read_text(encoding="utf-8").replace(column, "other", 1), encoding="utf-8")
    assert f"columns: {column}; expected" in failure(path)


def test_bad_files_are_named_without_a_patient_s_name(tmp_path: Path) -> None:
    """Neither the barcode nor the file's name, which may hold it, is in any message."""
    path = tmp_path / f"{BARCODE}.maf"
    good = written(tmp_path, {}).read_text(encoding="utf-8")
    header = good.splitlines()[1]
    texts = {
        "is empty": "",
        "HGVSp_Short": good.replace("HGVSp_Short", "nothing"),
        "mixes reference genomes": good + good.splitlines()[2].replace("GRCh37", "GRCh38") + "\n",
        "not the name of a known reference genome": good.replace("GRCh37", "mm10"),
        "no rows": f"{header}\n",
        "cells; expected": good.replace("\tp.V600E", ""),
        "missing among its": good.splitlines()[2] + "\n",
        "without a Tumor_Sample_Barcode": good.replace(BARCODE, ""),
        "stands there twice": good.replace("Entrez_Gene_Id", "NCBI_Build"),
        "not UTF-8": "\udcff",
        "tabs": header.replace("\t", ",") + "\n",
        "NUL": good.replace("V600E", "V600\0"),
    }
    for reason, text in texts.items():
        path.write_bytes(text.encode(errors="surrogateescape"))
        told = failure(path)
        assert reason in told
        assert BARCODE not in told
        assert "1234" not in told
