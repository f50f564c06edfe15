"""A trial's protocol: what its TOML file may say, checked key by key and as a whole before anything runs."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, Strict, create_model, model_validator

from kg.files.checked import Checked, Count, Number, Positive, Share, Text, at_least, check
from twin import library
from twin.covariates import Continuous, Covariate
from twin.estimate import LONGEST_GAP_DAYS
from twin.library.warfarin.dosing import MAY_READ, REVISION_DAY, EuPact, Start, Titration
from twin.population import Population, schema_of

INR = "INR"
"""The observable that arms are titrated on and compared by."""


def _known(model: str) -> str:
    if not _measures(model):
        raise ValueError(f"got {model!r}, expected {', '.join(filter(_measures, library.MODELS))}")
    return model


def _measures(model: str) -> bool:
    """Return whether a library has the model, and it says what arms are titrated on, and how that is measured."""
    return model in library.MODELS and INR in library.load(model).errors


def _ascending(days: tuple[int, ...]) -> tuple[int, ...]:
    for earlier, later in pairwise(days):
        if later <= earlier:
            raise ValueError(f"got {later} after {earlier}, expected ascending days")
    return days


class Outline(Checked):
    """The trial's name, twin model, seed and size.

    In the design "twins" each virtual patient goes through every arm with the same luck, so that both potential
    outcomes are known; in "parallel" each is allocated to one arm at random, as in a real trial.
    """

    name: Text
    model: Annotated[Text, AfterValidator(_known)]
    seed: Annotated[int, Strict(), Field(ge=0)]
    weeks: Annotated[int, Strict(), Field(ge=1, le=104)]
    subjects_per_arm: Annotated[int, Strict(), Field(ge=2, le=100_000)]
    design: Literal["twins", "parallel"]


class Visits(Checked):
    """The days, from 1, on whose morning the INR is measured, before that day's dose."""

    days: Annotated[tuple[Count, ...], at_least(2), AfterValidator(_ascending)]


class Conduct(Checked):
    """What happens in a trial besides the protocol: doses forgotten, patients lost, INRs measured with error."""

    adherence: Share
    dropout_per_week: Annotated[float, Strict(), Field(ge=0, lt=1)]
    measurement_error: Annotated[bool, Strict()]


class Endpoint(Checked):
    """The share of time from `from_day` on with INR in [inr_low, inr_high], on measured INRs or on the true ones."""

    inr_low: Positive
    inr_high: Number
    from_day: Count
    method: Literal["rosendaal", "daily_true"]

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.inr_low >= self.inr_high:
            raise ValueError(f"inr_low must be below inr_high, got {self.inr_low:g} and {self.inr_high:g}")
        return self


class Arm(Checked):
    """An arm: its starting rule, and its titration where that differs from the trial's."""

    name: Text
    start: Start
    titration: Titration | None = None


