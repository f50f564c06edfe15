"""Suppression: the cells of a table of counts that must not be shown, so that no small one can be worked out.

A cell of 1 to k - 1 people is small, and shown as `<k`. Where the total is shown, the hidden cells' sum is known: what
is left after the cells that are shown. Therefore further cells, `hidden`, are left out until each small one may be any
number from 1 to k - 1, for all that the table tells; if no cell is left for that, the total goes too.
"""

from collections.abc import Sequence
from dataclasses import dataclass

HIDDEN = "hidden"
"""How a cell is shown that is not small itself, but would tell of one that is."""


@dataclass(frozen=True)
class Released:
    """Counts as they may be shown: a number, `<k`, or `hidden`; the total likewise, and how many cells are small."""

    cells: tuple[int | str, ...]
    total: int | str
    small: int


def suppress(counts: Sequence[int], threshold: int) -> Released:
    """Return the cells of a table, and their total, as they may be shown; a cell of nobody is shown as 0.

    >>> suppress([40, 3, 25, 12], 11)
    Released(cells=(40, '<11', 'hidden', 12), total=80, small=1)
    """
    mark = f"<{threshold}"
    small = [0 < count < threshold for count in counts]
    out = _hidden(counts, small, threshold)
    cells = tuple(
        mark if few else HIDDEN if place in (out or ()) else count
        for place, (count, few) in enumerate(zip(counts, small, strict=True))
    )
    total = sum(counts)
    if out is not None:
        return Released(cells, total, sum(small))
    everything = tuple(cell if cell in (mark, 0) else HIDDEN for cell in cells)
    return Released(everything, mark if total < threshold else HIDDEN, sum(small))


def _hidden(counts: Sequence[int], small: Sequence[bool], threshold: int) -> set[int] | None:
    """Return the cells that must be left out beside the small ones; None if all are too few to keep these unknown."""
    number = sum(small)
    left = sum(count for count, few in zip(counts, small, strict=True) if few)
    rising = sorted((count, place) for place, count in enumerate(counts) if count >= threshold)
    out: set[int] = set()
    while number and not _unknown(number, left, len(out), threshold):
        if not rising:
            return None
        # The smallest one that suffices; while none does, the largest, so that few are left out.
        sufficing = [one for one in rising if _unknown(number, left + one[0], len(out) + 1, threshold)]
        chosen = sufficing[0] if sufficing else rising[-1]
        rising.remove(chosen)
        left += chosen[0]
        out.add(chosen[1])
    return out


def _unknown(small: int, left: int, others: int, threshold: int) -> bool:
    """Say whether each of the small cells may be anything from 1 to k - 1, if these and `others` hold `left` people.

    To be 1, the others must hold the rest, and only those of k or more have no upper bound. To be k - 1, they must
    find room in what is left with the fewest that each may hold: 1 or k.
    """
    least = left <= 1 + (small - 1) * (threshold - 1)
    return (others > 0 or least) and left >= (threshold - 1) + (small - 1) + others * threshold
