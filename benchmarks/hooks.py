"""How long a call of a hook takes, from its JSON to the cards: PYTHONPATH=. python benchmarks/hooks.py GRAPH.lbdb

A patient with the genotypes of ten genes; each call orders one of the drugs that guidelines are on.
"""

import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from panakeia.ask import Session
from panakeia.hooks.desk import desk
from panakeia.hooks.settings import Settings
from tests.kg.patients.made_up_records import genotype
from tests.panakeia.hooks.conftest import SIGN, call, order

CALLS = 500
GENOTYPES = (
    *("CYP2C19 *1/*2", "CYP2C9 *1/*3", "VKORC1 GA", "CYP2D6 *4/*4", "CYP3A5 *3/*3", "TPMT *1/*3A"),
    *("NUDT15 *1/*1", "SLCO1B1 *1/*5", "UGT1A1 *28/*28", "CYP2B6 *1/*6"),
)


def main() -> None:
    """Print the times."""
    with Session(sys.argv[1]) as session, tempfile.TemporaryDirectory() as folder:
        made = desk(Settings(session, feedback=Path(folder) / "feedback.jsonl"))
        begun = time.perf_counter()
        known = made.known()
        print(f"read once, at the start: {time.perf_counter() - begun:.1f} s")
        made.warm()
        drugs = sorted({row["drug"] for row in known.guidance.rows})
        took, cards = [], 0
        for number in range(CALLS):
            asked = call(SIGN, [order(str(number), text=drugs[number % len(drugs)])], [*map(genotype, GENOTYPES)])
            begun = time.perf_counter()
            cards += len(made.answer(SIGN, asked)["cards"])
            took.append(1000 * (time.perf_counter() - begun))
        rest = took[len(drugs) :]
        print(f"{CALLS} calls, {cards} cards; warm: p50 {np.median(rest):.1f} ms, p95 {np.quantile(rest, 0.95):.1f} ms")
        print(f"the first call: {took[0]:.0f} ms")


if __name__ == "__main__":
    main()
