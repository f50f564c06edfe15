"""Nobody's long question keeps all others waiting; what waits too long, or is too much, is told."""

import threading
from contextlib import ExitStack

import pytest

from kg.patients.journal import asking
from panakeia.desk.turns import Busy, Rules, Turns, asked_as, turns_of

RULES = Rules(at_once=2, long_s=5.0, long_most=2, waiting=3, wait_s=0.0)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def begins(turns: Turns, who: str, held: ExitStack) -> bool:
    try:
        held.enter_context(turns.turn(who))
    except Busy:
        return False
    return True


def test_short_questions_take_turns() -> None:
    turns = Turns(RULES, Clock())
    with ExitStack() as held:
        assert [begins(turns, who, held) for who in ("a", "a", "b")] == [True, True, False]
    with ExitStack() as held:
        assert begins(turns, "b", held)


def test_one_asker_s_long_questions_leave_room_for_others() -> None:
    clock = Clock()
    turns = Turns(RULES, clock)
    with ExitStack() as held:
        assert [begins(turns, "a", held) for _ in range(2)] == [True, True]
        clock.now = 6
        assert not begins(turns, "a", held), "one is long, and the other is their one more"
        with ExitStack() as other:
            assert begins(turns, "b", other)
        clock.now = 60
        assert not begins(turns, "a", held), "their second long one makes no room"
        assert begins(turns, "b", held)


def test_so_many_are_long_in_all() -> None:
    clock = Clock()
    turns = Turns(RULES, clock)
    with ExitStack() as held:
        assert [begins(turns, who, held) for who in ("a", "b")] == [True, True]
        clock.now = 6
        assert [begins(turns, who, held) for who in ("c", "d")] == [True, True]
        clock.now = 12
        assert not begins(turns, "e", held)


def test_so_many_of_one_asker_wait() -> None:
    turns = Turns(Rules(at_once=1, waiting=1, wait_s=30))
    with ExitStack() as held:
        assert begins(turns, "a", held)
        waits = threading.Thread(target=lambda: begins(turns, "a", ExitStack()))
        waits.start()
        while not turns._waiting["a"]:
            pass
        with pytest.raises(Busy, match="send fewer at once, or a batch"), turns.turn("a"):
            raise AssertionError
    waits.join(120)
    assert not turns._waiting


def test_a_name_that_two_have_is_two_owners() -> None:
    for owner in ("key:0a1b2c3d", "token:ada"):
        with asked_as(owner, "ada"):
            assert (turns_of(), asking()) == (owner, "ada")
    assert (turns_of(), asking()) == ("", "")
