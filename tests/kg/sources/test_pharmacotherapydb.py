"""PharmacotherapyDB: three verdicts with every vote; the catalogue's numbers, and Hetionet's edges."""

from pathlib import Path

import pytest

from kg.build import build_graph
from kg.fetch import Fetch
from kg.schema import RELATIONS
from kg.sources import hetionet, pharmacotherapydb
from tests.kg.sources.conftest import Build, lines, rejected

HEADER = "disease ¦ drug ¦ AJG ¦ CSH ¦ PK ¦ AJG_notes ¦ CSH_notes ¦ PK_notes ¦ doid_id ¦ drugbank_id ¦ majority"
TEXTS = {
    pharmacotherapydb.VOTES: lines(
        HEADER,
        'Alzheimer\'s disease ¦ Biperiden ¦ NOT ¦ SYM ¦ NOT ¦  ¦ "is ""used""" ¦  ¦ DOID:10652 ¦ DB00810 ¦ NOT',
        "Alzheimer's disease ¦ Benzatropine ¦ SYM ¦ SYM ¦ SYM ¦  ¦  ¦ x ¦ DOID:10652 ¦ DB00245 ¦ SYM",
        "allergic rhinitis ¦ Dimenhydrinate ¦ NOT ¦ SYM ¦ DM ¦  ¦  ¦  ¦ DOID:4481 ¦ DB00985 ¦ ",
    )
}


def test_each_verdict_is_a_relation_with_its_votes(build_from: Build) -> None:
    graph, audit = build_from(TEXTS, pharmacotherapydb)
    assert not audit.rejected.num_rows
    assert {
        relation: [(row["subject"], row["object"], row["votes"]) for row in rows.to_pylist()]
        for relation, rows in graph.edges.items()
    } == {
        "treats": [("DRUGBANK:DB00985", "DOID:4481", ["AJG=NOT", "CSH=SYM", "PK=DM"])],
        "palliates": [("DRUGBANK:DB00245", "DOID:10652", ["AJG=SYM", "CSH=SYM", "PK=SYM"])],
        "not_indicated_for": [("DRUGBANK:DB00810", "DOID:10652", ["AJG=NOT", "CSH=SYM", "PK=NOT"])],
    }
    assert RELATIONS["not_indicated_for"].negated


def test_another_vote_is_rejected(build_from: Build) -> None:
    text = TEXTS[pharmacotherapydb.VOTES] + "x\ty\tDM\tDM\tMAYBE\t\t\t\tDOID:4481\tDB00985\tDM\nhalf a line\n"
    _, audit = build_from({pharmacotherapydb.VOTES: text}, pharmacotherapydb)
    assert rejected(audit) == {
        (pharmacotherapydb.VOTES.name, 5, "unknown relation"),
        (pharmacotherapydb.VOTES.name, 6, "unknown relation"),
    }


@pytest.mark.mirror
def test_the_mirror_s_counts_are_the_catalogue_s(mirror: Path) -> None:
    fetch = Fetch(mirror, offline=True)
    graph, audit = build_graph([pharmacotherapydb.read(fetch)])
    assert not audit.rejected.num_rows
    # doi:10.6084/m9.figshare.3103054: 755 disease-modifying, 390 symptomatic, 243 not; 97 diseases, 601 drugs
    assert graph.edge_counts() == {"treats": 755, "palliates": 390, "not_indicated_for": 243}
    assert graph.node_counts() == {"Drug": 601, "Disease": 97}
    published, _ = build_graph([hetionet.read(fetch)])
    for relation in ("treats", "palliates"):
        ours, theirs = (
            set(map(tuple, one.edges[relation].select(["subject", "object"]).to_pandas().to_numpy()))
            for one in (graph, published)
        )
        assert ours == theirs
