"""PharmCAT's own files: its example reports cell for cell, and the 74 VCFs named after diplotypes, each explained."""

import csv
from pathlib import Path

import pytest

from kg.pharmacogenomics.calls import Caller, call_vcf
from kg.pharmacogenomics.outside import OutsideCall

pytestmark = pytest.mark.mirror

LINES = (Path(__file__).parent / "named_vcfs.tsv").read_text(encoding="utf-8").splitlines()
NAMED = list(csv.DictReader(LINES, delimiter="\t"))
VCFS = "pgx/pharmcat/vcf"


@pytest.mark.parametrize("example", ["pharmcat.example", "pharmcat.example2"])
def test_the_example_reports_agree_cell_for_cell(example: str, mirror: Path, caller: Caller) -> None:
    lines = (mirror / VCFS / f"{example}.report.tsv").read_text(encoding="utf-8").splitlines()[1:]
    rows = {row["Gene"]: row for row in csv.DictReader(lines, delimiter="\t")}
    outside = {
        gene: OutsideCall(gene, (tuple(row["Source Diplotype"].split("/")),), None, None)
        for gene, row in rows.items()
        if row["Outside Call"] == "yes"
    }
    (found,) = call_vcf(mirror / VCFS / f"{example}.vcf", caller, outside=outside).values()
    told = {
        gene: ("/".join(result.diplotypes), result.phenotype or "", result.activity_score, result.score)
        for gene, result in found.items()
        if gene in rows
    }
    assert told == {
        gene: (
            row["Source Diplotype"],
            row["Phenotype"].strip(),
            float(row["Activity Score"]) if row["Activity Score"].strip() else None,
            int(row["Match Score"]),
        )
        for gene, row in rows.items()
    }
    assert len(told) in (19, 20)


@pytest.mark.parametrize("case", NAMED, ids=lambda case: case["file"])
def test_a_named_vcf_is_what_its_name_says_or_why_not(case: dict[str, str], named_vcfs: Path, caller: Caller) -> None:
    samples = call_vcf(named_vcfs / f"{case['file']}.vcf", caller)
    first = next(iter(samples.values()))
    assert " OR ".join(first[case["gene"]].diplotypes) == case["called"]
    if not case["called"]:
        assert first[case["gene"]].notes[0].startswith("not called: ")


def test_every_named_vcf_is_looked_at(named_vcfs: Path) -> None:
    there = {path.relative_to(named_vcfs).with_suffix("").as_posix() for path in named_vcfs.rglob("*.vcf")}
    assert there == {case["file"] for case in NAMED}
    assert len(there) == 74


def test_a_gene_without_a_genotype_is_not_called(mirror: Path, caller: Caller) -> None:
    samples = call_vcf(mirror / VCFS / "100samples.vcf.bgz", caller)
    assert len(samples) == 100
    for found in samples.values():
        assert not found["NAT2"].called  # none of its positions is in the file
        assert len(found["NAT2"].missing_positions) == 47
        assert found["CYP2D6"].notes[0].startswith("not from a VCF")
        for gene, definition in caller.definitions.items():
            known = len(definition.sites) - len(found[gene].missing_positions)
            assert known or not found[gene].called
