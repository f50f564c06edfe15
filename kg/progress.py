"""Progress: how a long piece of work tells how far it is."""

from collections.abc import Callable

Progress = Callable[[str, float], None]
"""Called with the name of a step and the fraction of the whole that is done, from 0 to 1."""


def part(progress: Progress, first: float, last: float, name: str = "") -> Progress:
    """Return a progress of one piece of the work that fills this part of the whole, under its name if it has one.

    >>> part(lambda step, done: print(step, done), 0.5, 1.0, "rank")("read", 0.5)
    rank: read 0.75
    """
    before = f"{name}: " if name else ""
    return lambda step, done: progress(before + step, first + (last - first) * done)


def silent(step: str, fraction: float) -> None:
    """Tell nobody: the default wherever progress can be told."""
