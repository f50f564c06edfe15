"""A trial's protocol: what its TOML file may say, checked key by key and as a whole before anything runs."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from itertools import pairwise
from math import lcm
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, Strict, create_model, model_validator

from kg.files.checked import Checked, Flag, Name, Number, Positive, Text, Unit, at_least, check
from twin import library
from twin.covariates import Covariate
from twin.model import Model
from twin.populations.population import Population
from twin.trials.adherences.adherence import Adherence
from twin.trials.allocations.allocation import Allocation
from twin.trials.allocations.fixed import Fixed
from twin.trials.earlier import MOVED, in_todays_form
from twin.trials.endpoints.endpoint import Endpoint
from twin.trials.endpoints.time_to_event import TimeToEvent
from twin.trials.enrolments.at_once import AtOnce
from twin.trials.enrolments.enrolment import Enrolment
from twin.trials.estimand import Estimand, Strategy
from twin.trials.grid import DAY_H, Grid
from twin.trials.hazards.hazard import Hazard
from twin.trials.interims import Interims
from twin.trials.misfits import collisions, misfits
from twin.trials.multiplicities.multiplicity import Multiplicity
from twin.trials.multiplicities.stepwise import Stepwise
from twin.trials.part import Part
from twin.trials.policies.policy import Policy, may_read
from twin.trials.reestimations.reestimation import Reestimation
from twin.trials.scenario import Scenario
from twin.trials.titrations.titration import Titration
from twin.trials.units import Day
from twin.trials.values import OCCASIONS, settable, with_values

_USUAL: Strategy = "treatment_policy"


def _known(model: str) -> str:
    if model not in library.MODELS and not model.lower().endswith(library.OWN):
        raise ValueError(f"got {model!r}, expected {', '.join(library.MODELS)}, or a file of your own")
    return model


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

    name: Name
    model: Annotated[Text, AfterValidator(_known)]
    seed: Annotated[int, Strict(), Field(ge=0)]
    weeks: Annotated[int, Strict(), Field(ge=1, le=520), Unit("week")]
    subjects_per_arm: Annotated[int, Strict(), Field(ge=2, le=100_000)]
    design: Literal["twins", "parallel"]


class Visits(Checked):
    """The days, from 1, on whose morning patients are measured, before that day's dose."""

    days: Annotated[tuple[Day, ...], at_least(2), AfterValidator(_ascending)]


class Conduct(Checked):
    """What happens in a trial besides the protocol: doses missed, measurements with error, a body that varies.

    With `occasion_days`, what a model says of variability between occasions is drawn anew every so many days.
    """

    adherence: Adherence
    measurement_error: Flag
    occasion_days: Day | None = None


class Analysis(Checked):
    """How endpoints are analysed together: the intervals' `level`, and how their p-values are adjusted."""

    level: Annotated[float, Strict(), Field(gt=0.5, lt=1)] = 0.95
    multiplicity: Multiplicity = Field(default_factory=Stepwise)


class Arm(Checked):
    """An arm: its dosing rule, its share of the patients, and what differs from the trial: titration, parameters."""

    name: Name
    policy: Policy
    titration: Titration | Literal["none"] | None = None
    share: Positive = 1.0
    parameters: dict[Text, Number] = Field(default_factory=dict)
    """Values of the model's parameters that differ in this arm, by name: an assumed effect of what is tried in it."""


