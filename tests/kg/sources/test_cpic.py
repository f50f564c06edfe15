"""CPIC: each recommendation under the phenotype, the score, the population and the second gene that it is for."""

import json
from pathlib import Path
from typing import Any

import pytest

from kg.files.text import FileError
from kg.graph import Graph
from kg.sources import cpic
from tests.kg.files.test_documents import pack
from tests.kg.pharmacogenomics.made import build, edges, nodes, write_lists


def recommendation(text: str, population: str = "general", **phenotypes: tuple[str, str | None]) -> dict[str, Any]:
    """A recommendation for the phenotype of each gene, with the activity score where the gene has one."""
    return {
        "implications": {gene: f"What {gene} does." for gene in phenotypes},
        "drugrecommendation": text,
        "classification": "Strong",
        "phenotypes": {gene: name for gene, (name, _) in phenotypes.items()},
        "activityscore": {gene: score for gene, (_, score) in phenotypes.items() if score},
        "lookupkey": {gene: score or name for gene, (name, score) in phenotypes.items()},
        "comments": "n/a",
        "population": population,
    }


def guideline(drug: str, number: str, recommendations: list[dict[str, Any]] | None) -> bytes:
    told = {
        "drugid": f"RxNorm:{number}",
        "drugname": drug,
        "guidelinename": f"Genes and {drug}",
        "url": f"https://cpicpgx.org/{drug}/",
        "citations": [{"pmid": "21716271"}, {"pmid": "35034351"}],
        "recommendations": recommendations,
    }
    return json.dumps(told, indent=2).encode()


def write(folder: Path, **guidelines: bytes) -> None:
    write_lists(folder, ["HLA-B"])
    (folder / cpic.GUIDELINES.path).parent.mkdir(parents=True, exist_ok=True)
    pack(folder / cpic.GUIDELINES.path, **guidelines)


def test_a_recommendation_says_all_that_its_guideline_does(tmp_path: Path) -> None:
    avoid = recommendation("Avoid.", "CVI ACS PCI ", CYP2C19=("Poor Metabolizer", None))
    write(tmp_path, clopidogrel=guideline("clopidogrel", "32968", [avoid]))
    graph, _ = build(cpic, tmp_path)
    (edge,) = edges(graph, "phenotype_guides_drug")
    assert {column: value for column, value in edge.items() if value is not None} == {
        "subject": "PANAKEIA:CYP2C19_Poor_Metabolizer",
        "object": "DRUGBANK:DB00758",
        "source": "cpic",
        "source_version": "1.30.0-unverified",
        "licence": "CC0-1.0",
        "knowledge_level": "knowledge_assertion",
        "agent_type": "manual_agent",
        "references": ["PMID:21716271", "PMID:35034351"],
        "recommendation": "Avoid.",
        "classification": "Strong",
        "implications": "What CYP2C19 does.",
        "population": "CVI ACS PCI",
        "guideline": "Genes and clopidogrel",
        "guideline_url": "https://cpicpgx.org/clopidogrel/",
    }
    assert edges(graph, "phenotype_of_gene")[0]["object"] == "NCBIGene:1557"
    drug = nodes(graph, "Drug")["DRUGBANK:DB00758"]
    assert (drug["name"], drug["synonyms"], drug["xrefs"]) == ("Clopidogrel", [], ["RXNORM:32968"])


def test_two_genes_have_the_recommendation_each_with_the_other(tmp_path: Path) -> None:
    both = recommendation("Halve it.", CYP2C19=("Poor Metabolizer", None), CYP2D6=("Ultrarapid Metabolizer", "≥3.0"))
    lone = recommendation("Less.", CYP2C19=("No Result", None), CYP2D6=("Intermediate Metabolizer", "0.5"))
    write(tmp_path, amitriptyline=guideline("amitriptyline", "704", [both, lone]))
    graph, _ = build(cpic, tmp_path)
    columns = ("subject", "activity_score_low", "activity_score_high", "other_phenotype", "other_activity_score_low")
    found = [tuple(row[column] for column in columns) for row in edges(graph, "phenotype_guides_drug")]
    poor, ultra = "PANAKEIA:CYP2C19_Poor_Metabolizer", "PANAKEIA:CYP2D6_Ultrarapid_Metabolizer"
    none, half = "PANAKEIA:CYP2C19_No_Result", "PANAKEIA:CYP2D6_Intermediate_Metabolizer"
    assert sorted(found, key=str) == sorted(
        [
            (poor, None, None, ultra, 3.0),
            (ultra, 3.0, None, poor, None),
            (none, None, None, half, 0.5),
            (half, 0.5, 0.5, none, None),
        ],
        key=str,
    )
    once = [row for row in edges(graph, "phenotype_guides_drug") if row["subject"] < row["other_phenotype"]]
    assert sorted(row["recommendation"] for row in once) == ["Halve it.", "Less."]
    assert once[0]["implications"] == "CYP2C19: What CYP2C19 does. CYP2D6: What CYP2D6 does."


