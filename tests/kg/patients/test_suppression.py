"""Small cells: none can be worked out from the cells that are shown and the total."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.patients.suppression import HIDDEN, Released, suppress


def possible(released: Released, threshold: int, most: int) -> list[tuple[int, ...]]:
    """Every table, of cells up to `most`, that may stand behind what was released."""
    mark = f"<{threshold}"
    ranges = [
        range(1, threshold) if cell == mark else range(threshold, most + 1) if cell == HIDDEN else [int(cell)]
        for cell in released.cells
    ]
    tables = product(*ranges)
    if released.total == HIDDEN:
        return list(tables)
    if released.total == mark:
        return [table for table in tables if 0 < sum(table) < threshold]
    return [table for table in tables if sum(table) == released.total]


@given(st.lists(st.integers(0, 7), min_size=1, max_size=4), st.integers(2, 4))
def test_each_small_cell_may_be_anything_below_the_threshold(counts: list[int], threshold: int) -> None:
    released = suppress(counts, threshold)
    assert released.small == sum(0 < count < threshold for count in counts)
    tables = possible(released, threshold, most=24)
    assert tuple(counts) in tables
    for place, cell in enumerate(released.cells):
        if cell == f"<{threshold}" and released.total != cell:
            assert {table[place] for table in tables} == set(range(1, threshold))


@pytest.mark.parametrize(
    ("counts", "cells", "total"),
    [
        ([40, 25, 12], (40, 25, 12), 77),
        ([40, 0, 12], (40, 0, 12), 52),
        # One small cell would be the total less the others: the smallest cell that hides it goes too.
        ([40, 3, 25, 12], (40, "<11", HIDDEN, 12), 80),
        # Two that make 20 can only be ten and ten.
        ([40, 10, 10, 30], (40, "<11", "<11", HIDDEN), 90),
        # Five that make 25 may be nearly anything.
        ([5, 5, 5, 5, 5, 60], ("<11", "<11", "<11", "<11", "<11", 60), 85),
        # No cell is left to hide behind: the total goes.
        ([3, 12], ("<11", HIDDEN), HIDDEN),
        ([3], ("<11",), "<11"),
    ],
)
def test_what_is_shown(counts: list[int], cells: tuple[int | str, ...], total: int | str) -> None:
    assert suppress(counts, 11) == Released(cells, total, sum(0 < count < 11 for count in counts))
