"""Days: the true calendar of a patient, and the shifted one that is stored.

Where a record gives only the month or the year, the day is drawn within it by the key: the first of the month would
tell by how much the patient's days are moved. A day that with another would tell an age of 90 or more is not stored.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from kg.patients.deidentify import TELLING_DAYS, Pseudonym, drawn, shifted_day
from kg.patients.moment import Moment
from kg.patients.record import Age

_SPAN = {"year": 365, "month": 30}
"""How many days an age is about, by its precision."""


@dataclass(frozen=True)
class TrueDays:
    """Days on the true calendar, drawn by the key where the record is not precise.

    An age counts from the birth; where that is not told, from a day that the key draws, which is nobody's, but
    not beside events that are `dated`: what lies between would be false. No day is drawn after `now`.
    """

    who: Pseudonym
    key: bytes
    born: Moment | None
    dated: bool = False
    now: date | None = None

    def day(self, at: Moment | Age | None, record: tuple[str, ...]) -> date | None:
        """Return the day, of a record, that something was."""
        if at is None:
            return None
        if isinstance(at, Age):
            span = _SPAN.get(at.precision, 1)
            birth = self.birth
            return birth and birth + timedelta(at.days + drawn(self.key, "day", self.who, record, span))
        last = at.last if self.now is None else max(at.first, min(at.last, self.now))
        return at.first + timedelta(drawn(self.key, "day", self.who, record, (last - at.first).days + 1))

    @property
    def birth(self) -> date | None:
        """The day of birth; None where no day could be one."""
        if self.born is None and self.dated:
            return None
        if self.born is None:
            return date(1900, 1, 1) + timedelta(drawn(self.key, "birth", self.who, (), 36500))
        span = (self.born.last - self.born.first).days + 1
        return self.born.first + timedelta(drawn(self.key, "birth", self.who, (), span))


@dataclass(frozen=True)
class ShiftedDays:
    """The patient's shifted calendar; a day that with another would tell an age of 90 or more is not on it.

    `latest` is the latest day on the true one, `first` the first that is stored already.
    """

    true: TrueDays
    latest: date | None
    first: int | None

    def day(self, day: date | None) -> int | None:
        """Return a true day as days since 1970-01-01, shifted."""
        shifted = shifted_day(day, self.latest, self.true.who) if day and self.latest else None
        told_with_first = shifted is not None and self.first is not None and shifted - self.first >= TELLING_DAYS
        return None if told_with_first else shifted
