"""Enrich: what a trial gains that takes only those foretold to gain most, and the tables that make such a trial.

Effects are those of patients whom the model had not seen, so that the best are not best by luck. With the same power, a
trial needs patients in proportion to (deviation / effect)^2.
"""

from typing import Protocol

import numpy as np
import pandas as pd
from scipy.stats import norm

from twin.model import Floats
from twin.trials.analysis.table import AnalysisError

GAIN, STRATUM = "GAIN", "STRATUM"
"""Columns that are added to a table: the gain foretold (above 0 is better), and which half or third it lies in."""
SHARES = (1.0, 0.75, 0.5, 0.25)


class Foretells(Protocol):
    """What foretells gains."""

    def predict(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return GAIN and STRATUM of each row."""
        ...


def enrichment(
    priority: Floats, score: Floats, outcome: Floats, treated: Floats, level: float, shares: tuple[float, ...] = SHARES
) -> pd.DataFrame:
    """Return, for each share of those foretold to gain most, their gain and how large a trial of them would be.

    `patients` is the size beside a trial of all with the same power, `screened` how many are looked at for it, beside
    the same; NaN where the gain's interval includes none. Shapes: [row] each.
    """
    z, order, rows = float(norm.ppf(0.5 + level / 2.0)), np.argsort(-priority, kind="stable"), []
    for share in shares:
        of = order[: max(2, round(share * order.size))]
        value, error = float(score[of].mean()), float(score[of].std(ddof=1) / np.sqrt(of.size))
        within = [outcome[of][treated[of] == arm].var(ddof=1) for arm in (0.0, 1.0)]
        rows.append((share, of.size, value, value - z * error, value + z * error, float(np.sqrt(np.mean(within)))))
    frame = pd.DataFrame(rows, columns=["share", "n", "gain", "lower", "upper", "sd"])
    whole = frame.iloc[0]
    size = (frame["sd"] / frame["gain"]) ** 2 / (whole["sd"] / whole["gain"]) ** 2
    sure = (frame["lower"] > 0.0) & (whole["lower"] > 0.0)
    return frame.assign(patients=size.where(sure), screened=(size / frame["share"]).where(sure))


def enriched(response: Foretells, table: pd.DataFrame, share: float) -> pd.DataFrame:
    """Return the rows of a table that are foretold to gain most, with GAIN and STRATUM; raises `AnalysisError`.

    Written as a CSV file it is a population of `twin.populations.table`, which reads the model's covariates from it.
    """
    check_share(share)
    found = pd.concat([table.drop(columns=[GAIN, STRATUM], errors="ignore"), response.predict(table)], axis=1)
    return top(found, share)


def check_share(share: float) -> None:
    """Raise `AnalysisError` for a share of nobody or of more than all."""
    if not 0.0 < share <= 1.0:
        raise AnalysisError(f"got the share {share:g}, expected one above 0, at most 1")


def top(table: pd.DataFrame, share: float) -> pd.DataFrame:
    """Return the share of rows with the highest GAIN, in their order."""
    best = table[GAIN].rank(method="first", ascending=False) <= max(1, round(share * len(table)))
    return table[best].reset_index(drop=True)


def strata(gain: Floats, cuts: Floats) -> np.ndarray:
    """Return the stratum of each gain, from 1 for the least; `cuts` are the gains between strata."""
    return np.asarray(np.searchsorted(cuts, gain, side="right") + 1)
