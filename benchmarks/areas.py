"""Measure disease areas: no treatment of any disease of an area is known, and all drugs are ranked for each of them.

The areas are those that TxGNN holds out, mapped from MONDO to DOID (`gnn.areas`): six of them have treated diseases of
Hetionet. A disease in two areas is held out in both; means over diseases count it once.
"""

import argparse
import os
from pathlib import Path

from held_out import measure

from gnn.config import TrainConfig
from gnn.methods import baselines, model


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("PANAKEIA_DATA"), help="mirror folder")
    parser.add_argument("--seed", type=int, default=0, help="seed of the training")
    options = parser.parse_args()
    config = TrainConfig(seed=options.seed)
    measure("areas", config, {"model": model(config), **baselines(config)}, "area", options.data)


if __name__ == "__main__":
    main()
