"""The options of planning, in groups: what is compared, when it is looked at, what else is known."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import typer

from panakeia.options import decimal, decimals, share, whole
from twin.trials.design.spending import KINDS, SPENDING

if TYPE_CHECKING:
    from twin.trials.design.boundaries import Looks
    from twin.trials.design.comparison import Comparison
    from twin.trials.design.coprimary import CoPrimary
    from twin.trials.design.plan import Beside
    from twin.trials.design.timing import Course

    Kind: TypeAlias = str
    Spending: TypeAlias = str
    Numbers: TypeAlias = tuple[float, ...]
else:  # typer shows these values in an option's help, and refuses others; of a tuple it would ask for each item apart
    Kind = Literal[KINDS]
    Spending = Literal[SPENDING]
    Numbers = tuple


def number_option(text: str) -> Any:
    """Return an option that is a number."""
    return typer.Option(help=text, parser=decimal, metavar="NUMBER")


def share_option(text: str) -> Any:
    """Return an option that is a fraction from 0 to 1."""
    return typer.Option(help=text, parser=share, metavar="SHARE")


def numbers_option(text: str, metavar: str) -> Any:
    """Return an option that is numbers with commas between them."""
    return typer.Option(help=text, parser=decimals, metavar=metavar)


def named(names: list[str]) -> str:
    """Return how options are written.

    >>> named(["sd_control", "effect"])
    '--sd-control, --effect'
    """
    return ", ".join(f"--{name.replace('_', '-')}" for name in names)


AlphaOption = Annotated[float, share_option("Type I error, of all sides together.")]
SidesOption = Annotated[int, typer.Option(help="1 or 2 sides.", parser=whole(1, 2), metavar="1|2")]
BetaOption = Annotated[float, share_option("Type II error.")]
StopKindOption = Annotated[Kind | None, typer.Option(help="How to stop early; else there is one look.")]
KindOption = Annotated[Kind, typer.Option(help="A shape of the bounds, or a spending function.")]


@dataclass(frozen=True)
class StopOptions:
    """How bounds are placed, beside their kind."""

    parameter: Annotated[float | None, number_option("Of wang-tsiatis, hsd and kim-demets.")] = None
    spend_from: Annotated[float, share_option("Spend no alpha before this share of the information.")] = 0.0
    futility: Annotated[Spending | None, typer.Option(help="Stop for futility too, by spending beta so.")] = None
    futility_parameter: Annotated[float | None, number_option("The parameter of --futility.")] = None
    binding: Annotated[bool, typer.Option("--binding", help="Who must stop for futility may spend more alpha.")] = False

    def looks(
        self, kind: str | None, information: tuple[float, ...] | None, errors: tuple[float, int, float]
    ) -> "Looks":
        """Return the looks with their (alpha, sides, beta); raise `ValueError` for options that do not go together."""
        from twin.trials.design.boundaries import Looks
        from twin.trials.design.spending import Rule

        stated = self.futility is not None or self.parameter is not None or self.spend_from > 0.0
        if kind is None and (information is not None or stated):
            raise ValueError("interim looks need --kind: how the bounds are placed")
        if kind is not None and information is None:
            raise ValueError("--kind needs --looks, their number, or --information, their shares")
        if self.futility is None and self.futility_parameter is not None:
            raise ValueError("--futility-parameter needs --futility: how beta is spent")
        rule = Rule(kind or "obrien-fleming", self.parameter, self.spend_from)
        spends = None if self.futility is None else Rule(self.futility, self.futility_parameter)
        return Looks(rule, information or (1.0,), *errors, spends, self.binding)


@dataclass(frozen=True)
class LookOptions:
    """When a trial is looked at."""

    looks: Annotated[int | None, typer.Option(help="So many looks, evenly.", parser=whole(1, 50), metavar="K")] = None
    information: Annotated[Numbers | None, numbers_option("Or the looks' shares of the information.", ".5,.75,1")] = (
        None
    )

    @property
    def shares(self) -> tuple[float, ...] | None:
        """Return the looks' information; None where there is no word of looks."""
        from twin.trials.design.boundaries import equally_spaced

        if self.looks is not None and self.information is not None:
            raise ValueError("give either --looks, evenly spaced, or --information, their shares")
        return self.information if self.looks is None else equally_spaced(self.looks)


@dataclass(frozen=True)
class ComparisonOptions:
    """What is compared, and the effect that is assumed."""

    endpoint: Annotated[Literal["mean", "rate", "survival"], typer.Option(help="What the arms are compared by.")]
    effect: Annotated[float | None, number_option("mean: the difference of treatment and control.")] = None
    sd: Annotated[float | None, number_option("mean: the deviation within an arm.")] = None
    sd_control: Annotated[float | None, number_option("mean: the deviation on control, if it is another.")] = None
    known_sd: Annotated[bool, typer.Option("--known-sd", help="mean: the test knows the deviation (z, not t).")] = False
    treatment: Annotated[float | None, number_option("rate: that on treatment.")] = None
    control: Annotated[float | None, number_option("rate: that on control.")] = None
    hazard_ratio: Annotated[float | None, number_option("survival: treatment's hazard over control's.")] = None
    events: Annotated[
        float | None, share_option("survival: share of patients with the event; then sizes count patients.")
    ] = None
    null: Annotated[
        float | None,
        number_option("What is to be refuted: no effect, or the margin of non-inferiority, with its sign."),
    ] = None
    ratio: Annotated[float, number_option("Patients on treatment for each one on control.")] = 1.0

    def comparison(self) -> "Comparison":
        """Return what the options say of the endpoint; raise `ValueError` for what it lacks or does not have."""
        stated = {name: value for name, value in vars(self).items() if name not in ("endpoint", "ratio", "known_sd")}
        return compared(self.endpoint, stated | {"known_sd": self.known_sd or None}, self.ratio)


