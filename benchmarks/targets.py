"""Measure targets: held-out bindings of drugs and genes, ranked among all genes and all drugs.

A random tenth of all pairs (`--split pairs`): the known bindings of the other nine tenths stand in no list, all other
pairs do. Or whole drugs, one in five, none of whose bindings is known (`--split drug`): all 20,945 genes are ranked.
"""

import argparse
import os
from pathlib import Path

from held_out import measure

from gnn.config import load_config
from gnn.methods import baselines, model


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("PANAKEIA_DATA"), help="mirror folder")
    parser.add_argument("--split", default="pairs", choices=("pairs", "drug"), help="what is held out")
    parser.add_argument("--seed", type=int, default=0, help="seed of the deal and of the training")
    options = parser.parse_args()
    config = load_config(None, task="binds", seed=options.seed)
    methods = {"model": model(config), **baselines(config)}
    folds = 10 if options.split == "pairs" else 5
    measure("targets", config, methods, options.split, options.data, folds=folds, trained=1)


if __name__ == "__main__":
    main()
