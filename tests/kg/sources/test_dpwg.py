"""DPWG: advice by its own pairs of functions, in plain text, under the phenotype or the part of one that it is for."""

import json
from pathlib import Path
from typing import Any

import pytest

from kg.graph import Graph
from kg.sources import dpwg
from tests.kg.files.test_documents import pack
from tests.kg.pharmacogenomics.made import build, edges, nodes, write_lists


def group(name: str, pairs: list[str], status: str | None = None, score: str | None = None) -> dict[str, Any]:
    return {
        "name": name,
        "strength": {"term": "N/A"},
        "rxChangeStatus": {"term": "Yes"},
        "genePhenotypes": [f"CYP2C9:{pair}" for pair in pairs],
        "metabolizerStatus": status and {"html": f"<p>{status}</p>\n"},
        "recommendation": {
            "html": "<p>Use 65% of the <em>standard</em> dose.</p>\n<ul>\n<li>INR &gt; 4: stop</li></ul>"
        },
        "implications": {"html": "<p>More bleeding.</p>\n"},
        "activityScore": score and {"html": f"<p>{score}</p>\n"},
    }


def guideline(drug: str, gene: str, alleles: dict[str, str], *groups: dict[str, Any]) -> bytes:
    listed = [{"_label": name, "function": {"term": function}} for name, function in alleles.items()]
    head = {
        "name": f"Annotation of DPWG Guideline for {drug} and {gene}",
        "url": "https://www.pharmgkb.org/guidelineAnnotation/PA166182842",
        "relatedChemicals": [{"id": "PA451906", "name": drug}],
        "relatedGenes": [{"id": "PA126", "symbol": gene}],
        "guidelineGenes": [{"alleles": listed}],
    }
    told = {"guideline": head, "annotationGroups": list(groups), "citations": [{"pmid": "21412232"}]}
    return json.dumps(told, indent=2).encode()


def write(folder: Path, **guidelines: bytes) -> None:
    write_lists(folder)
    (folder / dpwg.GUIDELINES.path).parent.mkdir(parents=True, exist_ok=True)
    pack(folder / dpwg.GUIDELINES.path, **guidelines)


ALLELES = {"*1": "Normal function (CYP2C9*1)", "*3": "Decreased function (CYP2C9*3)"}
PAIR = "Decreased function (CYP2C9*3)/Normal function (CYP2C9*1)"


def test_advice_is_for_pairs_of_dpwg_s_own_functions(tmp_path: Path) -> None:
    some = group("*1/*3", [PAIR], "Intermediate Metabolizer", "1")
    rest = group("IM", ["Normal function (CYP2C9*1)/Decreased function"], "Intermediate Metabolizer")
    write(tmp_path, x=guideline("warfarin", "CYP2C9", ALLELES, some, rest))
    graph, _ = build(dpwg, tmp_path)
    first, other = sorted(edges(graph, "phenotype_guides_drug"), key=lambda row: row["genotype_group"] or "~")
    assert {column: value for column, value in first.items() if value is not None} == {
        "subject": "PANAKEIA:CYP2C9_Intermediate_Metabolizer",
        "object": "DRUGBANK:DB00682",
        "source": "dpwg",
        "source_version": "2023-06-05-unverified",
        "licence": "CC-BY-SA-4.0",
        "knowledge_level": "knowledge_assertion",
        "agent_type": "manual_agent",
        "references": ["PMID:21412232"],
        "recommendation": "Use 65% of the standard dose.\n- INR > 4: stop",
        "therapy_changes": "Yes",
        "implications": "More bleeding.",
        "guideline": "Annotation of DPWG Guideline for warfarin and CYP2C9",
        "guideline_url": "https://www.pharmgkb.org/guidelineAnnotation/PA166182842",
        "genotype_group": "*1/*3",
        "function_pairs": [PAIR],
        "activity_score_low": 1.0,
        "activity_score_high": 1.0,
    }
    assert (other["genotype_group"], other["activity_score_low"]) == (None, None)
    assert other["function_pairs"] == ["Decreased function/Normal function (CYP2C9*1)"]
    functions = {row["subject"]: row["function"] for row in edges(graph, "haplotype_of_gene")}
    assert functions == {f"PANAKEIA:CYP2C9{name}": function for name, function in ALLELES.items()}


