"""MEDLINE: significant pairs of diseases, once each, with the statistics; the pairs are Hetionet's."""

from pathlib import Path

import pandas as pd
import pytest

from kg.build import build_graph
from kg.fetch import Fetch
from kg.files.text import FileError
from kg.sources import hetionet, medline
from tests.kg.sources.conftest import Build, lines, rejected

HEADER = (
    "doid_code_0 ¦ doid_name_0 ¦ doid_code_1 ¦ doid_name_1 ¦ "
    "cooccurrence ¦ expected ¦ enrichment ¦ odds_ratio ¦ p_fisher"
)
ALZHEIMER, PARKINSON, GOUT = "DOID:10652 ¦ Alzheimer's disease", "DOID:14330 ¦ Parkinson's disease", "DOID:13189 ¦ gout"
STATISTICS = "2760 ¦ 827.0981517715184 ¦ 3.336967921024246 ¦ 3.5773977199342077 ¦ 0.0"
TEXTS = {
    medline.PAIRS: lines(
        HEADER,
        f"{ALZHEIMER} ¦ {PARKINSON} ¦ {STATISTICS}",
        f"{PARKINSON} ¦ {ALZHEIMER} ¦ {STATISTICS}",
        f"{ALZHEIMER} ¦ {GOUT} ¦ 3 ¦ 5.1 ¦ 0.6 ¦ 0.6 ¦ 0.005",
        f"{GOUT} ¦ {PARKINSON} ¦ 7 ¦ 1.5 ¦ 4.7 ¦ inf ¦ 1e-9",
    )
}


def test_significant_pairs_come_once_with_their_statistics(build_from: Build) -> None:
    graph, audit = build_from(TEXTS, medline)
    assert not audit.rejected.num_rows
    told = {(row["subject"], row["object"]): row for row in graph.edges["disease_resembles_disease"].to_pylist()}
    assert set(told) == {("DOID:10652", "DOID:14330"), ("DOID:13189", "DOID:14330")}
    first = told["DOID:10652", "DOID:14330"]
    assert first["cooccurrence"] / first["expected"] == pytest.approx(first["enrichment"])
    assert first["p_fisher"] == 0
    assert told["DOID:13189", "DOID:14330"]["odds_ratio"] is None
    assert {row["name"] for row in graph.nodes["Disease"].to_pylist()} == {
        "Alzheimer's disease",
        "Parkinson's disease",
        "gout",
    }


def test_bad_lines(build_from: Build) -> None:
    _, audit = build_from({medline.PAIRS: TEXTS[medline.PAIRS] + "cut off\n"}, medline)
    assert rejected(audit) == {(medline.PAIRS.name, 6, "malformed CURIE")}
    with pytest.raises(FileError, match="line 2: expected a number as cooccurrence, got 'many'"):
        build_from({medline.PAIRS: TEXTS[medline.PAIRS].replace("2760", "many")}, medline)


@pytest.mark.mirror
def test_the_mirror_s_pairs_are_hetionet_s(mirror: Path) -> None:
    graph, audit = build_graph([medline.read(Fetch(mirror, offline=True))])
    assert not audit.rejected.num_rows
    edges = pd.read_csv(mirror / hetionet.EDGES.path, sep="\t", dtype=str)
    theirs = edges[edges["metaedge"] == "DrD"]
    pairs = {frozenset(pair) for pair in zip(theirs["source"].str[9:], theirs["target"].str[9:], strict=True)}
    ours = graph.edges["disease_resembles_disease"].select(["subject", "object"]).to_pandas()
    assert {frozenset(pair) for pair in ours.itertuples(index=False, name=None)} == pairs
    assert len(ours) == len(pairs) == 543
    assert sum(audit.left_out.values()) == 133 * 132 - 543  # the table has every pair of 133 diseases, both ways
