"""New drugs: are the probabilities of drugs that the list was never asked about those that come true?

    python benchmarks/new_drugs.py --data DIR [--seed 201 --seed 202]

prints one JSON object. A fifth of all drugs of Hetionet is hidden whole, of those with a known treatment and of those
without as large a share each: what `benchmarks/repurposing.py --split drug` hides are drugs with a treatment alone,
which are treatments more often than a drug of which nothing is known. For the pairs of highest probability (400 a
deal), the calibration error by the calibrator of new drugs and by that of pairs, over all hidden drugs and over those
with a treatment.
"""

import argparse
import json
import os
import sys
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import expit

from gnn.config import TrainConfig
from gnn.evaluate import calibration_of
from gnn.methods import candidates_of
from gnn.score import calibrated, logits
from gnn.split import all_pairs_of, named, without
from gnn.train import train
from kg.build import build_graph
from kg.fetch import Fetch
from kg.graph import Graph, data_version
from kg.sources import hetionet

TOP, SHARE = 400, 5
"""So many pairs of each deal are looked at, and one drug in so many is hidden."""

Said = tuple[NDArray[np.float64], NDArray[np.bool_]]
"""What is foretold of pairs, and what is true. Shapes: [pair] twice."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("PANAKEIA_DATA"), help="mirror folder")
    parser.add_argument("--seed", type=int, action="append", help="seed of a deal and of its training")
    options = parser.parse_args()
    torch.set_num_threads(1)
    graph, _ = build_graph([hetionet.read(Fetch(options.data and Path(options.data)))])
    seeds, found = options.seed or [201, 202], defaultdict(list)
    for seed in seeds:
        for which, said in measured(graph, TrainConfig(seed=seed)).items():
            found[which].append(said)
    told = []
    for (calibrator, over), parts in found.items():
        foretold, labels = (np.concatenate(one) for one in zip(*parts, strict=True))
        table, promises = calibration_of(foretold, labels, TOP * len(seeds), 0)
        row = {"calibrator": calibrator, "over": over, "pairs": len(labels), "true": int(labels.sum()), **promises}
        told.append({**row, "reliability": table.to_dict("records")})
    result = {"benchmark": "new_drugs", "data_version": data_version(graph.sources), "seeds": seeds, "figures": told}
    sys.stdout.write(json.dumps(result, indent=2) + "\n")


def measured(graph: Graph, config: TrainConfig) -> dict[tuple[str, str], Said]:
    """Train without some drugs, and return what is foretold of their pairs, by calibrator and by which drugs."""
    seen, random = candidates_of(graph, config), np.random.default_rng(config.seed)
    known = seen.pairs(config.about.relation)
    groups = [np.flatnonzero(known.any(1)), np.flatnonzero(~known.any(1))]
    rows = np.sort(np.concatenate([random.permutation(group)[: len(group) // SHARE] for group in groups]))
    held_out = named(all_pairs_of(rows, known.shape[1]), config.about.kinds, seen.curies)
    model = train(without(graph, held_out), config, held_out=held_out)
    columns = np.arange(known.shape[1])
    scores, found = logits(model, rows, columns), dict[tuple[str, str], Any]()
    for calibrator, one in (("of pairs", replace(model, new=model.new[:0])), ("of new drugs", model)):
        foretold = expit(calibrated(one, rows[:, None], columns[None], scores).astype(float))
        for over, drugs in (("all", np.ones(len(rows), bool)), ("with a treatment", np.isin(rows, groups[0]))):
            found[calibrator, over] = foretold[drugs].ravel(), known[rows[drugs]].ravel()
    return found


if __name__ == "__main__":
    main()
