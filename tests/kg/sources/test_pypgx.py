"""PyPGx: what PharmCAT lacks and no more, scores in CPIC's ranges, and every gene-drug pair of CPIC's."""

import csv
from pathlib import Path

import pytest

from kg.files.text import FileError
from kg.graph import Graph
from kg.pharmacogenomics.alleles import function_words, haplotype_id
from kg.sources import pypgx
from tests.kg.pharmacogenomics.made import build, edges, nodes, write_lists

TABLES = {
    pypgx.ALLELES: [
        "Gene,StarAllele,ActivityScore,Function,GRCh38Core,SV",
        "CYP2D6,*1,1,Normal Function,N/A,FALSE",
        'CYP2D6,*10,0.25,Decreased Function,"22-42126611-C-G,22-42130692-G-A",FALSE',
        "CYP2D6,*5,0,No Function,N/A,TRUE",
        "CYP2C9,*2,0.5,Decreased Function,10-94942290-C-T,FALSE",
        "CYP2A6,*1,N/A,Normal Function,N/A,FALSE",
        "CYP2A6,*2,N/A,No Function,19-40848628-A-T,FALSE",
        "CYP2A6,*9,N/A,Decreased Function,19-40850474-A-C,FALSE",
        "G6PD,B (reference),N/A,Class IV (Normal),N/A,FALSE",
        "G6PD,MALE,N/A,Sex Chromosome,N/A,TRUE",
        "G6PD,Cairo,N/A,Unknown Function,X-1-A-T,FALSE",
        "IFNL3,Reference,N/A,Normal Function,N/A,FALSE",
    ],
    pypgx.VARIANTS: ["Gene,GRCh38Name,rsID", "CYP2A6,19-40848628-A-T,rs1801272", "CYP2A6,19-40850474-A-C,N/A"],
    pypgx.DEFAULTS: ["Gene,GRCh38Default", "CYP2D6,*1", "CYP2A6,*1", "G6PD,B (reference)"],
    pypgx.DIPLOTYPES: [
        "Gene,Diplotype,Phenotype",
        "G6PD,B (reference)/B (reference),G6PD Normal",
        "G6PD,B (reference)/MALE,G6PD Normal",
        "G6PD,B (reference)/Cairo,G6PD Variable",
        "TPMT,*1/*1,Normal Metabolizer",
        "IFNL3,Reference/Reference,Favorable Response",
    ],
    pypgx.EQUATIONS: [
        "Gene,Phenotype,Equation",
        "CYP2D6,Intermediate Metabolizer,0.25 <= score < 1.25",
        "CYP2D6,Ultrarapid Metabolizer,2.5 <= score",
        "CYP2C9,Normal Metabolizer,2 == score",
    ],
    pypgx.RECOMMENDATIONS: [
        "Drug,Gene1,Phenotype1,Recommendation",
        "clopidogrel,CYP2C19,Poor Metabolizer,Avoid.",
        "peginterferon alfa-2a,IFNL3,Favorable Response,Likely.",
        "peginterferon alfa-2a,IFNL3,Indeterminate,None",
    ],
    pypgx.PAIRS: [
        "Gene,Drug,RxNorm,Guideline,CPICLevel,CPICLevelStatus,PharmGKBLevel,FDALabel,PMID",
        "IFNL3,peginterferon alfa-2a,120608,https://cpicpgx.org/ifnl3/,A,Final,1A,,24096968",
        "CYP2C19,clopidogrel,32968,https://cpicpgx.org/x/,A,Final,1A,Actionable PGx,21716271;35034351",
        "CYP2D6,bucindolol,,,B/C,Provisional,3,,",
    ],
}


def write(folder: Path, **changes: list[str]) -> None:
    """Write the tables; `changes` add lines to one, by its name."""
    write_lists(folder, ["CYP2A6", "G6PD", "IFNL3"])
    for file, lines in TABLES.items():
        (folder / file.path).parent.mkdir(parents=True, exist_ok=True)
        more = changes.get(file.name.partition("-")[0], [])
        (folder / file.path).write_text("\n".join([*lines, *more]) + "\n", encoding="utf-8")