class TrialDesign(Checked):
    """A whole trial; the first arm is the control, the first endpoint the primary one.

    Its population states the covariates that the model and the arms' rules ask for; it may state others that any
    arm's rules could ask for.
    """

    trial: Outline
    population: Population
    visits: Visits
    conduct: Conduct
    hazards: tuple[Hazard, ...] = ()
    endpoints: Annotated[tuple[Endpoint, ...], at_least(1)]
    estimand: dict[Text, Strategy] = Field(default_factory=dict)
    analysis: Analysis = Field(default_factory=Analysis)
    titration: Titration | None = None
    parameters: dict[Text, Number] = Field(default_factory=dict)
    """The model's numbers that differ from the published ones, by the names that they have in its table."""
    interims: Interims | None = None
    reestimation: Reestimation | None = None
    scenarios: tuple[Scenario, ...] = ()
    vary: dict[Text, Annotated[tuple[Any, ...], at_least(1)]] = Field(default_factory=dict)
    """Keys of the design and the values to try, in all combinations: a scenario each."""
    allocation: Allocation = Field(default_factory=Fixed)
    enrolment: Enrolment = Field(default_factory=AtOnce)
    arms: Annotated[tuple[Arm, ...], at_least(2)]

    @classmethod
    def in_todays_form(cls, content: dict[str, Any]) -> tuple[dict[str, Any], str]:
        """Return a content with today's keys, and which ones moved, in words."""
        found = in_todays_form(content)
        return found, MOVED if found != content else ""

    @classmethod
    def schema_for(cls, content: Mapping[str, Any]) -> type[Self]:
        """Return the schema whose population states the covariates of the model that the content names."""
        outline = content.get("trial")
        model = outline.get("model") if isinstance(outline, Mapping) else None
        asked = _load(model).covariates if isinstance(model, str) and _is_there(model) else ()
        schema: type[Self] = _design_of(cls, asked)
        return schema

    def __reduce__(self) -> tuple[Any, ...]:
        """Say how a copy in another process is made: its schema is found by its content, not by name."""
        return _read_again, (self.model_dump(mode="json", exclude={"population"}), self.population)

    @property
    def model(self) -> Model:
        """The twins' model."""
        return _load(self.trial.model, tuple(self.parameters.items()))

    def model_of(self, arm: Arm) -> Model:
        """Return the twins' model with the arm's own values of parameters."""
        return _load(self.trial.model, tuple((self.parameters | arm.parameters).items()))

    @property
    def days(self) -> int:
        """The number of days with a dose."""
        return 7 * self.trial.weeks

    @property
    def grid(self) -> Grid:
        """The moments of the trial."""
        parts = [round(DAY_H / arm.policy.every_h) for arm in self.arms if arm.policy.every_h < DAY_H]
        return Grid(self.days, lcm(1, *parts), self.visits.days)

    @property
    def asks(self) -> Estimand:
        """What the trial asks; an intercurrent event of which nothing is said is one of treatment policy."""
        events = [hazard.name for hazard in self.hazards if hazard.then in ("stop", "switch")]
        return Estimand(dict.fromkeys(events, _USUAL) | self.estimand)

    @property
    def measured(self) -> tuple[str, ...]:
        """The observables that are measured at visits: those that rules and endpoints look at."""
        return tuple(
            name
            for name in self.model.observables
            if any(name in part.observables for _, part in self.parts if not isinstance(part, Hazard))
        )

    @property
    def parts(self) -> list[tuple[str, Part]]:
        """All choices of the design, each with its key."""
        found: list[tuple[str, Part]] = [("conduct.adherence", self.conduct.adherence)]
        found += [(f"hazards[{place}]", hazard) for place, hazard in enumerate(self.hazards)]
        found += [(f"hazards[{place}].to", one.to) for place, one in enumerate(self.hazards) if one.to]
        for place, endpoint in enumerate(self.endpoints):
            found += [(f"endpoints[{place}]", endpoint), (f"endpoints[{place}].analysis", endpoint.estimator)]
        found += [("allocation", self.allocation), ("enrolment", self.enrolment)]
        found += [("reestimation", self.reestimation)] if self.reestimation else []
        found += [("titration", self.titration)] if self.titration else []
        for place, arm in enumerate(self.arms):
            found += [(f"arms[{place}].policy", arm.policy)]
            found += [(f"arms[{place}].titration", arm.titration)] if isinstance(arm.titration, Titration) else []
        return found

    def titration_of(self, arm: Arm) -> Titration | None:
        """Return the arm's own titration, else the trial's; None where nothing changes a dose."""
        if arm.titration == "none":
            return None
        return arm.titration or self.titration

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        stated = [("parameters", self.parameters, settable(_load(self.trial.model)))]
        of_arms = {name: found for name, found in stated[0][2].items() if name in _load(self.trial.model).parameters}
        stated += [(f"arms[{place}].parameters", arm.parameters, of_arms) for place, arm in enumerate(self.arms)]
        for key, changed, known in stated:
            if unknown := [name for name in changed if name not in known]:
                raise ValueError(f"{key}: {self.trial.model} has no {', '.join(unknown)}; it has {', '.join(known)}")
            published = _load(self.trial.model).theta
            mistaken = [name for name, value in changed.items() if published.get(name, 0.0) > 0 >= value]
            if mistaken:
                told = ", ".join(f"{name}: got {changed[name]:g}, expected > 0" for name in mistaken)
                raise ValueError(f"{key}.{told}")
        if self.conduct.occasion_days is None and any(name.startswith(OCCASIONS) for name in self.parameters):
            raise ValueError("conduct.occasion_days: missing; parameters say how much varies between occasions")
        mistakes = [
            *self._mistakes_in_population(),
            *self._mistakes_in_names(),
            *self._mistakes_in_time(),
            *self._mistakes_in_events(),
            *misfits(self.parts, self._covariates, tuple(arm.share for arm in self.arms)),
        ]
        if mistakes:
            raise ValueError("\n  ".join(dict.fromkeys(mistakes)))
        return self

    @property
    def _covariates(self) -> dict[str, Covariate]:
        """What a population may state, by name."""
        return {covariate.name: covariate for covariate in self.population.covariates}

    def _mistakes_in_population(self) -> list[str]:
        population, outline = self.population, self.trial
        mistakes = [f"population.{told}" for told in population.mistakes()]
        size = outline.subjects_per_arm * (1 if outline.design == "twins" else len(self.arms))
        if population.most is not None and size > population.most:
            told = f"the trial enrols {size:,}, and the population has {population.most:,}"
            mistakes.append(f"trial.subjects_per_arm: {told}; expected fewer, or patients drawn with replacement")
        for key, part in self.parts:
            for name in (*(covariate.name for covariate in part.reads), *part.covariates_read):
                if name not in population.stated:
                    mistakes.append(f"population.{name}: missing; {key} needs it")
        return mistakes

    def _mistakes_in_time(self) -> list[str]:
        days, last = self.visits.days, self.days + 1
        if days[-1] > last:
            return [f"visits.days: got {days[-1]}, expected <= {last}, the morning after the last dose"]
        if self.conduct.occasion_days and not self.model.variability.occasions:
            told = "says nothing of occasions; leave it out, or say how much in parameters"
            return [f"conduct.occasion_days: {self.model.name} {told}"]
        return [f"{key}.{told}" for key, part in self.parts for told in part.mistakes(self.grid)]

    def _mistakes_in_names(self) -> list[str]:
        """Return arms and endpoints that share a name, and observables that the model does not have or measure."""
        mistakes, model = [], self.model
        listed = {
            "arms": [arm.name for arm in self.arms],
            "endpoints": [endpoint.name for endpoint in self.endpoints],
            "hazards": [hazard.name for hazard in self.hazards],
        }
        for what, stated in listed.items():
            names = [" ".join(name.split()).casefold() for name in stated]
            for place, name in enumerate(stated):
                if names[place] in names[:place]:
                    told = f"{what}[{place}].name: got {name!r}, which another of the {what} has"
                    mistakes.append(f"{told}, but for letters' case and blanks; expected a name of its own")
        mistakes += collisions(self.endpoints, listed["hazards"], [*self.population.stated], self.visits.days)
        for key, part in self.parts:
            known = model.observables if isinstance(part, Hazard) else model.errors
            for name in part.observables:
                if name not in known:
                    told = "does not have" if name not in model.observables else "does not say how to measure"
                    expected = ", ".join(known) or "another model"
                    mistakes.append(f"{key}: {model.name} {told} {name!r}; expected {expected}")
        return mistakes

    def _mistakes_in_events(self) -> list[str]:
        mistakes = []
        happening = {hazard.name: hazard for hazard in self.hazards}
        for place, hazard in enumerate(self.hazards):
            if hazard.kind == "of_model" and self.model.hazard is None:
                mistakes.append(f"hazards[{place}].kind: {self.model.name} has no hazard of its own; expected another")
            apart = hazard.to.every_h if hazard.to else None
            if apart and any(arm.policy.every_h != apart for arm in self.arms):
                mistakes.append(f"hazards[{place}].to.every: expected doses as far apart as the arms'")
        kept = ("none", "fixed_sequence")
        if (self.interims or self.reestimation) and self.analysis.multiplicity.kind not in kept:
            told = f"{self.analysis.multiplicity.kind} is not kept over several looks"
            mistakes.append(f"analysis.multiplicity: {told}; expected {' or '.join(kept)}, or no interims")
        primary = self.endpoints[0].estimator.needs
        if self.reestimation and (self.interims or len(self.arms) != 2 or primary != "value" or self.allocation.adapts):
            told = "the size is chosen anew at one look, of two arms, by one value a patient"
            mistakes.append(f"reestimation: {told}; expected no interims, and no allocation that adapts, beside it")
        if self.allocation.adapts and primary != "value":
            told = f"{self.allocation.kind} needs one value a patient, and the primary endpoint has none such"
            mistakes.append(f"allocation: {told}; expected another endpoint first")
        if misfit := self.analysis.multiplicity.misfit(len(self.endpoints) * (len(self.arms) - 1)):
            mistakes.append(f"analysis.multiplicity: {misfit}")
        for place, endpoint in enumerate(self.endpoints):
            unknown = [name for name in getattr(endpoint, "events", ()) if name not in happening]
            if unknown:
                known = ", ".join(happening) or "none is stated: add [[hazards]]"
                mistakes.append(f"endpoints[{place}].events: got {', '.join(unknown)}, expected hazards: {known}")
        for name, strategy in self.estimand.items():
            if name not in happening:
                known = ", ".join(happening) or "none is stated"
                mistakes.append(f"estimand.{name}: no hazard is called so; expected one of: {known}")
            elif happening[name].then == "leave":
                told = "leaving is no intercurrent event, but missing data: choose an endpoints[].analysis for it"
                mistakes.append(f"estimand.{name}: {told}")
            elif strategy == "hypothetical" and any(name in getattr(one, "events", ()) for one in self.endpoints):
                mistakes.append(f"estimand.{name}: hypothetical, but an endpoint counts it; expected another strategy")
            elif strategy == "composite":
                mistakes += [
                    f"estimand.{name}: composite, but endpoint {one.name!r} has no value that means failure"
                    for one in self.endpoints
                    if one.failure != one.failure and not isinstance(one, TimeToEvent)
                ]
        return mistakes


def _is_there(model: str) -> bool:
    try:
        _load(model)
    except (ValueError, OSError):
        return False
    return True


@cache
def _load(model: str, changed: tuple[tuple[str, float], ...] = ()) -> Model:
    """Return a model, some of its numbers with other values, which are then assumptions."""
    return with_values(library.load(model), dict(changed))


@cache
def _design_of(schema: type[TrialDesign], asked: tuple[Covariate, ...]) -> Any:
    """Return the schema of a trial whose model asks for these covariates."""
    known = {covariate.name: replace(covariate, needed=False) for covariate in may_read()}
    known |= {covariate.name: covariate for covariate in asked}
    population = Population.stating(tuple(known.values()))
    return create_model("TrialDesign", __base__=schema, population=(population, ...))


def _read_again(content: dict[str, Any], population: Population) -> TrialDesign:
    return check({**content, "population": population}, TrialDesign, "the trial")
