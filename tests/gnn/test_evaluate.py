"""The evaluation that a report shows: on pairs that the training never saw."""

import pytest

from gnn.evaluate import held_out_fifth
from gnn.metrics import METRICS
from kg.graph import Graph
from tests.gnn.conftest import SMALL, silent


def test_a_row_for_each_method_and_metric(families: Graph) -> None:
    found = held_out_fifth(families, SMALL, silent).set_index(["method", "metric"])
    assert len(found) == 3 * len(METRICS)
    assert ((found["lower"] <= found["mean"]) & (found["mean"] <= found["upper"])).all()
    for metric in METRICS:
        model, prior, difference = (found["mean"][method, metric] for method in ("model", "degree prior", "difference"))
        assert difference == pytest.approx(model - prior)
