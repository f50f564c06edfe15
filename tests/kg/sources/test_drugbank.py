"""DrugBank: aspirin and warfarin as published, each number with its unit; counts are those of the raw files."""

import gzip
from pathlib import Path

import pandas as pd
import pytest

from kg.build import build_graph
from kg.curie import parse
from kg.fetch import Fetch
from kg.sources import drugbank
from tests.kg.sources.conftest import Build, lines, rejected

ASPIRIN, WARFARIN = "DRUGBANK:DB00945", "DRUGBANK:DB00682"

TEXTS = {
    drugbank.DRUGS: lines(
        "drugbank_id ¦ name ¦ type ¦ groups ¦ atc_codes ¦ categories ¦ inchikey ¦ inchi",
        "DB00682 ¦ Warfarin ¦ small molecule ¦ approved ¦ B01AA03 ¦ Anticoagulants ¦  ¦ ",
        "DB00945 ¦ Acetylsalicylic acid ¦ small molecule ¦ approved ¦ A01AD05|B01AC06|N02BA01 ¦ Salicylates ¦ "
        "InChIKey=BSYNRYMUTXBXSQ-UHFFFAOYSA-N ¦ InChI=1S/C9H8O4/c1-6(10)13-8-5-3-2-4-7(8)9(11)12/h2-5H,1H3,(H,11,12)",
        "DB00002 ¦ Cetuximab ¦ biotech ¦ approved|investigational ¦  ¦  ¦  ¦ ",
    ),
    drugbank.PROTEINS: lines(
        "drugbank_id ¦ category ¦ uniprot_id ¦ entrez_gene_id ¦ organism ¦ known_action ¦ actions ¦ pubmed_ids",
        "DB00945 ¦ target ¦ P23219 ¦ 5742 ¦ Human ¦ yes ¦ inhibitor ¦ 11752352|1",
        "DB00682 ¦ enzyme ¦ P11712 ¦ 1559 ¦ Human ¦ no ¦ substrate|inhibitor ¦ 2",
        "DB00682 ¦ target ¦ P11712 ¦ 1559 ¦ Human ¦ unknown ¦  ¦ ",
        "DB00682 ¦ enzyme ¦ P99999 ¦ 1559 ¦ Human ¦ no ¦ inducer ¦ 2|3",
        "DB00945 ¦ target ¦ P0A7J3 ¦ 948490 ¦ Escherichia coli ¦ yes ¦ inhibitor ¦ ",
    ),
    drugbank.HALF_LIFE: lines(
        "drugbank_id ¦ cal_logp ¦ cal_molecular_weight ¦ exp_molecular_weight ¦ exp_logp ¦ half_life",
        'DB00945 ¦ 1.43 ¦ 180.1574 ¦  ¦ 1.19 ¦ "15 minutes of aspirin;\r\n  2 hours of ""salicylate"""',
        "DB00682 ¦ 2.41 ¦ 308.3279 ¦  ¦  ¦ ",
        "DB00002 ¦  ¦  ¦ 18.8 kDa ¦  ¦ 114 hrs",
    ),
    drugbank.HALF_LIFE_H: lines("drugbank_id ¦ half_life_hours_curated", "DB00945 ¦ 0.25"),
    drugbank.CHEMBL: lines("drugbank_id ¦ chembl_id", "DB00945 ¦ CHEMBL25"),
    drugbank.PUBCHEM: lines("drugbank_id ¦ pubchem_id", "DB00945 ¦ 2244", "DB00682 ¦ 54678486"),
    drugbank.PHARMGKB: lines("drugbank_id ¦ pharmgkb_id", "DB00945 ¦ PA448497"),
}


