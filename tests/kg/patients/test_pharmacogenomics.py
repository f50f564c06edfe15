"""Genotype calls: star alleles, bases on either strand, calls that contradict each other."""

import csv
import gzip
import json
from itertools import combinations_with_replacement
from pathlib import Path

import pytest

from kg.patients.pharmacogenomics import GenotypeError, call_genotype, call_variant, settle, variant_row
from kg.patients.terms.nodes import nodes
from kg.patients.terms.tables import rows as table

ALLELES = table("star_alleles.tsv")
OTHER_NAMES = {"rs3064744": "rs34983651"}
"""dbSNP merged these; PyPGx has the older identifier, PharmCAT the newer."""


@pytest.mark.parametrize(
    ("text", "gene", "genotype"),
    [
        ("CYP2C9 *1/*3", None, "*1/*3"),
        ("CYP2C9*3/CYP2C9*1", None, "*1/*3"),
        ("*3/*1", "CYP2C9", "*1/*3"),
        ("*3 | *1", "CYP2C9", "*1/*3"),
        ("CYP2C19 *17/*2", None, "*2/*17"),
        ("DPYD *1/*2A", "DPYD", "*1/*2A"),
        ("VKORC1 -1639 A/G", None, "GA"),
        ("-1639G>A GA", "VKORC1", "GA"),
        ("rs9923231 C/T", "VKORC1", "GA"),
        ("T/T", "VKORC1", "AA"),
        ("VKORC1 c.-1639G>A: GG", None, "GG"),
    ],
)
def test_a_genotype_has_one_form(text: str, gene: str | None, genotype: str) -> None:
    assert call_genotype(text, gene).genotype == genotype


@pytest.mark.parametrize(
    ("text", "gene"),
    [
        ("CYP2C9 *1/*99", None),
        ("CYP2C9 *1", None),
        ("CYP2C9 *1/*3", "VKORC1"),
        ("CYP2C9 *1/*3 VKORC1 GA", None),
        ("*1/*3", None),
        ("Quillfeather *1/*1", "CYP2C9"),
        ("*1/*3", "BRCA1"),
        ("G/T", "VKORC1"),
        ("-1639G>A", "VKORC1"),
    ],
)
def test_what_is_not_understood_is_refused_unquoted(text: str, gene: str | None) -> None:
    with pytest.raises(GenotypeError) as refused:
        call_genotype(text, gene)
    assert "Quillfeather" not in str(refused.value)
    assert "*99" not in str(refused.value)


def test_any_two_listed_alleles_make_one_genotype_in_either_order() -> None:
    for gene in {row["gene"] for row in ALLELES} - {"VKORC1"}:
        listed = {row["allele"]: row["variants"].split(";") for row in ALLELES if row["gene"] == gene}
        for a, b in combinations_with_replacement(listed, 2):
            call = call_genotype(f"{a}/{b}", gene)
            assert call == call_genotype(f"{gene} {b}/{a}")
            assert sum(call.copies.values()) == sum(variant != "" for allele in (a, b) for variant in listed[allele])
            assert set(call.copies.values()) <= {0, 1, 2}
            assert f"{a}/{b}" == call.genotype


@pytest.mark.parametrize(
    ("variant", "gene"),
    [("rs1799853", "CYP2C9"), ("rs1057910", "CYP2C9"), ("rs9923231", "VKORC1"), ("rs6025", "rs6025")],
)
def test_a_variant_is_called_of_its_gene(variant: str, gene: str) -> None:
    assert call_variant(variant, 2).gene == gene
    assert call_variant(variant, 2).copies == {variant: 2}


def test_a_variant_of_vkorc1_is_its_genotype() -> None:
    assert [call_variant("rs9923231", copies).genotype for copies in (0, 1, 2)] == ["GG", "GA", "AA"]
    assert call_variant("rs9923231", 1, "T") == call_variant("rs9923231", 1, "A")
    with pytest.raises(GenotypeError, match="plus strand"):
        call_variant("rs9923231", 1, "C")


def test_calls_that_agree_are_put_together() -> None:
    settled = settle([call_genotype("CYP2C9 *2/*3"), call_variant("rs1057910", 1), call_variant("rs6025", 2)])
    assert settled.genotypes == {"CYP2C9": "*2/*3"}
    assert settled.copies == {"rs1799853": 1, "rs1057910": 1, "rs6025": 2}
    assert not settled.contradicted


