"""DrugCentral: targets with their action, classes of three vocabularies; what is no human gene is left out."""

from pathlib import Path

import pandas as pd
import pytest

from kg.build import build_graph
from kg.fetch import Fetch
from kg.sources import drugcentral, entrez
from tests.kg.sources.conftest import Build, lines, rejected

TEXTS = {
    drugcentral.TARGETS: lines(
        "GeneID ¦ drugbank_id ¦ drugbank_name ¦ pubmed_ids ¦ sources ¦ actions ¦ urls",
        "18 ¦ DB01080 ¦ Vigabatrin ¦ 7|8 ¦ DrugCentral (ChEMBL)|DrugCentral (label) ¦ inhibitor ¦ u",
        "944843 ¦ DB00207 ¦ Azithromycin ¦  ¦ DrugCentral (ChEMBL) ¦ inhibitor ¦ u",
    ),
    drugcentral.CLASSES: lines(
        "drugbank_id ¦ drugbank_name ¦ class_id ¦ class_name",
        "DB00014 ¦ Goserelin ¦ N0000175655 ¦ Gonadotropin Releasing Hormone Receptor Agonist",
        "DB00945 ¦ Acetylsalicylic acid ¦ D000894 ¦ Anti-Inflammatory Agents, Non-Steroidal",
        "DB00945 ¦ Acetylsalicylic acid ¦ CHEBI:35475 ¦ non-steroidal anti-inflammatory drug",
    ),
    entrez.GENES: lines("gene_id ¦ symbol ¦ gene_name ¦ gene_type", "18 ¦ ABAT ¦ x ¦ protein-coding"),
}


def test_targets_and_classes(build_from: Build) -> None:
    graph, audit = build_from(TEXTS, drugcentral)
    assert not audit.rejected.num_rows
    [binds] = graph.edges["binds"].to_pylist()
    assert (binds["subject"], binds["object"], binds["action"]) == ("DRUGBANK:DB01080", "NCBIGene:18", "inhibitor")
    assert binds["references"] == ["DrugCentral (ChEMBL)", "DrugCentral (label)", "PMID:7", "PMID:8"]
    assert graph.nodes["Gene"].select(["id", "name"]).to_pylist() == [{"id": "NCBIGene:18", "name": "ABAT"}]
    assert {row["subject"]: row["object"] for row in graph.edges["class_includes_drug"].to_pylist()} == {
        "NDFRT:N0000175655": "DRUGBANK:DB00014",
        "MESH:D000894": "DRUGBANK:DB00945",
        "CHEBI:35475": "DRUGBANK:DB00945",
    }


def test_a_class_that_no_vocabulary_has_is_rejected(build_from: Build) -> None:
    texts = {**TEXTS, drugcentral.CLASSES: TEXTS[drugcentral.CLASSES] + "DB00014\tGoserelin\tX12\tno class\nDB00015\n"}
    _, audit = build_from(texts, drugcentral)
    assert {(line, reason) for _, line, reason in rejected(audit)} == {(5, "malformed CURIE"), (6, "missing end")}


@pytest.mark.mirror
def test_the_mirror_s_counts(mirror: Path) -> None:
    graph, audit = build_graph([drugcentral.read(Fetch(mirror, offline=True))])
    assert not audit.rejected.num_rows
    raw = pd.read_csv(mirror / drugcentral.TARGETS.path, sep="\t", dtype=str)
    human = pd.read_csv(mirror / entrez.GENES.path, sep="\t", dtype=str)["gene_id"]
    assert graph.edges["binds"].num_rows == raw["GeneID"].isin(human).sum() == 2_155
    assert graph.edges["class_includes_drug"].num_rows == 10_959
    hetionet = pd.read_csv(mirror / "hetionet/hetionet-v1.0-edges.sif.gz", sep="\t", dtype=str)
    published = hetionet[hetionet["metaedge"] == "PCiC"]
    ours = set(zip(*graph.edges["class_includes_drug"].select(["subject", "object"]).to_pydict().values(), strict=True))
    classes = "NDFRT:" + published["source"].str.removeprefix("Pharmacologic Class::")
    assert set(zip(classes, "DRUGBANK:" + published["target"].str.removeprefix("Compound::"), strict=True)) <= ours