def test_a_drug_has_structure_half_life_and_identifiers_elsewhere(build_from: Build) -> None:
    graph, audit = build_from(TEXTS, drugbank)
    assert not audit.rejected.num_rows
    drugs = {row["id"]: row for row in graph.nodes["Drug"].to_pylist()}
    aspirin = drugs[ASPIRIN]
    assert aspirin["name"] == "Acetylsalicylic acid"
    assert aspirin["inchikey"] == "BSYNRYMUTXBXSQ-UHFFFAOYSA-N"
    assert aspirin["atc_codes"] == ["A01AD05", "B01AC06", "N02BA01"]
    assert aspirin["half_life_h"] == 0.25
    assert aspirin["half_life_text"] == '15 minutes of aspirin; 2 hours of "salicylate"'
    assert aspirin["molecular_weight_g_per_mol"] == pytest.approx(180.16, abs=0.01)  # of C9H8O4
    assert aspirin["logp"] == 1.19  # measured, not the 1.43 that was computed
    assert set(aspirin["xrefs"]) == {"CHEMBL.COMPOUND:CHEMBL25", "PUBCHEM.COMPOUND:2244", "PHARMGKB.DRUG:PA448497"}
    assert [str(parse(xref)) for xref in aspirin["xrefs"]] == aspirin["xrefs"]
    assert drugs[WARFARIN]["logp"] == 2.41 and drugs[WARFARIN]["half_life_h"] is None
    cetuximab = drugs["DRUGBANK:DB00002"]
    assert cetuximab["groups"] == ["approved", "investigational"]
    assert cetuximab["molecular_weight_g_per_mol"] is None  # 18.8 kDa are no number of g/mol


def test_a_drug_binds_human_proteins_once_a_category(build_from: Build) -> None:
    graph, _ = build_from(TEXTS, drugbank)
    binds = [
        (row["subject"], row["object"], row["category"], row["action"], row["references"], row["licence"])
        for row in graph.edges["binds"].to_pylist()
    ]
    licence = "CC-BY-NC-4.0"
    assert sorted(binds, key=str) == [
        (WARFARIN, "NCBIGene:1559", "enzyme", "inducer|inhibitor|substrate", ["PMID:2", "PMID:3"], licence),
        (WARFARIN, "NCBIGene:1559", "target", None, [], licence),
        (ASPIRIN, "NCBIGene:5742", "target", "inhibitor", ["PMID:11752352", "PMID:1"], licence),
    ]
    genes = {row["id"]: row["xrefs"] for row in graph.nodes["Gene"].to_pylist()}
    assert genes["NCBIGene:1559"] == ["UniProtKB:P11712", "UniProtKB:P99999"]


def test_lines_that_are_none_are_rejected_with_their_number(build_from: Build) -> None:
    texts = TEXTS | {
        drugbank.DRUGS: TEXTS[drugbank.DRUGS] + "DB1\tToo short an identifier\t\t\t\t\t\t\n",
        drugbank.PROTEINS: TEXTS[drugbank.PROTEINS] + "cut off here\n",
    }
    _, audit = build_from(texts, drugbank)
    assert rejected(audit) == {
        (drugbank.DRUGS.name, 5, "malformed CURIE"),
        (drugbank.PROTEINS.name, 7, "malformed CURIE"),
    }


@pytest.mark.mirror
def test_the_mirror_s_counts(mirror: Path) -> None:
    graph, audit = build_graph([drugbank.read(Fetch(mirror, offline=True))])
    assert not audit.rejected.num_rows
    with gzip.open(mirror / drugbank.DRUGS.path) as file:
        assert graph.nodes["Drug"].num_rows == sum(1 for _ in file) - 1 == 7_759
    raw = pd.read_csv(mirror / drugbank.PROTEINS.path, sep="\t", dtype=str, keep_default_na=False)
    human = raw[raw["organism"] == "Human"]
    assert graph.edges["binds"].num_rows == human.groupby(["drugbank_id", "entrez_gene_id", "category"]).ngroups
    assert graph.edges["binds"].num_rows == 16_278
    assert list(audit.left_out.values()) == [len(raw) - len(human)]
    drugs = graph.nodes["Drug"].to_pandas().set_index("id")
    assert drugs["half_life_h"].notna().sum() == 1_023
    assert drugs["half_life_text"].notna().sum() == 1_319  # of 1,320, one is a space
    assert "PUBCHEM.COMPOUND:2244" in drugs.loc[ASPIRIN, "xrefs"]
    assert drugs["xrefs"].str.len().sum() == 11_947 + 204_709 + 815
