"""Changing: what of a table's patients changes in time, covariates and occasions, laid out as stretches."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from twin.covariates import Codes, Covariate, Genotype, asked_for, encode
from twin.fit.stretches import CARRIED, NOCB, Held, Longs, held, numbered
from twin.model import Model
from twin.nonmem import RegimenError
from twin.quantity import Assumed
from twin.records import Records, column, in_time
from twin.solve.flat import likely

NEW = "new"
"""What the occasion is called that begins behind a patient's last record."""


@dataclass(frozen=True)
class InTime:
    """How a table says what changes in time.

    `carried`: what holds between records (`twin.fit.stretches.CARRIED`); `occasion`: the column that says which
    occasion a record is of, "" for none; `ahead`: whether what is behind the last record is an occasion of its own.
    """

    carried: str = NOCB
    occasion: str = ""
    ahead: bool = False


AS_NONMEM = InTime()


@dataclass(frozen=True, eq=False)
class Changing:
    """What changes in the time of patients, and which of it holds when.

    - `covariates`, of those that change, by name: what the model reads, [stretch, patient];
    - `occasion` [stretch, patient]: the occasion's number, from 0; `occasions`: each patient's, as written.
    """

    held: tuple[Held, ...]
    covariates: Mapping[str, Codes]
    occasion: Longs
    occasions: tuple[tuple[str, ...], ...]
    carried: str

    @property
    def stretches(self) -> int:
        """How many a patient has at most."""
        return len(self.occasion)

    @property
    def most_occasions(self) -> int:
        """How many a patient has at most; 0 without a column that says so."""
        return max(map(len, self.occasions))

    def to_json(self) -> dict[str, Any]:
        """Return which covariates change in time, and what holds between records."""
        return {"covariates": list(self.covariates), "between_records": self.carried}

    def notes(self) -> tuple[str, ...]:
        """Say what changes in time, and what holds between records."""
        if not self.covariates:
            return ()
        return (f"within a patient, {', '.join(self.covariates)} changes; between records {CARRIED[self.carried]}",)


def changing(
    model: Model, records: Records, chosen: Sequence[str], given: Mapping[str, str], how: InTime
) -> Changing | None:
    """Return what changes in the time of some patients of a table, None where nothing does.

    Covariates by hand do not, nor do genotypes. Raises `RegimenError`, with line and column, for a value that the model
    does not know, and `ValueError` for settings that do not fit the model.
    """
    if how.carried not in CARRIED:
        raise ValueError(f"got {how.carried!r} for what holds between records, expected one of {', '.join(CARRIED)}")
    if how.occasion and not model.variability.occasions:
        raise ValueError(
            f"{model.name} says nothing of variability between occasions; say what varies, and how much, or leave the"
            f" column {how.occasion} out"
        )
    cells = changing_covariates(model, records, chosen, given)
    if not cells and not how.occasion:
        return None
    occasion = [in_time(records, who, how.occasion) if how.occasion else () for who in chosen]
    return _laid_out(records, chosen, cells, occasion, how)


def changing_covariates(
    model: Model, records: Records, chosen: Sequence[str], given: Collection[str]
) -> dict[str, tuple[Covariate, list[tuple[str, ...]]]]:
    """Return the covariates that change in the time of some patient, and what the records of each say of them."""
    found: dict[str, tuple[Covariate, list[tuple[str, ...]]]] = {}
    for one in model.covariates:
        if one.name in given or isinstance(one, Genotype):
            continue
        if column(records.by_id[chosen[0]], one.name, one.also) is not None:
            cells = [in_time(records, who, one.name, one.also) for who in chosen]
            if any(len(set(own)) > 1 for own in cells):
                found[one.name] = one, cells
    return found


def varying(model: Model, more: Mapping[str, float]) -> Model:
    """Return a model of which more varies between occasions, by the standard deviation on the scale on which it varies.

    Raises `ValueError` for what is no individual parameter.
    """
    if not more:
        return model
    fields = likely(model)._fields
    if strange := [name for name in more if name not in fields]:
        raise ValueError(
            f"{model.name} has no individual parameter {strange[0]!r}; expected any of {', '.join(fields)}"
        )
    if any(not value > 0 for value in more.values()):
        raise ValueError("a standard deviation between occasions is above 0")
    units = {name: one.unit for name, one in model.variability.between.items()}
    own = {
        name: Assumed(value, units[name] if units.get(name) in ("SD", "SD(logit)") else "SD(log)", "where a fit begins")
        for name, value in more.items()
    }
    variability = replace(model.variability, occasions={**model.variability.occasions, **own})
    return replace(model, variability=variability)


def _laid_out(
    records: Records,
    chosen: Sequence[str],
    cells: Mapping[str, tuple[Covariate, list[tuple[str, ...]]]],
    occasion: Sequence[Sequence[str]],
    how: InTime,
) -> Changing:
    """Return stretches from what records say of covariates that change, by name and patient, and of occasions."""
    whole, values, numbers, names = [], [], [], []
    for place, who in enumerate(chosen):
        record = records.by_id[who]
        count, own = len(record.record_h), [one[place] for _, one in cells.values()]
        occasions, named = numbered(occasion[place] or [""] * count)
        record_of, labels = numbered(list(zip(*own, occasions.tolist(), strict=True)))
        behind = None
        if how.ahead and how.occasion:
            behind, named = len(labels), [*named, NEW]
            labels.append((*labels[int(record_of[-1])][:-1], len(named) - 1))
        whole.append(held(record.record_h, record.record_line, record_of, how.carried, behind))
        lines = [
            record.record_line[np.argmax(record_of == min(number, record_of.max()))] for number in range(len(labels))
        ]
        values.append(
            [_read(records.place, cells, label[:-1], line) for label, line in zip(labels, lines, strict=True)]
        )
        numbers.append([label[-1] for label in labels])
        names.append(tuple(named) if how.occasion else ())
    longest = max(map(len, numbers))
    covariates = {}
    for place, (name, (asked, _)) in enumerate(cells.items()):
        padded = [[one[place] for one in own] + [own[-1][place]] * (longest - len(own)) for own in values]
        flat = np.array(padded, dtype=object).T.ravel()
        covariates[name] = encode([asked], {name: flat}, flat.size)[name].reshape(longest, len(chosen))
    padded = [one + [0] * (longest - len(one)) for one in numbers]
    return Changing(tuple(whole), covariates, np.array(padded, np.int64).T, tuple(names), how.carried)


def _read(
    place: str, cells: Mapping[str, tuple[Covariate, list[tuple[str, ...]]]], texts: Sequence[str], line: int
) -> list[Any]:
    """Return the values that the model reads in one stretch."""
    found = []
    for (name, (asked, _)), text in zip(cells.items(), texts, strict=True):
        value = asked.read(text)
        if value is None and (text or asked_for(asked)):
            came = f"got {text!r}" if text else "nothing there"
            raise RegimenError(f"{place} {line}, column {name}: {came}, expected {asked.expected}")
        found.append(value)
    return found
