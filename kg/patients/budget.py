"""Budget: how much the noisy counts of a store may tell in all, and what of it is spent; a ledger that never forgets.

By differential privacy's composition, answers with epsilon 0.1 and 0.4 together tell as much as one with 0.5. So each
is charged before it is given, by one process at a time, and refused when not enough is left: a process that is killed
has paid for an answer that it may not have got. The sum is set by the first question and cannot be raised afterwards.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from kg.patients.ledger import Line, opened

TOTAL = 1.0
"""The epsilon that may be spent in all where nobody says another: at most e times more likely is anything found of a
person who is in the data than if the person were not."""


class BudgetSpent(ValueError):
    """A question that would cost more than is left."""


class BudgetRefused(ValueError):
    """A budget or a charge that is no good: an epsilon of 0 or less, another sum than was set, no budget at all."""


@dataclass(frozen=True)
class Charge:
    """What an answer costs: its epsilon; and, where they are stated, the budget's sum and the file that it is in."""

    epsilon: float
    total: float | None = None
    file: str | Path | None = None


@dataclass(frozen=True)
class Budget:
    """What of a budget is spent, as exact decimal numbers of epsilon."""

    total: Decimal
    spent: Decimal

    @property
    def left(self) -> Decimal:
        """What may still be spent."""
        return self.total - self.spent

    def to_json(self) -> dict[str, float]:
        """Return the budget as JSON values."""
        return {"total": float(self.total), "spent": float(self.spent), "left": float(self.left)}


def spend(path: Path, charge: Charge, key: bytes | None) -> Budget:
    """Charge an answer to the budget in this file and return what is left; call it before the answer is drawn.

    When it returns, the charge is on the disk. A file that is not there is a new budget, of the sum stated or `TOTAL`.
    Raises `BudgetSpent`, `BudgetRefused`, and `kg.patients.ledger.LedgerBroken` for a file that was edited.
    """
    cost = _epsilon(charge.epsilon, "an answer")
    given = None if charge.total is None else _epsilon(charge.total, "a budget")
    with opened(path, key) as ledger:
        if ledger.lines and key is None and "signature" in ledger.lines[-1]:
            raise BudgetRefused(f"{path} is signed with a key: set PANAKEIA_KEY to spend of it")
        held = _held(path, ledger.lines, given)
        if cost > held.left:
            raise BudgetSpent(
                f"the budget is spent: an answer with epsilon {cost} was asked for, and of {held.total} in {path} "
                f"{held.left} is left; expected an epsilon of at most that. No later question can be answered beyond it"
            )
        when = datetime.now(UTC).isoformat(timespec="seconds")
        ledger.add({"when": when, "total": str(held.total), "spent": str(cost)})
    return Budget(held.total, held.spent + cost)


def _held(path: Path, lines: tuple[Line, ...], given: Decimal | None) -> Budget:
    if not lines:
        return Budget(given or _epsilon(TOTAL, "a budget"), Decimal(0))
    try:
        held = Budget(Decimal(lines[0]["total"]), sum((Decimal(line["spent"]) for line in lines), Decimal(0)))
    except (KeyError, ArithmeticError, TypeError):
        raise BudgetRefused(f"{path} is no budget: expected a file that earlier questions wrote, or none") from None
    if given is not None and given != held.total:
        raise BudgetRefused(f"the budget in {path} was set to {held.total}, and {given} is given: it stays what it was")
    return held


def _epsilon(value: float, what: str) -> Decimal:
    number = Decimal(str(value))
    if not number.is_finite() or number <= 0:
        raise BudgetRefused(f"got {value} as the epsilon of {what}: expected a number above 0, such as 0.1")
    return number
