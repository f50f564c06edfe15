"""Recurrent: a small gated network that reads a patient's visits up to the one that is foretold at."""

from collections.abc import Mapping
from dataclasses import dataclass

from twin.prognosis.question import Kind
from twin.prognosis.risk.learner import Setting
from twin.prognosis.risk.visits import Visits

_HIDDEN = (8, 32)


@dataclass(frozen=True)
class Recurrent:
    """The learner."""

    kinds: tuple[Kind, ...] = ("binary", "continuous")
    words: str = "a recurrent network over visits"
    visits: bool = True

    def settings(self, seed: int) -> Mapping[str, Setting]:
        """Return a small and a larger network."""
        return {f"{hidden} units": Visits(hidden, seed=seed) for hidden in _HIDDEN}


LEARNER = Recurrent()