_STATED: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "mean": (("effect", "sd"), ("sd_control", "known_sd", "null")),
    "rate": (("treatment", "control"), ("null",)),
    "survival": (("hazard_ratio",), ("null", "events")),
}
"""Endpoint -> the options that it needs, and those that it may have."""


def compared(endpoint: str, stated: dict[str, Any], ratio: float) -> "Comparison":
    """Return a comparison from what is stated of it by name, where not None; raise `ValueError` for a misfit."""
    from twin.trials.design.comparison import Events, Means, Rates, Survival

    timed = Survival if stated.get("events") is None else Events
    made: dict[str, Any] = {"mean": Means, "rate": Rates, "survival": timed}
    needed, also = _STATED[endpoint]
    given = {name: value for name, value in stated.items() if value is not None}
    if lacking := [name for name in needed if name not in given]:
        raise ValueError(f"--endpoint {endpoint} needs {named(lacking)}")
    if other := [name for name in given if name not in (*needed, *also)]:
        raise ValueError(f"--endpoint {endpoint} has no {named(other)}: it takes {named([*needed, *also])}")
    return made[endpoint](**given, allocation=ratio)  # type: ignore[no-any-return]


@dataclass(frozen=True)
class TogetherOptions:
    """Endpoints beside the first one that must all show their effect."""

    co_primary: Annotated[
        list[str] | None,
        typer.Option(help="Another endpoint that must show its effect too, repeatable.", metavar="mean,effect=.4,sd=1"),
    ] = None
    correlation: Annotated[float | None, number_option("How co-primary endpoints correlate.")] = None

    def together(self, first: "Comparison", ratio: float) -> "CoPrimary | None":
        """Return all endpoints; None where there is one. Raises `ValueError` for what cannot be read."""
        from twin.trials.design.coprimary import CoPrimary

        if not self.co_primary:
            if self.correlation is not None:
                raise ValueError("--correlation is between endpoints: name another one by --co-primary")
            return None
        if self.correlation is None:
            raise ValueError("--co-primary needs --correlation: how the endpoints go together, 0 if not at all")
        others = [self._other(text, ratio) for text in self.co_primary]
        return CoPrimary((first, *others), self.correlation)

    @staticmethod
    def _other(text: str, ratio: float) -> "Comparison":
        endpoint, *parts = [part.strip() for part in text.split(",")]
        pairs = [part.partition("=") for part in parts]
        if endpoint not in _STATED or not all(equals for _, equals, _ in pairs):
            raise ValueError(f"--co-primary: got {text!r}, expected an endpoint and NAME=VALUE, as mean,effect=.4,sd=1")
        return compared(endpoint, {name.replace("-", "_"): decimal(value) for name, _, value in pairs}, ratio)


@dataclass(frozen=True)
class CourseOptions:
    """How patients come, fail and leave: lists with a value for each piece."""

    control_median: Annotated[
        Numbers | None, numbers_option("survival: median time on control; with --accrual, --follow-up.", "M[,M]")
    ] = None
    changes: Annotated[
        Numbers | None, numbers_option("survival: times since entry at which the hazard changes.", "T[,T]")
    ] = None
    accrual: Annotated[Numbers | None, numbers_option("survival: how long patients are enrolled.", "T[,T]")] = None
    enrolment: Annotated[
        Numbers | None, numbers_option("survival: patients a unit of time in each piece of --accrual.", "N[,N]")
    ] = None
    follow_up: Annotated[float | None, number_option("survival: how long the last patient is followed.")] = None
    dropout: Annotated[float | None, number_option("survival: hazard of leaving, in the same unit of time.")] = None

    def beside(self, endpoint: str, effect_sd: float | None, lost: float) -> "Beside":
        """Return what else the options tell; raise `ValueError` for a half of what tells how patients come."""
        from twin.trials.design.plan import Beside
        from twin.trials.design.timing import Accrual, Enrolment

        given = [name for name, value in vars(self).items() if value is not None]
        if not given:
            return Beside(effect_sd, None, lost)
        if endpoint != "survival":
            raise ValueError(f"--endpoint {endpoint} has no {named(given)}: only events take time")
        if self.control_median is None or self.accrual is None or self.follow_up is None:
            lacking = [name for name in ("control_median", "accrual", "follow_up") if name not in given]
            raise ValueError(f"{named(given)} need {named(lacking)} too, to tell how many patients events take")
        enrolment = Enrolment(self.enrolment or (1.0,) * len(self.accrual), self.accrual)
        medians, changes = self.control_median, self.changes or ()
        return Beside(effect_sd, Accrual(enrolment, self.follow_up, medians, changes, self.dropout or 0.0), lost)

    def course(self, ratios: tuple[float, ...], allocation: float) -> "Course":
        """Return how a trial with these patients goes; raise `ValueError` for what is lacking."""
        from twin.trials.design.timing import Course, Enrolment, Hazards

        if self.control_median is None or self.accrual is None or self.enrolment is None:
            needed = ("control_median", "accrual", "enrolment")
            raise ValueError(f"when events come needs {named([name for name in needed if vars(self)[name] is None])}")
        hazards = Hazards.of_medians(self.control_median, ratios, self.changes or (), self.dropout or 0.0)
        return Course(Enrolment(self.enrolment, self.accrual), hazards, allocation)
