"""The degree-weighted path counts that the graph is asked for are those that the network learns from, on Hetionet."""

from pathlib import Path

import numpy as np
import pytest

from gnn.metapaths import CHAINS, reach
from gnn.view import view
from kg.metapaths import count_paths
from kg.stores.opening import open_store

DRUGS = ("DRUGBANK:DB00331", "DRUGBANK:DB00682", "DRUGBANK:DB00619")
NO_KIND_TWICE = ("binds > associates", "downregulates > upregulates", "binds > anatomy > localizes")
"""Chains on which no path could meet a node twice: there walks, which `reach` counts, are paths."""


@pytest.mark.mirror
def test_counts_on_hetionet_are_those_of_the_walks(hetionet_store: Path) -> None:
    with open_store(hetionet_store) as store:
        seen = view(store.read())
        for name in NO_KIND_TWICE:
            left, right = CHAINS[name]
            expected = reach(seen, "Drug", left) @ reach(seen, "Disease", right).T
            any_path = False
            for drug in DRUGS:
                found = count_paths(store, drug, [*left, *reversed(right)]).ends.set_index("id")["dwpc"]
                row = expected[[seen.curies["Drug"].index(drug)]].toarray()[0]
                told = np.array([found.get(disease, 0.0) for disease in seen.curies["Disease"]])
                assert told == pytest.approx(row, rel=1e-4, abs=1e-9)
                any_path |= bool(told.any())
            assert any_path