def test_an_allele_of_hla_that_is_there_is_a_phenotype(tmp_path: Path) -> None:
    status = recommendation("Never.") | {"lookupkey": {"HLA-B": "*57:01 positive"}, "implications": {"HLA-B": "n/a"}}
    write(tmp_path, abacavir=guideline("abacavir", "190521", [status]))
    graph, _ = build(cpic, tmp_path)
    (edge,) = edges(graph, "phenotype_guides_drug", object="RXNORM:190521")
    assert (edge["subject"], edge["implications"]) == ("PANAKEIA:HLA-B*57_01_positive", None)
    assert nodes(graph, "GenePhenotype")[edge["subject"]]["name"] == "HLA-B*57:01 positive"


def test_a_guideline_without_recommendations_gives_its_drug(tmp_path: Path) -> None:
    poor = recommendation("Avoid.", CYP2C19=("Poor Metabolizer", None))
    write(tmp_path, warfarin=guideline("warfarin", "11289", None), x=guideline("clopidogrel", "32968", [poor]))
    graph, _ = build(cpic, tmp_path)
    assert nodes(graph, "Drug")["DRUGBANK:DB00682"]["xrefs"] == ["RXNORM:11289"]


def test_a_recommendation_of_no_gene_is_named_with_its_line(tmp_path: Path) -> None:
    write(tmp_path, x=guideline("clopidogrel", "32968", [recommendation("Avoid.")]))
    with pytest.raises(FileError, match=r"guidelines_cpic\.tar\.gz/x\.json, line 17: expected the phenotype of one"):
        build(cpic, tmp_path)


@pytest.fixture(scope="module")
def whole(mirror: Path) -> Graph:
    graph, audit = build(cpic, mirror)
    assert audit.rejected.num_rows == 0
    return graph


@pytest.mark.mirror
def test_the_mirror_s_counts(whole: Graph) -> None:
    # 2,098 recommendations, 1,397 of them for two genes (counted in Python from the unpacked archive)
    assert whole.edge_counts() == {"phenotype_of_gene": 86, "phenotype_guides_drug": 701 + 2 * 1397}
    assert whole.node_counts()["Drug"] == 110
    once = [
        row
        for row in edges(whole, "phenotype_guides_drug")
        if row["other_phenotype"] is None or row["subject"] < row["other_phenotype"]
    ]
    assert len(once) == 2098


@pytest.mark.mirror
@pytest.mark.parametrize(
    ("drug", "phenotype", "population", "said"),
    [
        # Lee et al. 2022, Tables 2 and 3; Crews et al. 2021, Table 2; Martin et al. 2012; Cooper-DeHoff et al. 2022
        ("DRUGBANK:DB00758", "CYP2C19_Poor_Metabolizer", "CVI ACS PCI", "Avoid standard dose (75 mg/day) clopidogrel"),
        ("DRUGBANK:DB00758", "CYP2C19_Poor_Metabolizer", "NVI", "Avoid clopidogrel if possible"),
        ("DRUGBANK:DB00318", "CYP2D6_Poor_Metabolizer", "general", "Avoid codeine use"),
        ("RXNORM:190521", "HLA-B*57_01_positive", "general", "Abacavir is not recommended"),
        ("DRUGBANK:DB00641", "SLCO1B1_Poor_Function", "general", "Prescribe an alternative statin"),
    ],
)
def test_known_recommendations_are_as_published(
    whole: Graph, drug: str, phenotype: str, population: str, said: str
) -> None:
    drug = (
        drug
        if drug in nodes(whole, "Drug")
        else next(id_ for id_, row in nodes(whole, "Drug").items() if drug in row["xrefs"])
    )
    found = edges(whole, "phenotype_guides_drug", subject=f"PANAKEIA:{phenotype}", object=drug, population=population)
    assert len(found) == 1 and found[0]["recommendation"].startswith(said)


@pytest.mark.mirror
def test_warfarin_has_no_recommendation_of_cpic_s(whole: Graph) -> None:
    assert "DRUGBANK:DB00682" in nodes(whole, "Drug")
    assert edges(whole, "phenotype_guides_drug", object="DRUGBANK:DB00682") == []
