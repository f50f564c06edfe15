"""PharmGKB: an annotation is an edge for each allele and drug; what has no identifier is counted, not guessed."""

import csv
from pathlib import Path

import pytest

from kg.graph import Graph
from kg.sources import pharmgkb
from tests.kg.pharmacogenomics.made import build, edges, nodes, write_lists

HEADER = "\t".join(pharmgkb.COLUMNS)


def write(folder: Path, *lines: str) -> None:
    write_lists(folder, ["G6PD", "TNF", "LTA"])
    (folder / pharmgkb.ANNOTATIONS.path).parent.mkdir(parents=True, exist_ok=True)
    (folder / pharmgkb.ANNOTATIONS.path).write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")


def test_an_annotation_of_a_variant_says_level_category_score_and_in_whom(tmp_path: Path) -> None:
    write(tmp_path, "rs9923231\tVKORC1\t1A\t1221.75\tDosage\twarfarin;antipsychotics\tAtrial Fibrillation;Stroke")
    graph, audit = build(pharmgkb, tmp_path)
    (edge,) = edges(graph, "variant_affects_drug")
    assert {column: value for column, value in edge.items() if value is not None} == {
        "subject": "DBSNP:rs9923231",
        "object": "DRUGBANK:DB00682",
        "source": "pharmgkb",
        "source_version": "undated-unverified",
        "licence": "CC-BY-SA-4.0",
        "knowledge_level": "knowledge_assertion",
        "agent_type": "manual_agent",
        "references": ["PharmGKB"],
        "level": "1A",
        "category": "Dosage",
        "score": 1221.75,
        "condition": "Atrial Fibrillation;Stroke",
    }
    assert audit.left_out == {("pharmgkb", pharmgkb.UNIDENTIFIED): 1}
    assert nodes(graph, "Variant")["DBSNP:rs9923231"]["gene"] == "NCBIGene:79001"
    assert edges(graph, "variant_in_gene")[0]["object"] == "NCBIGene:79001"


def test_an_annotation_of_alleles_is_an_edge_for_each_and_each_drug(tmp_path: Path) -> None:
    write(tmp_path, '"CYP2C9*1, CYP2C9*2"\tCYP2C9\t1A\t-0.5\tToxicity\taspirin;warfarin\t')
    graph, _ = build(pharmgkb, tmp_path)
    assert {(row["subject"], row["object"]) for row in edges(graph, "haplotype_affects_drug", score=-0.5)} == {
        (f"PANAKEIA:CYP2C9{allele}", f"DRUGBANK:{drug}") for allele in ("*1", "*2") for drug in ("DB00945", "DB00682")
    }
    assert nodes(graph, "Drug")["DRUGBANK:DB00945"]["synonyms"] == ["aspirin"]
    assert {row["object"] for row in edges(graph, "haplotype_of_gene", function=None)} == {"NCBIGene:1559"}


def test_a_variant_of_two_genes_is_in_both_and_of_neither_alone(tmp_path: Path) -> None:
    write(tmp_path, "rs1\tLTA;TNF\t3\t1\tEfficacy\twarfarin\t", "rs2\t\t3\t\tEfficacy\twarfarin\t")
    graph, _ = build(pharmgkb, tmp_path)
    assert len(edges(graph, "variant_in_gene", subject="DBSNP:rs1")) == 2
    assert edges(graph, "variant_in_gene", subject="DBSNP:rs2") == []
    assert {row["gene"] for row in nodes(graph, "Variant").values()} == {None}


def test_two_annotations_of_a_pair_stay_apart_where_they_say_something_else(tmp_path: Path) -> None:
    line = "rs1\tLTA\t3\t{}\tEfficacy\twarfarin\t{}"
    write(tmp_path, line.format(1, "Stroke"), line.format(2, "Stroke"), line.format(1, "Pain"), line.format(1, "Pain"))
    graph, audit = build(pharmgkb, tmp_path)
    assert len(edges(graph, "variant_affects_drug")) == 3
    assert {tally.table: tally.merged for tally in audit.tallies}["variant_affects_drug"] == 1


def test_a_symbol_that_is_no_gene_s_is_rejected_with_its_line(tmp_path: Path) -> None:
    write(tmp_path, "rs1\tLTA\t3\t1\tEfficacy\twarfarin\t", "rs2\tNOGENE\t3\t1\tEfficacy\twarfarin\t")
    graph, audit = build(pharmgkb, tmp_path, reject=1.0)
    assert {(row["line"], row["reason"]) for row in audit.rejected.to_pylist()} == {(3, "malformed CURIE")}
    assert len(edges(graph, "variant_affects_drug")) == 2


@pytest.fixture(scope="module")
def whole(mirror: Path) -> Graph:
    graph, audit = build(pharmgkb, mirror)
    assert audit.rejected.num_rows == 0
    assert audit.left_out == {("pharmgkb", pharmgkb.UNIDENTIFIED): 1_116}
    return graph


@pytest.mark.mirror
def test_every_pair_of_the_mirror_is_an_edge_or_counted(whole: Graph, mirror: Path) -> None:
    pairs = levels = 0
    with (mirror / pharmgkb.ANNOTATIONS.path).open(newline="", encoding="utf-8") as stream:
        for row in csv.DictReader(stream, delimiter="\t"):
            symbols = [symbol for symbol in row["Gene"].split(";") if symbol]
            parts = row["Variant/Haplotypes"].split(", ")
            alleles = [part for part in parts if part.startswith((*symbols, "rs"))]
            pairs += len(alleles) * len(row["Drug(s)"].split(";"))
            levels += row["Level of Evidence"] == "1A"
    assert levels == 311
    both = len(edges(whole, "variant_affects_drug")) + len(edges(whole, "haplotype_affects_drug"))
    merged = 27  # of an allele, or of a variant, twice in the same words
    assert pairs == both + merged + 1_116


@pytest.mark.mirror
def test_well_known_pairs_are_of_the_highest_level(whole: Graph) -> None:
    for relation, subject, drug in (
        ("variant_affects_drug", "DBSNP:rs9923231", "DRUGBANK:DB00682"),
        ("haplotype_affects_drug", "PANAKEIA:CYP2C9*3", "DRUGBANK:DB00682"),
        ("haplotype_affects_drug", "PANAKEIA:CYP2C19*2", "DRUGBANK:DB00758"),
        ("haplotype_affects_drug", "PANAKEIA:HLA-B*57_01", "DRUGBANK:DB01048"),
    ):
        assert "1A" in {row["level"] for row in edges(whole, relation, subject=subject, object=drug)}
