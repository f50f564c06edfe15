"""The twelve subjects of theophylline in NONMEM's columns, from the mirror's copy of R's data set."""

from pathlib import Path

import pandas as pd

from twin import library

MODEL = library.load("theophylline_boeckmann1994")


def frame(mirror: Path) -> pd.DataFrame:
    """Return a dose and eleven concentrations of each subject."""
    table = pd.read_csv(mirror / "pk" / "theophylline.csv.gz")
    seen = pd.DataFrame({"ID": table["Subject"], "TIME": table["Time"], "AMT": ".", "DV": table["conc"], "EVID": 0})
    first = table.groupby("Subject", as_index=False).first()
    amount = first["Dose"] * first["Wt"]
    given = pd.DataFrame({"ID": first["Subject"], "TIME": 0.0, "AMT": amount, "DV": ".", "EVID": 1})
    return pd.concat([given, seen]).sort_values(["ID", "TIME"], kind="stable").reset_index(drop=True)
