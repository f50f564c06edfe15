"""One patient of whom a genotype may not be known: a mixture of whom the patient may be, each as likely as it is."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.covariates import Asking, Continuous, Covariate, Genotype, asked_for, parts
from twin.patient import Cohort, PatientError

BY_HAND, MARGINALISED, STANDS_IN = (
    "set by hand",
    "not known, marginalised",
    "not known, the model's default",
)
"""Where a covariate comes from."""


@dataclass(frozen=True)
class Told:
    """Where a covariate comes from: `how` is `BY_HAND`, `MARGINALISED`, `STANDS_IN`, or "from ..."

    `value` is as the model writes it, None where it is marginalised; `source` says more.
    """

    name: str
    value: str | None
    how: str
    source: str = ""

    def to_json(self) -> dict[str, str | None]:
        """Return it as JSON values."""
        return {"name": self.name, "value": self.value, "how": self.how, "source": self.source or None}

    def to_text(self) -> str:
        """Return a line that says it."""
        value = "" if self.value is None else f" {self.value}"
        return f"{self.name}{value}: {self.how}" + (f" ({self.source})" if self.source else "")


@dataclass(frozen=True, eq=False)
class Mixture:
    """One patient as a model may see them: a row for each combination of what is not known, and how likely it is.

    `covariates` [row] by name, `shares` [row] sum to 1; `told` says of each covariate where it comes from.
    """

    id: str
    covariates: Mapping[str, NDArray[Any]]
    shares: NDArray[np.float64]
    told: tuple[Told, ...]

    @property
    def certain(self) -> bool:
        """Whether all that the model asks for is known."""
        return len(self.shares) == 1

    @property
    def cohort(self) -> Cohort:
        """The rows, all under the patient's id: whoever the patient is, the luck is the same."""
        return Cohort((self.id,) * len(self.shares), self.covariates)

    @property
    def marginalised(self) -> tuple[str, ...]:
        """The covariates that are not known."""
        return tuple(told.name for told in self.told if told.how == MARGINALISED)

    def notes(self, unknown_share: Mapping[str, float]) -> tuple[str, ...]:
        """Say where each covariate comes from, and of what is not known, how much of what varies it is."""
        spread = ", ".join(f"{share:.0%} of the {name}'s variance" for name, share in unknown_share.items())
        of_whom = f"at the last time, what is not known of {' and '.join(self.marginalised)} is {spread}"
        return (*(one.to_text() for one in self.told), *((of_whom,) if unknown_share else ()))

    def likely(self, name: str, shares: NDArray[np.float64] | None = None) -> dict[str, float]:
        """Return how likely each value of a covariate is; by other shares of the rows, if given."""
        weights = self.shares if shares is None else shares
        values = [str(value) for value in self.covariates[name]]
        return {one: float(weights[[value == one for value in values]].sum()) for one in dict.fromkeys(values)}


def as_text(given: Mapping[str, str | float] | None) -> dict[str, str]:
    """Return values given in Python as the text that a command has.

    >>> as_text({"weight_kg": 80})
    {'weight_kg': '80'}
    """
    return {name: str(value) for name, value in (given or {}).items()}


def mixture(
    model: Asking,
    who: str,
    stated: Mapping[str, str],
    given: Mapping[str, str] | None = None,
    *,
    possible: Mapping[str, Collection[str]] | None = None,
    place: str = "the patient's record",
) -> Mixture:
    """Return one patient from what is stated, by `place`, and what is given by hand, which counts first; both as text.

    What is given by hand also counts before a recorded number that follows from it: a surface, of a weight.
    A genotype that neither tells is one of those `possible` (all if not said), as likely as in the patient's group.
    Raises `PatientError` for a name that the model does not ask for, a value that it does not know (not repeated where
    a record states it), and, all at once, for what is missing.
    """
    hand = given or {}
    _check_names(model, hand)
    all_stated = {**stated, **hand}
    known, told, open_levels, missing = dict[str, Any](), list[Told](), dict[str, dict[str, float]](), list[Covariate]()
    for covariate in model.covariates:
        name = covariate.name
        text = hand.get(name, stated.get(name, ""))
        how, source = _how(name in hand, place), ""
        derived = covariate.derived if isinstance(covariate, Continuous) and name not in hand else None
        if derived and (not text or any(one.name in hand for one in derived.of)):
            text, source = derived.text(all_stated), derived.source
            how = f"from {derived.told(all_stated)}" if text else how
        value = covariate.read(text)
        if value is None and text:
            raise PatientError(_refused(covariate, model, place, text if name in hand else None))
        if value is not None:
            known[name] = value
            told.append(Told(name, f"{value:g}" if isinstance(value, float) else value, how, source))
        elif isinstance(covariate, Genotype) and covariate.frequencies and asked_for(covariate):
            open_levels[name], source = _open(covariate, model, all_stated, (possible or {}).get(name))
            told.append(Told(name, None, MARGINALISED, source))
        elif asked_for(covariate):
            missing.append(covariate)
        elif covariate.default is not None:
            told.append(Told(name, str(covariate.default), STANDS_IN))
    if missing:
        raise PatientError(_asking(missing, model, place))
    return Mixture(who, *_rows(model, known, open_levels), tuple(told))


