"""Site: what answers an ask from its own rows, by its own rules; nothing of a row leaves it but in a sum."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

import numpy as np

from kg.patients.budget import BudgetRefused, BudgetSpent, Charge, spend
from kg.patients.ledger import LedgerBroken
from twin.model import Floats
from twin.prognosis.federated.guard import Rules, check_cells, check_peers, check_rows
from twin.prognosis.federated.kind import Kind, Outcome, Step, coefficient_names, kind_of
from twin.prognosis.federated.masks import Keys, masked
from twin.prognosis.federated.noise import clipped, with_noise
from twin.prognosis.federated.refusal import FederatedError, SiteRefused, SiteRefuses
from twin.prognosis.federated.rows import Rows, design, is_text
from twin.prognosis.federated.wire import (
    Answer,
    Ask,
    AskOffer,
    Content,
    Described,
    Description,
    Measures,
    Offer,
    Refusal,
    Sums,
    Vector,
    digest,
    read_ask,
    written,
)


@dataclass(frozen=True)
class Spending:
    """The file of a site's budget, its sum of epsilon, and the key that its lines are signed with."""

    file: Path
    total: float
    key: bytes | None = None


@dataclass(frozen=True)
class Site:
    """A site that answers; with a budget it answers sums with noise only, each once, and the same again if asked again.

    `outcome` and `time` are the columns that it offers as such.
    """

    rows: Rows
    rules: Rules = field(default_factory=Rules)
    budget: Spending | None = None
    keys: Keys = field(default_factory=Keys.new)
    outcome: str | None = None
    time: str | None = None
    _told: dict[str, Content] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def answer(self, message: bytes) -> bytes:
        """Return the answer to a message; what is not answered is a refusal that says why, never an error."""
        to = digest(message)
        try:
            content = self._content(read_ask(message), to)
        except (SiteRefuses, SiteRefused, FederatedError, BudgetSpent, BudgetRefused, LedgerBroken) as failure:
            content = Refusal(reason=str(failure)[:2000])
        return written(Answer(to=to, content=content))

    def _content(self, ask: Ask | AskOffer, to: str) -> Content:
        check_rows(len(self.rows.table), self.rules)
        if isinstance(ask, AskOffer):
            return Offer(columns=tuple(map(str, self.rows.table.columns)), outcome=self.outcome, time=self.time)
        kind = kind_of(ask.question.model)
        if ask.ask == "describe":
            return describe(self.rows, ask, self.rules, self.keys.public, noisy=self.budget is not None)
        if [column.name for column in ask.columns] != list(ask.question.features):
            raise SiteRefuses("the columns that were agreed on are not the question's features")
        of = self.rows.of(ask.question.columns)
        told = kind.outcome(of, ask.question)
        matrix = design(of, ask.columns, intercept=kind.intercept)
        if ask.peers is None and not self.rules.masks_only:
            names = coefficient_names(kind, ask.columns)
            check_cells(matrix, names, told, self.rules, events=kind.events)
        elif ask.peers is None:
            raise SiteRefuses("it answers masked sums only")
        else:
            check_peers(ask.peers, self.rules)
        if self.budget is not None or ask.epsilon is not None:
            return self._noisy(ask, kind, told, matrix, to)
        if ask.ask == "evaluate":
            return Measures(values=_measures(kind, matrix, told, _at(ask, matrix)))
        return self._sums(ask, _moments(told, matrix) if ask.ask == "moments" else _step(kind, ask, matrix, told), to)

    def _sums(self, ask: Ask, values: Floats, to: str) -> Sums:
        if ask.peers is None:
            return Sums(values=Vector.of(values))
        return Sums(values=Vector.of_words(masked(values, self.keys, ask.peers, to)))

    def _noisy(self, ask: Ask, kind: Kind, told: Outcome, matrix: Floats, to: str) -> Content:
        """Return the sums with noise, charged first; those of an ask that was answered before, as they were."""
        if self.budget is None:
            raise SiteRefuses("noise is asked for, and it has no budget")
        if ask.epsilon is None or ask.ask != "sums" or ask.question.model != "logistic":
            raise SiteRefuses("it answers the sums of a logistic model with noise (epsilon) only: ask for these")
        at, matrix = _at(ask, matrix), clipped(matrix)
        with self._lock:
            if to not in self._told:
                spend(self.budget.file, Charge(ask.epsilon, self.budget.total), self.budget.key)
                step = with_noise(kind.step(matrix, told, at), ask.columns, ask.epsilon)
                self._told[to] = self._sums(ask, step.flat(), to)
            return self._told[to]


def describe(rows: Rows, ask: Ask, rules: Rules, key: str, *, noisy: bool) -> Description:
    """Return what a site says of itself: of text columns, the levels that enough patients have."""
    table = rows.of(ask.question.columns)
    columns: Mapping[str, Described] = {
        name: Described(unit=rows.units.get(name), levels=_levels(rows, name, rules) if is_text(table[name]) else None)
        for name in ask.question.columns
    }
    return Description(
        rows=len(table), version=rows.version, columns=dict(columns), minimum=rules.minimum, noisy=noisy, key=key
    )


def _levels(rows: Rows, name: str, rules: Rules) -> tuple[str, ...]:
    counts = rows.table[name].astype(str).value_counts()
    return tuple(sorted(str(level) for level, count in counts.items() if count >= rules.minimum))


def _at(ask: Ask, matrix: Floats) -> Floats:
    if ask.at is None or (at := ask.at.numbers()).size != matrix.shape[1]:
        raise SiteRefuses(f"coefficients are asked about that are not {matrix.shape[1]} numbers, as the columns need")
    return at


def _moments(told: Outcome, matrix: Floats) -> Floats:
    """Return the rows, the sum of outcomes, and of each column, and of its squares."""
    sums = [[len(matrix), told.value.sum()], matrix.sum(axis=0), (matrix**2).sum(axis=0)]
    return np.concatenate(sums).astype(np.float64)


def _step(kind: Kind, ask: Ask, matrix: Floats, told: Outcome) -> Floats:
    with np.errstate(over="ignore", invalid="ignore"):
        step: Step = kind.step(matrix, told, _at(ask, matrix))
        flat = step.flat()
    if not np.isfinite(flat).all():
        raise SiteRefuses("sums at these coefficients are too large for numbers")
    return flat


def _measures(kind: Kind, matrix: Floats, told: Outcome, at: Floats) -> dict[str, float]:
    found = kind.measures(matrix, told, at)
    if not np.isfinite(list(found.values())).all():
        raise SiteRefuses("its outcomes are all alike: nothing to measure by")
    return found
