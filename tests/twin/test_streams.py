"""Random streams: fixed for all time, independent by name."""

import numpy as np
import pytest
from scipy import stats

from twin.streams import stream


def test_a_stream_is_the_same_on_every_machine_and_in_every_release() -> None:
    # SHA-256 of the text "(7, ('patient', 12, 'dropout'))" by coreutils' sha256sum; its first 16 bytes seed PCG64.
    key = int("ffda781560c4f26075a189fa9b268be7", 16)
    assert stream(7, "patient", 12, "dropout").random() == np.random.Generator(np.random.PCG64(key)).random()


def test_streams_do_not_depend_on_what_was_drawn_before() -> None:
    first = stream(1, "a")
    first.random(1000)
    assert stream(1, "b").random() == stream(1, "b").random()
    assert stream(1, "a").random() != first.random()


def test_whole_numbers_of_numpy_name_the_same_stream() -> None:
    assert stream(1, "patient", int(np.int64(3))).random() == stream(1, "patient", np.int64(3)).random()


@pytest.mark.parametrize("other", [(1, ("a", "b", "")), (1, ("ab",)), (2, ("a", "b")), (1, ("b", "a"))])
def test_other_names_and_seeds_give_other_streams(other: tuple[int, tuple[str, ...]]) -> None:
    seed, names = other
    assert stream(seed, *names).random() != stream(1, "a", "b").random()


def test_first_draws_of_many_streams_are_uniform_and_uncorrelated() -> None:
    first, second = np.array([stream(0, "patient", i).random(2) for i in range(2000)]).T
    assert stats.kstest(first, "uniform").pvalue > 1e-3
    assert abs(np.corrcoef(first[:-1], first[1:])[0, 1]) < 0.08
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.08


def test_a_negative_seed_is_refused() -> None:
    with pytest.raises(ValueError, match="expected a whole number from 0"):
        stream(-1)