class TrialDesign(Checked):
    """A whole trial; the first arm is the control.

    Its population states the covariates that the model and the arms' rules ask for; it may state others that any
    arm's rules could ask for.
    """

    trial: Outline
    population: Population
    visits: Visits
    conduct: Conduct
    endpoint: Endpoint
    titration: Titration | None = None
    arms: Annotated[tuple[Arm, ...], at_least(2)]

    @classmethod
    def schema_for(cls, content: Mapping[str, Any]) -> type[Self]:
        """Return the schema whose population states the covariates of the model that the content names."""
        outline = content.get("trial")
        model = outline.get("model") if isinstance(outline, Mapping) else None
        asked = library.load(model).covariates if model in library.MODELS else ()
        schema: type[Self] = _design_of(cls, asked)
        return schema

    def __reduce__(self) -> tuple[Any, ...]:
        """Say how a copy in another process is made: its schema is found by its content, not by name."""
        return _read_again, (self.model_dump(mode="json"),)

    @property
    def days(self) -> int:
        """Return the number of days with a dose."""
        return 7 * self.trial.weeks

    @property
    def _bridged(self) -> bool:
        """Whether the INR can be interpolated between any two visits that count."""
        counted = [day for day in self.visits.days if day >= self.endpoint.from_day]
        return any(later - earlier <= LONGEST_GAP_DAYS for earlier, later in pairwise(counted))

    def titration_of(self, arm: Arm) -> Titration:
        """Return the arm's own titration, else the trial's."""
        titration = arm.titration or self.titration
        assert titration is not None, "a checked design has one for every arm"
        return titration

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        mistakes = [*self._mistakes_in_population(), *self._mistakes_in_time(), *self._mistakes_in_arms()]
        if mistakes:
            raise ValueError("\n  ".join(mistakes))
        return self

    def _mistakes_in_population(self) -> list[str]:
        mistakes, stated = [], self.population.stated
        for covariate in self.population.covariates:
            if isinstance(covariate, Continuous) and covariate.name in stated:
                key, spread = f"population.{covariate.name}", stated[covariate.name]
                if spread.lower < covariate.lower:
                    mistakes.append(f"{key}.lower: got {spread.lower:g}, expected >= {covariate.lower:g}")
                if spread.upper > covariate.upper:
                    mistakes.append(f"{key}.upper: got {spread.upper:g}, expected <= {covariate.upper:g}")
        for index, arm in enumerate(self.arms):
            for covariate in arm.start.covariates:
                if covariate.name not in stated:
                    mistakes.append(f"population.{covariate.name}: missing; arms[{index}].start needs it")
        return mistakes

    def _mistakes_in_time(self) -> list[str]:
        mistakes = []
        days, last = self.visits.days, self.days + 1
        if days[-1] > last:
            mistakes.append(f"visits.days: got {days[-1]}, expected <= {last}, the morning after the last dose")
        if self.endpoint.from_day > days[-2]:
            expected = f"expected <= {days[-2]}, so that two visits are on or after it"
            mistakes.append(f"endpoint.from_day: got {self.endpoint.from_day}, {expected}")
        elif self.endpoint.method == "rosendaal" and not self._bridged:
            told = f"visits.days: no two of day {self.endpoint.from_day} or later are at most {LONGEST_GAP_DAYS:g} days"
            mistakes.append(f"{told} apart, and time in range is not interpolated over more; expected more visits")
        return mistakes

    def _mistakes_in_arms(self) -> list[str]:
        mistakes = []
        names = [" ".join(arm.name.split()).casefold() for arm in self.arms]
        for index, arm in enumerate(self.arms):
            key = f"arms[{index}]"
            if names[index] in names[:index]:
                told = f"{key}.name: got {arm.name!r}, which another arm has, but for letters' case and blanks"
                mistakes.append(f"{told}; expected a name of its own")
            titration, where = (arm.titration, f"{key}.titration") if arm.titration else (self.titration, "titration")
            if titration is None:
                mistakes.append(f"{key}.titration: missing; give it here, or once for all arms as [titration]")
                continue
            if titration.from_day > self.visits.days[-1]:
                mistakes.append(f"{where}.from_day: got {titration.from_day}, expected <= the last visit's day")
            if isinstance(arm.start, EuPact) and arm.start.revision is not None:
                if REVISION_DAY not in self.visits.days:
                    mistakes.append(f"visits.days: without {REVISION_DAY}, whose INR {key}.start.revision needs")
                if titration.from_day > REVISION_DAY:
                    mistakes.append(f"{where}.from_day: got {titration.from_day}, expected <= {REVISION_DAY} for {key}")
        return mistakes


@cache
def _design_of(schema: type[TrialDesign], asked: tuple[Covariate, ...]) -> Any:
    """Return the schema of a trial whose model asks for these covariates."""
    known = {covariate.name: replace(covariate, needed=False) for covariate in MAY_READ}
    known |= {covariate.name: covariate for covariate in asked}
    population = schema_of(tuple(known.values()))
    return create_model("TrialDesign", __base__=schema, population=(population, ...))


def _read_again(content: dict[str, Any]) -> TrialDesign:
    return check(content, TrialDesign, "the trial")
