"""Guard: what a site does not answer, since it would tell of few patients. DataSHIELD's rules, stricter by default.

Gaye A et al. DataSHIELD: taking the analysis to the data. Int J Epidemiol 2014;43:1929-1944; its glm refuses cells
under `nfilter.tab` = 3 and more than `nfilter.glm` = 0.33 coefficients a row.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from twin.model import Floats
from twin.prognosis.federated.kind import Outcome
from twin.prognosis.federated.refusal import SiteRefuses


@dataclass(frozen=True)
class Rules:
    """Fewest rows, and fewest in any cell; coefficients a row at most; the sites that a masked sum is over at least.

    With `masks_only`, a site answers nothing that is not masked.
    """

    minimum: int = 10
    share: float = 1.0 / 3.0
    least_peers: int = 3
    masks_only: bool = False

    def __post_init__(self) -> None:
        if self.minimum < 1:
            raise ValueError(f"got the minimum {self.minimum}, expected 1 or more patients")
        if not 0.0 < self.share <= 1.0:
            raise ValueError(f"got {self.share:g} coefficients a row, expected a share above 0 and at most 1")


def check_rows(rows: int, rules: Rules) -> None:
    """Raise `SiteRefuses` where a site has too few rows to answer anything."""
    if rows < rules.minimum:
        raise SiteRefuses(f"it has fewer patients than its minimum of {rules.minimum}")


def check_cells(design: Floats, names: Sequence[str], outcome: Outcome, rules: Rules, *, events: bool) -> None:
    """Raise `SiteRefuses` where an unmasked sum over rows would tell of few: see `Rules`.

    Few are those who differ from all others in a column; and those with the event, or without.
    """
    for name, column in zip(names, design.T, strict=True):
        if _few_differ(column, rules.minimum):
            raise SiteRefuses(f"fewer than {rules.minimum} patients differ from all others in {name}")
    told = int(outcome.value.sum())
    if events and _few_differ(outcome.value, rules.minimum):
        raise SiteRefuses(f"fewer than {rules.minimum} patients have the event, or have it not")
    if design.shape[1] > rules.share * len(design):
        raise SiteRefuses(
            f"{design.shape[1]} coefficients are asked for, more than {rules.share:.2f} times its rows: ask for fewer"
        )
    if events and design.shape[1] > told:
        raise SiteRefuses(f"{design.shape[1]} coefficients are asked for, more than it has events: ask for fewer")


def check_peers(peers: Sequence[str], rules: Rules) -> None:
    """Raise `SiteRefuses` where a masked sum is over too few sites to hide one."""
    if len(peers) < rules.least_peers:
        raise SiteRefuses(f"a masked sum over {len(peers)} sites is asked for, expected {rules.least_peers} or more")


def _few_differ(column: Floats, minimum: int) -> bool:
    """Return whether all but a few rows, and not quite all, have the same value.

    >>> _few_differ(np.array([0.0, 0.0, 0.0, 1.0]), 2), _few_differ(np.array([0.0, 0.0, 1.0, 1.0]), 2)
    (True, False)
    >>> _few_differ(np.zeros(4), 2)
    False
    """
    if not column.size:
        return False
    most = int(np.unique(column, return_counts=True)[1].max())
    return 0 < column.size - most < minimum