def test_an_allele_that_is_named_after_a_variant_has_it(tmp_path: Path) -> None:
    alleles = {"c.521 T": "Normal function", "c.521 C": "Decreased function"}
    write(tmp_path, x=guideline("simvastatin", "SLCO1B1", alleles, group("521 CC", ["Decreased function"])))
    graph, _ = build(dpwg, tmp_path)
    (edge,) = edges(graph, "haplotype_has_variant")
    assert (edge["subject"], edge["object"]) == ("PANAKEIA:SLCO1B1_c.521_C", "DBSNP:rs4149056")
    assert (edge["chromosome"], edge["position"], edge["reference"], edge["allele"]) == ("chr12", 21178615, "T", "C")
    defined = {row["subject"]: row["defined_by"] for row in edges(graph, "haplotype_of_gene")}
    assert defined == {"PANAKEIA:SLCO1B1_c.521_T": "reference", "PANAKEIA:SLCO1B1_c.521_C": "variants"}
    assert nodes(graph, "GenePhenotype")["PANAKEIA:SLCO1B1_521_CC"]["name"] == "SLCO1B1 521 CC"
    assert nodes(graph, "Drug")["PHARMGKB.DRUG:PA451906"]["name"] == "simvastatin"


def test_guidelines_of_one_gene_state_its_alleles_once(tmp_path: Path) -> None:
    normal = group("NM", ["Normal function (CYP2C9*1)/Normal function (CYP2C9*1)"], "Normal Metabolizer")
    write(
        tmp_path,
        x=guideline("warfarin", "CYP2C9", ALLELES, normal),
        y=guideline("clopidogrel", "CYP2C9", ALLELES, normal),
    )
    graph, audit = build(dpwg, tmp_path)
    assert graph.edge_counts() == {"haplotype_of_gene": 2, "phenotype_of_gene": 1, "phenotype_guides_drug": 2}
    assert [tally.merged for tally in audit.tallies] == [0] * len(audit.tallies)


@pytest.fixture(scope="module")
def whole(mirror: Path) -> Graph:
    graph, audit = build(dpwg, mirror)
    assert audit.rejected.num_rows == 0
    return graph


@pytest.mark.mirror
def test_the_mirror_s_counts(whole: Graph) -> None:
    # 55 guidelines with 224 groups, 165 alleles; counted in Python from the unpacked archive
    assert whole.edge_counts()["phenotype_guides_drug"] == 224
    assert whole.node_counts() == {"Gene": 14, "Variant": 2, "Haplotype": 165, "GenePhenotype": 46, "Drug": 49}
    assert {row["classification"] for row in edges(whole, "phenotype_guides_drug")} == {None}


@pytest.mark.mirror
def test_warfarin_s_advice_is_as_published(whole: Graph) -> None:
    groups = {
        row["genotype_group"] or row["subject"]: row["recommendation"]
        for row in edges(whole, "phenotype_guides_drug", object="DRUGBANK:DB00682")
    }
    assert len(groups) == 11
    assert groups["*1/*2"] == "NO action is required for this gene-drug interaction."
    assert groups["PANAKEIA:VKORC1_-1639_AA"].startswith("Use 60% of the standard initial dose.")
    assert "use 65% of the standard initial dose" in groups["*2/*2"]


@pytest.mark.mirror
def test_every_pair_of_functions_of_a_guideline_has_one_piece_of_advice(whole: Graph) -> None:
    seen: dict[tuple[str, str], str] = {}
    for row in edges(whole, "phenotype_guides_drug"):
        for pair in row["function_pairs"]:
            assert seen.setdefault((row["guideline"], pair), row["recommendation"]) == row["recommendation"]
