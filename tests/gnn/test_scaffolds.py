"""Twins by structure, on drugs whose structures everybody knows."""

import numpy as np

from gnn.scaffolds import NONE, twin_groups, with_a_twin
from kg.graph import Graph, table
from kg.schema import node_columns

DRUGS = {
    "DRUGBANK:DB00215": (  # citalopram
        "WSEQXVZVJXJVFP-UHFFFAOYSA-N",
        "InChI=1S/C20H21FN2O/c1-23(2)11-3-10-20(17-5-7-18(21)8-6-17)19-9-4-15(13-22)12-16(19)14-24-20"
        "/h4-9,12H,3,10-11,14H2,1-2H3",
    ),
    "DRUGBANK:DB01175": (  # escitalopram, one of citalopram's two mirror images
        "WSEQXVZVJXJVFP-FQEVSTJZSA-N",
        "InChI=1S/C20H21FN2O/c1-23(2)11-3-10-20(17-5-7-18(21)8-6-17)19-9-4-15(13-22)12-16(19)14-24-20"
        "/h4-9,12H,3,10-11,14H2,1-2H3/t20-/m0/s1",
    ),
    "DRUGBANK:DB00201": (  # caffeine
        "RYYVLZVUVIJVGH-UHFFFAOYSA-N",
        "InChI=1S/C8H10N4O2/c1-10-4-9-6-5(10)7(13)12(3)8(14)11(6)2/h4H,1-3H3",
    ),
    "DRUGBANK:DB00806": (  # pentoxifylline: caffeine's rings with a longer chain
        "BYPFEZZEUUWMEJ-UHFFFAOYSA-N",
        "InChI=1S/C13H18N4O3/c1-9(18)6-4-5-7-17-12(19)10-11(14-8-15(10)2)16(3)13(17)20/h8H,4-7H2,1-3H3",
    ),
    "DRUGBANK:DB00331": (  # metformin: no ring
        "XZWYZXLIPXDOLR-UHFFFAOYSA-N",
        "InChI=1S/C4H11N5/c1-9(2)4(7)8-3(5)6/h1-2H3,(H5,5,6,7,8)",
    ),
    "DRUGBANK:DB00002": (None, None),  # cetuximab: an antibody
    "DRUGBANK:DB99999": (None, "no InChI"),
}


def test_mirror_images_are_twins_and_a_scaffold_is_wider() -> None:
    rows = [{"id": curie, "name": curie, "inchikey": key, "inchi": inchi} for curie, (key, inchi) in DRUGS.items()]
    graph = Graph({"Drug": table(node_columns("Drug"), rows)}, {})
    found = twin_groups(graph, list(DRUGS))
    assert found["connectivity"].tolist() == [0, 0, 1, 2, 3, NONE, NONE]
    assert found["fingerprint"].tolist() == [0, 0, 1, 2, 3, NONE, NONE]
    assert found["scaffold"].tolist() == [0, 0, 1, 1, NONE, NONE, NONE]
    turned = twin_groups(graph, [*reversed(DRUGS), "DRUGBANK:DB00000"])
    assert turned["scaffold"].tolist() == [NONE, NONE, NONE, 0, 0, 1, 1, NONE]


def test_a_twin_is_another_drug_known_for_the_same_disease() -> None:
    groups = np.array([0, 0, 1, NONE, NONE])
    known = np.array([[0, 2, 3], [7, 7, 8]])
    asked = np.array([[1, 1, 0, 2, 4, 3], [7, 8, 7, 7, 8, 8]])
    assert with_a_twin(asked, known, groups).tolist() == [True, False, False, False, False, False]
    assert with_a_twin(np.empty((2, 0), np.int64), known, groups).shape == (0,)
