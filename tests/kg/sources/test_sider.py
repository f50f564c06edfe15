"""SIDER: frequencies as leaflets tell them, of the drug that a compound is; pairs are those that Hetionet has."""

from pathlib import Path

import pandas as pd
import pytest

from kg.build import build_graph
from kg.fetch import Fetch
from kg.files.text import FileError
from kg.sources import drugbank, hetionet, sider
from tests.kg.sources.conftest import Build, lines, rejected

CARNITINE = "CID100000085 ¦ CID000010917 ¦ C0000737 ¦ "
FREQUENCIES = (
    f"{CARNITINE} ¦ 21% ¦ 0.21 ¦ 0.21 ¦ LLT ¦ C0000737 ¦ Abdominal pain",
    f"{CARNITINE} ¦ 21% ¦ 0.21 ¦ 0.21 ¦ PT ¦ C0000737 ¦ Abdominal pain",
    f"{CARNITINE} ¦ 5% ¦ 0.05 ¦ 0.05 ¦ PT ¦ C0000737 ¦ Abdominal pain",
    f"{CARNITINE} ¦ postmarketing ¦ 0 ¦ 0.001 ¦ PT ¦ C0000737 ¦ Abdominal pain",
    f"{CARNITINE} placebo ¦ 17% ¦ 0.17 ¦ 0.17 ¦ PT ¦ C0000737 ¦ Abdominal pain",
    f"{CARNITINE} placebo ¦ 9% ¦ 0.09 ¦ 0.09 ¦ PT ¦ C0018681 ¦ Headache",
    "CID100006252 ¦ CID000006252 ¦ C0020517 ¦  ¦ postmarketing ¦ 0 ¦ 0.001 ¦ PT ¦ C0020517 ¦ Hypersensitivity",
)
TEXTS = {
    sider.FREQUENCIES: lines(*FREQUENCIES),
    drugbank.PUBCHEM: lines("drugbank_id ¦ pubchem_id", "DB00583 ¦ 10917", "DB02648 ¦ 10917"),
    drugbank.DRUGS: lines(
        "drugbank_id ¦ name ¦ groups", "DB00583 ¦ L-Carnitine ¦ approved", "DB02648 ¦ Its image ¦ experimental"
    ),
}


def test_an_edge_spans_what_leaflets_tell_of_drug_and_placebo(build_from: Build) -> None:
    graph, audit = build_from(TEXTS, sider)
    assert not audit.rejected.num_rows
    told = {row["subject"]: row for row in graph.edges["causes_side_effect"].to_pylist()}
    carnitine = told["DRUGBANK:DB00583"]
    assert (carnitine["frequency_low"], carnitine["frequency_high"]) == (0.05, 0.21)
    assert carnitine["frequency_text"] == "21%|5%|postmarketing"
    assert (carnitine["placebo_frequency_low"], carnitine["placebo_frequency_high"]) == (0.17, 0.17)
    assert carnitine["licence"] == "CC-BY-NC-SA-4.0"


def test_postmarketing_is_no_frequency(build_from: Build) -> None:
    graph, _ = build_from(TEXTS, sider)
    [row] = [row for row in graph.edges["causes_side_effect"].to_pylist() if row["object"] == "UMLS:C0020517"]
    assert (row["frequency_low"], row["frequency_high"]) == (None, None)
    assert row["frequency_text"] == "postmarketing"


def test_a_compound_is_the_approved_drug_or_a_drug_by_its_own_number(build_from: Build) -> None:
    graph, _ = build_from(TEXTS, sider)
    named = {row["id"]: row["name"] for row in graph.nodes["Drug"].to_pylist()}
    assert named == {"DRUGBANK:DB00583": "L-Carnitine", "PUBCHEM.COMPOUND:6252": "PUBCHEM.COMPOUND:6252"}


def test_of_drugs_alike_each_has_the_effect(build_from: Build) -> None:
    both = TEXTS[drugbank.DRUGS].replace("experimental", "approved|investigational")
    graph, _ = build_from(TEXTS | {drugbank.DRUGS: both}, sider)
    drugs = [row["subject"] for row in graph.edges["causes_side_effect"].to_pylist() if row["object"][-2:] == "37"]
    assert sorted(drugs) == ["DRUGBANK:DB00583", "DRUGBANK:DB02648"]


def test_an_effect_of_placebo_alone_is_no_side_effect(build_from: Build) -> None:
    graph, _ = build_from(TEXTS, sider)
    assert "UMLS:C0018681" not in graph.edges["causes_side_effect"]["object"].to_pylist()


def test_bad_lines(build_from: Build) -> None:
    _, audit = build_from(TEXTS | {sider.FREQUENCIES: TEXTS[sider.FREQUENCIES] + "cut off\n"}, sider)
    assert rejected(audit) == {(sider.FREQUENCIES.name, 8, "malformed CURIE")}
    wrong = TEXTS[sider.FREQUENCIES].replace("0.05\t0.05", "0.05\tfive")
    with pytest.raises(FileError, match="line 3: expected 0 to 1 as high, got 'five'"):
        build_from(TEXTS | {sider.FREQUENCIES: wrong}, sider)


@pytest.mark.mirror
def test_the_mirror_s_pairs_of_hetionet_s_drugs_are_hetionet_s(mirror: Path) -> None:
    graph, audit = build_graph([sider.read(Fetch(mirror, offline=True))])
    assert not audit.rejected.num_rows
    ours = graph.edges["causes_side_effect"].select(["subject", "object"]).to_pandas()
    assert len(ours) == 62_327
    by_number = ours["subject"].str.startswith("PUBCHEM.COMPOUND:")
    assert (by_number.sum(), ours.loc[by_number, "subject"].nunique()) == (8_629, 218)
    nodes = pd.read_csv(mirror / hetionet.NODES.path, sep="\t", dtype=str)
    edges = pd.read_csv(mirror / hetionet.EDGES.path, sep="\t", dtype=str)
    theirs = edges[edges["metaedge"] == "CcSE"]
    pairs = set(zip(theirs["source"].map(hetionet.to_curie), theirs["target"].map(hetionet.to_curie), strict=True))
    known = ours[ours["subject"].isin(nodes["id"].map(hetionet.to_curie))]
    assert len(known) == 53_157
    assert set(known.itertuples(index=False, name=None)) <= pairs