@pytest.mark.parametrize(
    "calls",
    [
        [call_genotype("CYP2C9 *1/*2"), call_genotype("CYP2C9 *1/*3")],
        [call_genotype("CYP2C9 *1/*1"), call_variant("rs1057910", 1)],
        [call_genotype("CYP2C9 *1/*3"), call_variant("rs1057910", 2)],
        [call_variant("rs1799853", 1), call_variant("rs1799853", 0)],
    ],
)
def test_calls_that_contradict_take_their_gene_out_and_no_other(calls: list) -> None:
    settled = settle([*calls, call_genotype("VKORC1 GA")])
    assert settled.contradicted == {"CYP2C9"}
    assert settled.genotypes == {"VKORC1": "GA"}
    assert settled.copies == {"rs9923231": 1}


def test_a_diplotype_bounds_variants_that_come_with_others() -> None:
    settled = settle([call_genotype("CYP2D6 *1/*10"), call_variant("rs1065852", 2)])
    assert settled.copies["rs1065852"] == 2
    assert not settled.contradicted


def test_a_variant_is_the_graph_s_own_where_it_has_one() -> None:
    own = {"kind": "Variant", "id": "DBSNP:rs1057910", "name": "our name", "gene": "NCBIGene:1559", "allele": "C"}
    assert variant_row("rs1057910", nodes([own])) == own
    assert variant_row("rs1057910", nodes([]))["gene"] == "NCBIGene:1559"
    assert variant_row("rs6025", nodes([]))["name"] == "rs6025"


@pytest.mark.mirror
def test_star_alleles_are_called_by_the_variants_that_pypgx_lists(mirror: Path) -> None:
    def rows(name: str) -> list[dict[str, str]]:
        with (mirror / "pgx" / "pypgx" / name).open(encoding="utf-8", newline="") as lines:
            return list(csv.DictReader(lines))

    rs_ids = {(row["Gene"], row["GRCh38Name"]): row["rsID"] for row in rows("variant-table.csv")}
    core = {}
    for row in rows("allele-table.csv"):
        # PyPGx names DPYD's alleles by their change, and the star in brackets.
        allele = row["StarAllele"].rpartition("(")[2].rstrip(")") if row["Gene"] == "DPYD" else row["StarAllele"]
        variants = {rs_ids.get((row["Gene"], name), name) for name in row["GRCh38Core"].split(",")} - {"N/A"}
        core[row["Gene"], {"Reference": "*1"}.get(allele, allele)] = variants
    compared = 0
    for row in ALLELES:
        if row["gene"] == "VKORC1":
            continue
        ours = {OTHER_NAMES.get(variant, variant) for variant in row["variants"].split(";") if variant}
        theirs = core[row["gene"], row["allele"]]
        if row["gene"] == "CYP2C19" and row["allele"] in ("*1", "*2"):
            # Since 2020 PharmVar's *1 differs from the reference, and *2 has a second, linked core variant.
            assert ours < theirs
        else:
            assert ours == theirs, row
        compared += 1
    assert compared > 60


@pytest.mark.mirror
def test_the_strands_of_vkorc1_are_those_of_pharmcat(mirror: Path) -> None:
    with gzip.open(mirror / "pgx" / "pharmcat" / "alleles" / "VKORC1_translation.json.gz") as stream:
        (variant,) = json.load(stream)["variants"]
    assert (variant["rsid"], variant["ref"], variant["alts"]) == ("rs9923231", "C", ["T"])
    plus = variant["ref"] + variant["alts"][0]
    own = plus.translate(str.maketrans("ACGT", "TGCA"))
    assert call_genotype(plus, "VKORC1") == call_genotype(own, "VKORC1") == call_variant(variant["rsid"], 1)


@pytest.mark.mirror
def test_genes_are_those_of_hetionet(mirror: Path) -> None:
    nodes = (mirror / "hetionet" / "hetionet-v1.0-nodes.tsv").read_text(encoding="utf-8").splitlines()
    names = {line.split("\t")[0]: line.split("\t")[1] for line in nodes}
    assert all(names[f"Gene::{row['ncbi_gene']}"] == row["gene"] for row in ALLELES)
