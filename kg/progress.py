"""Progress: how a long piece of work tells how far it is."""

from collections.abc import Callable

Progress = Callable[[str, float], None]
"""Called with the name of a step and the fraction of the whole that is done, from 0 to 1."""


def silent(step: str, fraction: float) -> None:
    """Tell nobody: the default wherever progress can be told."""
