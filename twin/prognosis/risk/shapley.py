"""Shapley: what each player adds to what all are worth, by orders in which they join; the parts make the whole exactly.

Castro J, Gómez D, Tejada J. Comput Oper Res 2009;36:1726-1730; each order is taken backwards too, which steadies the
mean (Mitchell R et al. J Mach Learn Res 2022;23:43).
"""

from collections.abc import Callable

import numpy as np

from twin.model import Floats


def shapley(
    worth: Callable[[np.ndarray], Floats], players: int, orders: int = 64, seed: int = 0
) -> tuple[Floats, Floats]:
    """Return what each player adds, [player], and its Monte-Carlo standard error.

    `worth` is of coalitions [coalition, player], true where a player has joined. Whatever the orders are, what all add
    is the worth of all less that of none.
    """
    random = np.random.default_rng(seed)
    one_way = np.array([random.permutation(players) for _ in range(orders)])
    ways = np.concatenate([one_way, one_way[:, ::-1]])
    joined = np.argsort(ways, axis=1)[:, None] < np.arange(players + 1)[None, :, None]
    distinct, place = np.unique(joined.reshape(-1, players), axis=0, return_inverse=True)
    steps = np.diff(worth(distinct)[place.reshape(len(ways), players + 1)], axis=1)
    added = np.empty((len(ways), players))
    np.put_along_axis(added, ways, steps, axis=1)
    pairs = (added[:orders] + added[orders:]) / 2.0
    return pairs.mean(axis=0), np.asarray(pairs.std(axis=0, ddof=1) / np.sqrt(orders))
