"""PharmCAT: each allele's alternates are exact, and the rule that stands for the diplotypes gives every one of them."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from kg.files.text import FileError
from kg.graph import Graph
from kg.pharmacogenomics.alleles import haplotype_id
from kg.sources import pharmcat
from tests.kg.pharmacogenomics.made import build, edges, nodes, write_lists


def site(rs: str | None, place: tuple[int, str, list[str]], hgvs: str, words: dict[str, str] | None = None) -> Any:
    position, reference, alternates = place
    return {
        "chromosome": "chr2",
        "position": position,
        "cpicPosition": position,
        "rsid": rs,
        "chromosomeHgvsName": hgvs,
        "cpicToVcfAlleleMap": words or {base: base for base in (reference, *alternates)},
        "ref": reference,
        "alts": alternates,
    }


def allele(name: str, *bases: str | None, structural: bool = False) -> Any:
    return {"name": name, "alleles": list(bases), "structuralVariant": structural}


REPEAT = {"TA(7)": "CAT", "TA(8)": "CATAT", "TA(6)": "C"}
SITES = [
    site(
        "rs3064744", (233760233, "CAT", ["C", "CATAT"]), "g.233760235TA[6]; g.233760235TA[7]; g.233760235TA[8]", REPEAT
    ),
    site("rs4148323", (233760498, "G", ["A"]), "g.233760498G>A"),
    site(None, (233760973, "C", ["A", "T"]), "g.233760973C>A; g.233760973C>T"),
]
ALLELES = [
    allele("*1", "CAT", "G", "C"),
    allele("*6", None, "A", None),
    allele("*28", "CATAT", "R", None),  # R: either base of rs4148323 is *28
    allele("*36", "C", None, None),
    allele("*27", None, None, "A"),
    allele("*5", None, None, None, structural=True),
    allele("*28.001", "CATAT", "A", None),
]
FUNCTIONS = {"*1": "Normal function", "*28": "Decreased function", "*36": "Increased function", "*99": "No function"}
MADE = {("*1", "*1"): "Normal Metabolizer", ("*1", "*28"): "Intermediate Metabolizer"}
MADE |= {("*28", "*28"): "Poor Metabolizer", ("*1", "*36"): "Normal Metabolizer"}


def definition(gene: str, sites: list[Any], alleles: list[Any], cores: dict[str, str]) -> dict[str, Any]:
    shared = {"gene": gene, "refSeqChromosomeId": "NC_000002.12", "variants": sites, "namedAlleles": alleles}
    return shared | {"hiddenCoreAlleles": [], "suballelesMap": cores}


def total(scores: list[str]) -> str:
    return "n/a" if "n/a" in scores else str(sum(map(float, scores)))


def phenotype(gene: str, made: dict[tuple[str, ...], str], scores: dict[str, str]) -> dict[str, Any]:
    return {
        "gene": gene,
        "diplotypes": [
            {
                "diplotype": "/".join(pair),
                "diplotypekey": {name: pair.count(name) for name in pair},
                "activityScore": total([scores[name] for name in pair]) if scores else None,
                "phenotype": result,
            }
            for pair, result in made.items()
        ],
        "namedAlleles": [
            {"name": name, "activityValue": scores.get(name), "functionValue": function}
            for name, function in FUNCTIONS.items()
        ],
    }


def write(folder: Path, scores: dict[str, str] | None = None, **changes: Any) -> None:
    """Write a file for each gene, all but UGT1A1's without a variant; `changes` replace parts of UGT1A1's."""
    genes = sorted({*pharmcat.DEFINED, *pharmcat.JUDGED})
    write_lists(folder, genes)
    files = {file: definition(gene, [], [allele("*1")], {}) for gene, file in pharmcat.DEFINITIONS.items()}
    files |= {file: phenotype(gene, {}, {}) | {"namedAlleles": []} for gene, file in pharmcat.PHENOTYPES.items()}
    ours = definition("UGT1A1", SITES, ALLELES, {"*28.001": "*28"})
    files[pharmcat.DEFINITIONS["UGT1A1"]] = ours | changes.get("definition", {})
    files[pharmcat.PHENOTYPES["UGT1A1"]] = phenotype("UGT1A1", MADE, scores or {}) | changes.get("phenotype", {})
    for file, content in files.items():
        (folder / file.path).parent.mkdir(parents=True, exist_ok=True)
        (folder / file.path).write_bytes(gzip.compress(json.dumps(content, indent=2).encode()))


def test_each_allele_has_its_own_alternate_of_a_site(tmp_path: Path) -> None:
    write(tmp_path)
    graph, audit = build(pharmcat, tmp_path)
    found = {
        (row["subject"], row["object"]): (row["position"], row["reference"], row["allele"], row["hgvs"])
        for row in edges(graph, "haplotype_has_variant")
    }
    assert found == {
        ("PANAKEIA:UGT1A1*6", "DBSNP:rs4148323"): (233760498, "G", "A", "NC_000002.12:g.233760498G>A"),
        ("PANAKEIA:UGT1A1*28", "DBSNP:rs3064744"): (233760233, "CAT", "CATAT", "NC_000002.12:g.233760235TA[8]"),
        ("PANAKEIA:UGT1A1*36", "DBSNP:rs3064744"): (233760233, "CAT", "C", "NC_000002.12:g.233760235TA[6]"),
        ("PANAKEIA:UGT1A1*27", "PANAKEIA:NC_000002.12-g.233760973C-A"): (
            233760973,
            "C",
            "A",
            "NC_000002.12:g.233760973C>A",
        ),
    }
    variants = nodes(graph, "Variant")
    assert {curie: (row["allele"], row["grch38"]) for curie, row in variants.items()} == {
        "DBSNP:rs3064744": (None, None),  # two alternates: the haplotypes say which
        "DBSNP:rs4148323": ("A", "2-233760498-G-A"),
        "PANAKEIA:NC_000002.12-g.233760973C-A": ("A", "2-233760973-C-A"),
        "PANAKEIA:NC_000002.12-g.233760973C-T": ("T", "2-233760973-C-T"),
    }
    assert {row["gene"] for row in variants.values()} == {"NCBIGene:54658"}
    assert len(edges(graph, "variant_in_gene", object="NCBIGene:54658")) == 4
    assert audit.left_out == {("pharmcat", pharmcat.SUBALLELE): 1}


def test_an_allele_says_its_function_and_what_makes_it(tmp_path: Path) -> None:
    write(tmp_path, scores={"*1": "1.0", "*28": "0.5", "*36": "n/a", "*99": "0.0"})
    graph, _ = build(pharmcat, tmp_path)
    found = {
        row["subject"].partition("*")[2]: (row["function"], row["activity_score"], row["defined_by"], row["references"])
        for row in edges(graph, "haplotype_of_gene", object="NCBIGene:54658")
    }
    assert found == {
        "1": ("Normal function", 1.0, "reference", ["CPIC"]),
        "6": (None, None, "variants", ["CPIC"]),
        "27": (None, None, "variants", ["CPIC"]),
        "28": ("Decreased function", 0.5, "variants", ["CPIC"]),
        "36": ("Increased function", None, "variants", ["CPIC"]),
        "5": (None, None, "structural", ["CPIC"]),
        "99": ("No function", 0.0, None, ["CPIC"]),
    }
    assert nodes(graph, "Haplotype")["PANAKEIA:UGT1A1*28"]["allele_name"] == "*28"


def test_diplotypes_become_the_rule_behind_them(tmp_path: Path) -> None:
    write(tmp_path, scores={"*1": "1.0", "*28": "0.5", "*36": "1.5"})
    graph, _ = build(pharmcat, tmp_path)
    found = {
        row["subject"]: (row["function_pairs"], row["activity_score_low"], row["activity_score_high"])
        for row in edges(graph, "phenotype_of_gene")
    }
    assert found == {
        "PANAKEIA:UGT1A1_Normal_Metabolizer": (
            ["Increased function/Normal function", "Normal function/Normal function"],
            2.0,
            2.5,
        ),
        "PANAKEIA:UGT1A1_Intermediate_Metabolizer": (["Decreased function/Normal function"], 1.5, 1.5),
        "PANAKEIA:UGT1A1_Poor_Metabolizer": (["Decreased function/Decreased function"], 1.0, 1.0),
    }
    assert nodes(graph, "GenePhenotype")["PANAKEIA:UGT1A1_Poor_Metabolizer"]["phenotype"] == "Poor Metabolizer"


def test_two_phenotypes_of_the_same_functions_are_refused(tmp_path: Path) -> None:
    twice = phenotype("UGT1A1", MADE | {("*36", "*1"): "Rapid Metabolizer"}, {})
    write(tmp_path, phenotype={"diplotypes": twice["diplotypes"]})
    with pytest.raises(FileError, match=r"UGT1A1\.json\.gz, line 40: Increased function/Normal function makes Rapid "):
        build(pharmcat, tmp_path)


def test_a_base_that_its_site_does_not_have_is_named(tmp_path: Path) -> None:
    write(tmp_path, definition={"namedAlleles": [allele("*6", None, "T", None)]})
    with pytest.raises(FileError, match=r"line 63: expected G or one of A at g\.233760498G>A, got 'T'"):
        build(pharmcat, tmp_path)


def test_a_part_that_is_missing_is_named(tmp_path: Path) -> None:
    write(tmp_path, definition={"namedAlleles": [{"name": "*1"}]})
    with pytest.raises(FileError, match=r"UGT1A1_translation\.json\.gz: expected 'alleles', which is not there"):
        build(pharmcat, tmp_path)


@pytest.fixture(scope="module")
def whole(mirror: Path) -> Graph:
    graph, audit = build(pharmcat, mirror)
    assert audit.rejected.num_rows == 0
    return graph


@pytest.mark.mirror
def test_the_mirror_s_counts(whole: Graph, mirror: Path) -> None:
    # counted with: zcat FILE | jq, per file
    assert whole.node_counts() == {"Gene": 21, "Variant": 1205, "Haplotype": 1347, "GenePhenotype": 66}
    assert whole.edge_counts() == {
        "variant_in_gene": 1205,
        "haplotype_of_gene": 1347,
        "haplotype_has_variant": 1877,
        "phenotype_of_gene": 66,
    }
    assert whole.sources[0].version == pharmcat.SOURCE.version
    alleles = {
        haplotype_id(gene, row["name"])
        for files in (pharmcat.DEFINITIONS, pharmcat.PHENOTYPES)
        for gene, file in files.items()
        for row in json.loads(gzip.decompress((mirror / file.path).read_bytes()))["namedAlleles"]
    }
    # no two names are spelt alike; the suballeles of SLCO1B1*45 are left out
    assert nodes(whole, "Haplotype").keys() == alleles - {"PANAKEIA:SLCO1B1*45.001", "PANAKEIA:SLCO1B1*45.002"}
    assert not [row for row in nodes(whole, "Haplotype").values() if row["synonyms"]]


@pytest.mark.mirror
@pytest.mark.parametrize(
    ("allele", "variant", "change", "function", "score"),
    [  # PharmVar and CPIC's allele functionality tables
        ("CYP2C9*2", "rs1799853", "chr10:94942290 C>T", "Decreased function", 0.5),
        ("CYP2C9*3", "rs1057910", "chr10:94981296 A>C", "No function", 0.0),
        ("CYP2C19*2", "rs4244285", "chr10:94781859 G>A", "No function", None),
        ("CYP2C19*17", "rs12248560", "chr10:94761900 C>T", "Increased function", None),
        ("UGT1A1*28", "rs3064744", "chr2:233760233 CAT>CATAT", "Decreased function", None),
        ("UGT1A1*36", "rs3064744", "chr2:233760233 CAT>C", "Increased function", None),
        ("SLCO1B1*5", "rs4149056", "chr12:21178615 T>C", "No function", None),
    ],
)
def test_known_alleles_are_as_published(
    whole: Graph, allele: str, variant: str, change: str, function: str, score: float | None
) -> None:
    subject = f"PANAKEIA:{allele}"
    (edge,) = edges(whole, "haplotype_has_variant", subject=subject, object=f"DBSNP:{variant}")
    assert "{chromosome}:{position} {reference}>{allele}".format(**edge) == change
    (judged,) = edges(whole, "haplotype_of_gene", subject=subject)
    assert (judged["function"], judged["activity_score"]) == (function, score)


@pytest.mark.mirror
def test_the_rule_gives_every_diplotype_of_the_files_its_phenotype_and_score(whole: Graph, mirror: Path) -> None:
    functions = {row["subject"]: row for row in edges(whole, "haplotype_of_gene")}
    symbols = {row["id"]: row["name"] for row in nodes(whole, "Gene").values()}
    phenotypes = nodes(whole, "GenePhenotype")
    rules = {
        (symbols[row["object"]], pair): (phenotypes[row["subject"]]["phenotype"], row)
        for row in edges(whole, "phenotype_of_gene")
        for pair in row["function_pairs"]
    }
    seen = 0
    for gene, file in pharmcat.PHENOTYPES.items():
        for row in json.loads(gzip.decompress((mirror / file.path).read_bytes()))["diplotypes"]:
            ours = [functions[haplotype_id(gene, name)] for name, n in row["diplotypekey"].items() for _ in range(n)]
            made, rule = rules[gene, "/".join(sorted(one["function"] for one in ours))]
            assert made == row["phenotype"]
            if row["activityScore"] not in (None, "n/a"):
                total = sum(one["activity_score"] for one in ours)
                assert total == float(row["activityScore"])
                assert rule["activity_score_low"] <= total <= rule["activity_score_high"]
            seen += 1
    assert seen == 17_066
