"""Alterations: what each name of CIViC stands for; what no small variant shows is never taken for one."""

import csv
import gzip
import re
from collections import Counter
from pathlib import Path

import pytest

from kg.oncology.alteration import alteration
from kg.sources.civic import EVIDENCE


@pytest.mark.parametrize(
    ("symbol", "name", "kind", "of"),
    [
        ("BRAF", "V600E", "change", ""),
        ("JAK2", "JAK2 F694L", "change", ""),
        ("FLT3", "D835H/Y", "change", ""),
        ("EGFR", "E746_A750del", "change", ""),
        ("NPM1", "W288FS", "change", ""),
        ("ERBB2", "P780INS", "change", ""),
        ("VHL", "R60FS (c.179delG)", "change", ""),
        ("CHEK2", "R474C c.1420C>T", "change", ""),
        ("BRAF", "V600", "codon", ""),
        ("KRAS", "G12/G13", "codon", ""),
        ("NPM1", "EXON 12 MUTATION", "exon", "mutation"),
        ("STK11", "EXON 1-2 MUTATION", "exon", "mutation"),
        ("EGFR", "EXON 19 DELETION", "exon", "deletion"),
        ("EGFR", "EXON 20 INSERTION", "exon", "insertion"),
        ("CALR", "EXON 9 FRAMESHIFT", "exon", "frameshift"),
        ("MET", "EXON 14 SKIPPING MUTATION", "exon", "skipping"),
        ("TP53", "DNA BINDING DOMAIN MUTATION", "region", "domain"),
        ("FLT3", "TKD MUTATION", "region", "domain"),
        ("TERT", "PROMOTER MUTATION", "region", "noncoding"),
        ("CEBPA", "N-TERMINAL FRAME SHIFT", "region", "frameshift"),
        ("FLT3", "ITD", "duplication", ""),
        ("FLT3", "FLT3-ITD", "duplication", ""),
        ("KIT", "INTERNAL DUPLICATION", "duplication", ""),
        ("KRAS", "Mutation", "gene", "mutation"),
        ("NT5C2", "NT5C2 MUTATION", "gene", "mutation"),
        ("FGFR2", "FGFR2 mutations", "gene", "mutation"),
        ("BRCA2", "TRUNCATING MUTATION", "gene", "truncation"),
        ("TSC1", "FRAMESHIFT TRUNCATION", "gene", "frameshift"),
        ("ARID1A", "LOSS-OF-FUNCTION", "gene", "loss of function"),
        ("BRAF", "Non-V600", "gene", "other codons"),
        ("MLH1", "c.790+1G>A", "place", ""),
        ("CHEK2", "1100DELC", "place", ""),
        ("JAK2", "F547 SPLICE SITE MUTATION", "place", ""),
        ("KRAS", "RS61764370", "place", ""),
        ("ABL1", "BCR-ABL T315I", "unseen", "a fusion"),
        ("ALK", "ALK FUSION G1202R", "unseen", "a fusion"),
        ("ALK", "ALK FUSIONS", "unseen", "a fusion"),
        ("PML", "PML-RARA A216V", "unseen", "a fusion"),
        ("NTRK1", "NTRK1-GON4L", "unseen", "a fusion"),
        ("ROS1", "REARRANGEMENT", "unseen", "a fusion"),
        ("ERBB2", "AMPLIFICATION", "unseen", "copy number"),
        ("PTEN", "LOSS", "unseen", "copy number"),
        ("EGFR", "EXON 4 DELETION", "unseen", "copy number"),
        ("CD274", "EXPRESSION", "unseen", "expression"),
        ("RET", "Overexpression", "unseen", "expression"),
        ("RB1", "PHOSPHORYLATION", "unseen", "expression"),
        ("MGMT", "PROMOTER METHYLATION", "unseen", "methylation"),
        ("KIT", "WILDTYPE", "unseen", "the wild type"),
        ("TP53", "WILD TYPE", "unseen", "the wild type"),
        ("BRAF", "V600E and AMPLIFICATION", "unseen", "several changes at once"),
        ("BRAF", "V600E and V600M", "unseen", "several changes at once"),
        ("EGFR", "Ex19 del L858R", "unseen", "several changes at once"),
        ("CEBPA", "BIALLELIC INACTIVATION", "unseen", "several changes at once"),
        ("CTNNB1", "Activating Mutation", "unseen", "what the name leaves open"),
    ],
)
def test_a_name_stands_for(symbol: str, name: str, kind: str, of: str) -> None:
    gene = {"EGFR": "NCBIGene:1956"}.get(symbol, "NCBIGene:0")
    found = alteration(gene, symbol, name)
    assert (found.kind, found.of) == (kind, of)


def test_a_name_may_list_several_changes_and_codons() -> None:
    assert [one.new for one in alteration("NCBIGene:2322", "FLT3", "D835H/Y").changes] == ["H", "Y"]
    assert [tuple(one) for one in alteration("NCBIGene:3845", "KRAS", "G12/G13").codons] == [("G", 12), ("G", 13)]


@pytest.mark.mirror
def test_every_name_of_the_release_stands_for_what_its_words_say(mirror: Path) -> None:
    with gzip.open(mirror / EVIDENCE.path, "rt", encoding="utf-8", newline="") as stream:
        items = {row["variant_id"]: row for row in csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)}
    found = {
        row["variant_id"]: (row, alteration(f"NCBIGene:{row['entrez_id']}", row["gene"], row["variant"]))
        for row in items.values()
    }
    words = re.compile("expression|amplif|fusion|wild|methyl|rearrang|copy num", re.IGNORECASE)
    for row, stands in found.values():
        if words.search(row["variant"]):
            assert stands.kind == "unseen", row["variant"]
        if re.fullmatch("[A-Z][0-9]+[A-Z*]", row["variant"]) and row["variant"][0] != row["variant"][-1]:
            assert stands.kind == "change", row["variant"]
        if re.fullmatch("[A-Z][0-9]+", row["variant"]):
            assert stands.kind == "codon", row["variant"]
    kinds = Counter(stands.kind for _, stands in found.values())
    assert sum(kinds.values()) == 1_467
    assert kinds["place"] < 60  # known by its bases alone: most are inherited variants of VHL and dbSNP's numbers
