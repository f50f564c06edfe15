"""A desk that serves leaves every product of matrices one core, and keeps few heaps: it answers several at once."""

import platform

import numpy as np
from threadpoolctl import threadpool_info, threadpool_limits

from panakeia.api.serving import few_heaps, one_core_a_product


def test_products_take_one_core_and_say_the_same() -> None:
    numbers = np.random.default_rng(0).normal(size=(2, 300, 300))
    before = numbers[0] @ numbers[1]
    with threadpool_limits(2, user_api="blas"):  # which puts back what was there before
        one_core_a_product()
        assert {one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"} == {1}
        np.testing.assert_allclose(numbers[0] @ numbers[1], before, rtol=1e-12, atol=1e-12)


def test_the_c_library_takes_the_setting() -> None:
    assert few_heaps() == (platform.libc_ver()[0] == "glibc")