@pytest.fixture(autouse=True)
def any_table_is_good(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let hand-made tables pass, which have not the published sums."""
    if "mirror" not in request.keywords:
        monkeypatch.setattr("kg.fetch._sha256", lambda path: SUMS.get(path.name, "0" * 64))


SUMS = {file.name: file.sha256 for file in TABLES if file.sha256}


def test_an_allele_that_pharmcat_lacks_has_its_variants_and_function(tmp_path: Path) -> None:
    write(tmp_path)
    graph, audit = build(pypgx, tmp_path, reject=1.0)
    found = {(row["subject"], row["object"]): row for row in edges(graph, "haplotype_has_variant")}
    assert found.keys() == {  # not CYP2D6's nor G6PD's, which PharmCAT defines
        ("PANAKEIA:CYP2A6*2", "DBSNP:rs1801272"),
        ("PANAKEIA:CYP2A6*9", "PANAKEIA:GRCh38_chr19_40850474_A_C"),
    }
    edge = found["PANAKEIA:CYP2A6*2", "DBSNP:rs1801272"]
    assert (edge["chromosome"], edge["position"], edge["reference"], edge["allele"]) == ("chr19", 40848628, "A", "T")
    told = {
        row["subject"].removeprefix("PANAKEIA:"): (row["function"], row["activity_score"], row["defined_by"])
        for row in edges(graph, "haplotype_of_gene")
    }
    assert told == {
        "CYP2D6*1": ("Normal function", 1.0, "reference"),
        "CYP2D6*10": ("Decreased function", 0.25, "variants"),
        "CYP2D6*5": ("No function", 0.0, "structural"),
        "CYP2A6*1": ("Normal function", None, "reference"),
        "CYP2A6*2": ("No function", None, "variants"),
        "CYP2A6*9": ("Decreased function", None, "variants"),
        "G6PD_B_reference": ("Class IV (Normal)", None, "reference"),
        "G6PD_Cairo": ("Unknown function", None, "variants"),
        "IFNL3_Reference": ("Normal function", None, None),
    }
    assert {why: rows for (_, why), rows in audit.left_out.items()} == {
        "allele of a gene that PharmCAT has whole": 1,
        "diplotype of a gene that PharmCAT or DPWG has": 1,
        "diplotype of an allele whose function the tables do not agree on": 1,
        "recommendation that CPIC's or DPWG's own files have": 1,
        "phenotype without a recommendation": 1,
    }


def test_phenotypes_come_from_functions_or_from_the_score(tmp_path: Path) -> None:
    write(tmp_path)
    graph, _ = build(pypgx, tmp_path, reject=1.0)
    found = {
        row["subject"].removeprefix("PANAKEIA:"): (
            row["function_pairs"],
            row["activity_score_low"],
            row["activity_score_high"],
        )
        for row in edges(graph, "phenotype_of_gene", licence="CC0-1.0")
    }
    assert found == {
        "G6PD_Normal": (["Class IV (Normal)", "Class IV (Normal)/Class IV (Normal)"], None, None),
        "IFNL3_Favorable_Response": (["Normal function/Normal function"], None, None),
        "CYP2D6_Intermediate_Metabolizer": (None, 0.25, 1.0),
        "CYP2D6_Ultrarapid_Metabolizer": (None, 2.5, None),
    }


def test_a_pair_says_its_levels_and_a_drug_without_an_identifier_is_rejected(tmp_path: Path) -> None:
    write(tmp_path)
    graph, audit = build(pypgx, tmp_path, reject=1.0)
    (edge,) = edges(graph, "gene_affects_drug", subject="NCBIGene:1557", object="DRUGBANK:DB00758")
    assert (edge["cpic_level"], edge["cpic_status"], edge["pharmgkb_level"]) == ("A", "Final", "1A")
    assert (edge["fda_label"], edge["references"]) == ("Actionable PGx", ["PMID:21716271", "PMID:35034351"])
    assert edge["licence"] == "CC0-1.0"
    assert {(row["line"], row["reason"]) for row in audit.rejected.to_pylist()} == {(4, "malformed CURIE")}
    (advice,) = edges(graph, "phenotype_guides_drug")
    assert (advice["subject"], advice["object"]) == ("PANAKEIA:IFNL3_Favorable_Response", "RXNORM:120608")
    assert (advice["guideline_url"], advice["references"]) == ("https://cpicpgx.org/ifnl3/", ["PMID:24096968"])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"diplotype": ["G6PD,B (reference)/B (reference),G6PD Deficient"]},
            r"diplotype-table\.csv, line 7: .* makes Deficient here and Normal above",
        ),
        ({"diplotype": ["G6PD,B/B,G6PD Normal"]}, r"line 7: expected alleles that allele-table\.csv lists, got .*'B'"),
        ({"equation": ["CYP2D6,x,score > 2"]}, r"equation-table\.csv, line 5: expected an equation .* got 'score > 2'"),
    ],
)
def test_a_rule_that_is_not_understood_is_named(tmp_path: Path, changes: dict[str, list[str]], said: str) -> None:
    write(tmp_path, **changes)
    with pytest.raises(FileError, match=said):
        build(pypgx, tmp_path, reject=1.0)


@pytest.fixture(scope="module")
def whole(mirror: Path) -> Graph:
    graph, audit = build(pypgx, mirror, reject=0.01)
    assert {row["text"].rpartition("\t")[2] for row in audit.rejected.to_pylist()} == {"ataluren", "bucindolol"}
    return graph


def named(gene: str, allele: str) -> str:
    """Return an allele's CURIE, by the definitions' name where that is another."""
    return haplotype_id(gene, pypgx.RENAMED.get((gene, allele), allele))


@pytest.mark.mirror
def test_the_mirror_s_counts(whole: Graph) -> None:
    counts = whole.edge_counts()
    assert counts["gene_affects_drug"] == 518 - 2
    assert counts["phenotype_guides_drug"] == 6
    assert whole.sources[0].version == "0.27.0"  # the tables have the published sums
    assert edges(whole, "haplotype_of_gene", subject="PANAKEIA:CYP2D6*10")[0]["activity_score"] == 0.25
    assert not [row for row in nodes(whole, "Haplotype").values() if row["synonyms"]]  # no two are spelt alike


@pytest.mark.mirror
def test_the_rule_gives_every_tabulated_diplotype_its_phenotype(whole: Graph, mirror: Path) -> None:
    functions = {row["subject"]: row["function"] for row in edges(whole, "haplotype_of_gene")}
    rules = {
        (row["object"], pair): row["subject"]
        for row in edges(whole, "phenotype_of_gene")
        for pair in row["function_pairs"] or ()
    }
    genes = {row["id"]: row["gene"] for row in nodes(whole, "Haplotype").values()}
    seen = apart = 0
    with (mirror / pypgx.DIPLOTYPES.path).open(newline="") as stream:
        for row in csv.DictReader(stream):
            if row["Gene"] not in pypgx.TABULATED:
                continue
            both = [named(row["Gene"], name) for name in row["Diplotype"].split("/") if name != "MALE"]
            made = rules[genes[both[0]], "/".join(sorted(functions[one] for one in both))]
            told = haplotype_id(row["Gene"], row["Phenotype"].removeprefix("G6PD "))
            seen += 1
            apart += made != told
    # G6PD's Cairo and No name are of unknown function in the table of alleles, and not in that of diplotypes
    assert (seen, apart) == (17_765 + 10 + 1_225, 363)


@pytest.mark.mirror
def test_functions_are_those_of_the_table(whole: Graph, mirror: Path) -> None:
    with (mirror / pypgx.ALLELES.path).open(newline="") as stream:
        told = {
            named(row["Gene"], row["StarAllele"]): function_words(row["Function"])
            for row in csv.DictReader(stream)
            if row["Gene"] not in pypgx.FUNCTIONS_ELSEWHERE and row["StarAllele"] != "MALE"
        }
    assert {row["subject"]: row["function"] for row in edges(whole, "haplotype_of_gene")} == told
