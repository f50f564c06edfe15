"""Limit: a bucket each, refilled by the clock, and no more buckets than there may be."""

import pytest

from panakeia.api.access.limit import Limiter, TooMany


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_empties_and_fills() -> None:
    time = Time()
    limiter = Limiter(60, 3, clock=time)
    assert [limiter.take("a").left for _ in range(3)] == [2, 1, 0]
    refused = limiter.take("a")
    assert (refused.allowed, refused.wait_s) == (False, 1)
    assert limiter.take("b").allowed
    with pytest.raises(TooMany, match="wait 1 s") as told:
        refused.require()
    assert dict(told.value.headers) == {
        "RateLimit-Policy": '"caller";q=3;w=3',
        "RateLimit": '"caller";r=0;t=1',
        "Retry-After": "1",
    }
    time.now = 1
    assert limiter.take("a").allowed
    time.now = 1000
    assert limiter.take("a").left == 2


def test_over_an_hour_nobody_gets_more_than_the_rate_and_one_burst() -> None:
    time = Time()
    limiter = Limiter(30, 10, clock=time)
    got = 0
    for tick in range(36000):
        time.now = tick / 10
        got += limiter.take("a").allowed
    assert 1800 <= got <= 1810


def test_a_dear_request_waits_for_all_it_costs_and_is_never_refused_for_ever() -> None:
    time = Time()
    limiter = Limiter(60, 5, clock=time)
    assert limiter.take("a", 100).left == 0
    assert limiter.take("a", 100).wait_s == 5
    time.now = 5
    assert limiter.take("a", 100).allowed


def test_memory_is_bounded_and_who_asks_is_not_forgotten() -> None:
    limiter = Limiter(60, 2, most=100, clock=Time())
    limiter.take("busy")
    for stranger in range(10_000):
        limiter.take(str(stranger))
        if stranger % 50 == 0:
            limiter.take("busy")
    assert len(limiter) == 100
    assert not limiter.take("busy").allowed
