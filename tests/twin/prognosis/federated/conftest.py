"""Sites of made-up patients, played in the process."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest

from twin.prognosis.federated.guard import Rules
from twin.prognosis.federated.rows import rows_of
from twin.prognosis.federated.site import Site
from twin.prognosis.federated.transports.here import Here
from twin.prognosis.federated.wire import Question

LOGISTIC = Question(model="logistic", outcome="dead", features=("age", "sex", "stage"))
COX = Question(model="cox", outcome="dead", time="days", features=("age", "sex", "stage"))
LINEAR = Question(model="linear", outcome="days", features=("age", "sex", "stage"))


def patients(seed: int, rows: int) -> pd.DataFrame:
    """Return made-up patients; each site has its own level of risk."""
    random = np.random.default_rng(seed)
    age, sex, stage = random.normal(70, 9, rows), random.choice(["f", "m"], rows), random.choice(["1", "2", "3"], rows)
    score = 0.05 * (age - 70) + 0.5 * (sex == "m") + 0.3 * (stage == "3") + 0.2 * seed
    days = np.ceil(random.exponential(100 * np.exp(-score)))
    dead = (random.random(rows) < 1 / (1 + np.exp(-score))).astype(int)
    return pd.DataFrame(
        {"dead": dead, "age": age.round(1), "sex": sex, "stage": [f"s{one}" for one in stage], "days": days}
    )


@dataclass(frozen=True)
class Played:
    """A site whose answers are changed on their way."""

    name: str
    site: Site
    change: Callable[[bytes, bytes], bytes]

    def ask(self, message: bytes, seconds: float) -> bytes:
        """Return the changed answer."""
        return self.change(message, self.site.answer(message))


@pytest.fixture
def tables() -> dict[str, pd.DataFrame]:
    """Four sites' patients."""
    return {f"site {seed}": patients(seed, rows) for seed, rows in enumerate((240, 180, 300, 150))}


@pytest.fixture
def links(tables: dict[str, pd.DataFrame]) -> list[Here]:
    """Ways to the four sites."""
    return [Here(name, Site(rows_of(table))) for name, table in tables.items()]


def with_rules(links: list[Here], rules: Rules) -> list[Here]:
    """Return the sites under other rules."""
    return [replace(link, site=replace(link.site, rules=rules)) for link in links]
