"""Figures by node: their means are the evaluation's, and groups are counted from the graph's edges."""

import numpy as np
import pytest

from gnn.by_node import ANSWERS, EDGES
from gnn.evaluate import Protocol, Rows, Scored, evaluate
from gnn.lists import PER_LIST
from gnn.methods import candidates_of
from gnn.task import TASKS
from kg.graph import Graph
from tests.gnn.conftest import SMALL


@pytest.mark.parametrize("split", ["pairs", "disease"])
def test_the_mean_over_nodes_is_the_evaluation_s_figure(families: Graph, split: str) -> None:
    task = TASKS["treats"]
    seen = candidates_of(families, SMALL)
    scores = np.random.default_rng(0).normal(size=(seen.count("Drug"), seen.count("Disease")))

    def by_lot(left: Graph, held: object, rows: Rows, columns: Rows) -> Scored:
        return Scored(scores[np.ix_(rows, columns)])

    found = evaluate(families, seen, task, {"it": by_lot}, Protocol(split, folds=3))
    for name in PER_LIST:
        assert found.nodes[name].mean() == pytest.approx(found.figure("it", name)["mean"])
    assert found.nodes["node"].is_unique and set(found.nodes[EDGES]) <= {"fewest", "middle", "most"}
    known = np.bincount(seen.edges("treats")[1], minlength=seen.count("Disease"))
    for row in found.nodes.to_dict("records"):
        count = known[seen.curies["Disease"].index(row["node"])]
        assert row[ANSWERS] == ("one" if count == 1 else "two to four" if count < 5 else "five and more")