def groups(model: Asking) -> dict[str, tuple[str, ...]]:
    """Return what the frequencies of a model's genes go by, with the levels that they know: a race."""
    return {
        gene.frequencies.by: tuple(gene.frequencies.shares)
        for gene in model.covariates
        if isinstance(gene, Genotype) and gene.frequencies
    }


def _check_names(model: Asking, given: Mapping[str, str]) -> None:
    """Raise `PatientError` for what the model does not ask for, and what the groups of its genes do not know."""
    known, own = groups(model), [covariate.name for covariate in model.covariates]
    told_by = {part.name: part for covariate in model.covariates for part in parts(covariate)}
    for name, text in given.items():
        if name in told_by and name not in own:
            if told_by[name].read(text) is None:
                raise PatientError(f"--set {name}={text}: expected {told_by[name].expected}")
            continue
        if name not in own and name not in known:
            asked = ", ".join(dict.fromkeys([*own, *told_by, *known])) or "nothing"
            raise PatientError(f"--set {name}: {model.name} asks for no such covariate; it asks for {asked}")
        if name not in own and text not in known[name]:
            raise PatientError(f"--set {name}={text}: expected one of {', '.join(known[name])}")


def _refused(covariate: Covariate, model: Asking, place: str, given: str | None) -> str:
    if given is not None:
        return f"--set {covariate.name}={given}: expected {covariate.expected}"
    return (
        f"{place} states a {covariate.name} that {model.name} does not know: expected {covariate.expected};"
        f" --set {covariate.name}=VALUE puts another in its place"
    )


def _asking(missing: Sequence[Covariate], model: Asking, place: str) -> str:
    listed = ", ".join(
        f"{one.name} ({one.expected}"
        + (f"; or {', '.join(part.name for part in parts(one))}, from which it follows)" if parts(one) else ")")
        for one in missing
    )
    written = " ".join(f"--set {one.name}=VALUE" for one in missing)
    return f"{place} lacks {', '.join(one.name for one in missing)}, which {model.name} needs: {listed}; add {written}"


def _how(by_hand: bool, place: str) -> str:
    return BY_HAND if by_hand else f"from {place}"


def _open(
    gene: Genotype, model: Asking, known: Mapping[str, str], possible: Collection[str] | None
) -> tuple[dict[str, float], str]:
    """Return how likely each diplotype is that may be, and by what."""
    assert gene.frequencies is not None
    by = gene.frequencies.by
    text = known.get(by, "")
    group = next((one.read(text) for one in model.covariates if one.name == by), text)
    counted = str(group) if group in gene.frequencies.shares else next(iter(gene.frequencies.shares))
    assumed = "" if group == counted else f", assumed: no {by} of theirs is known, --set {by}=VALUE states it"
    likely = {
        level: share
        for level, share in gene.likely(counted).items()
        if share > 0 and (possible is None or level in possible)
    }
    whole = sum(likely.values())
    if not whole:
        likely, whole = dict.fromkeys(possible or (), 1.0), float(len(possible or ()))
    told = {level: share / whole for level, share in likely.items()}
    listed = ", ".join(f"{level} {share:.1%}" for level, share in told.items())
    return told, f"{listed}; frequencies of {by} {counted}{assumed}; {gene.frequencies.source}"


def _rows(
    model: Asking, known: Mapping[str, Any], open_levels: Mapping[str, Mapping[str, float]]
) -> tuple[dict[str, NDArray[Any]], NDArray[np.float64]]:
    """Return covariates and shares of each combination of what is open, [row]."""
    combinations = list(product(*open_levels.values()))
    shares = np.array(
        [
            np.prod([open_levels[name][level] for name, level in zip(open_levels, one, strict=True)])
            for one in combinations
        ],
        np.float64,
    )
    drawn = (
        {name: np.array(levels) for name, levels in zip(open_levels, zip(*combinations, strict=True), strict=True)}
        if open_levels
        else {}
    )
    fixed = {name: np.array([value] * len(combinations)) for name, value in known.items()}
    order = [covariate.name for covariate in model.covariates]
    columns = {name: {**fixed, **drawn}[name] for name in order if name in fixed or name in drawn}
    return columns, shares / shares.sum()
