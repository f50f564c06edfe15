"""The commands of planning: a trial's interim looks, size and power."""

from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import typer

from panakeia.ask import Session
from panakeia.options import JsonOption, decimal, share, whole
from panakeia.terminal import print_answer
from twin.trials.design.spending import KINDS, SPENDING

if TYPE_CHECKING:
    from twin.trials.design.boundaries import Looks
    from twin.trials.design.comparison import Comparison
    from twin.trials.design.plan import Beside

    Kind: TypeAlias = str
    Spending: TypeAlias = str
    Shares: TypeAlias = tuple[float, ...]
else:  # typer shows these values in an option's help, and refuses others; of a tuple it would ask for each item apart
    Kind = Literal[KINDS]
    Spending = Literal[SPENDING]
    Shares = tuple

design_app = typer.Typer(help="Plan a trial by formula: interim looks, size, power.", no_args_is_help=True)


def shares(text: str) -> tuple[float, ...]:
    """Return an option that lists shares of the information, with commas between them.

    >>> shares(".5,.75,1")
    (0.5, 0.75, 1.0)
    """
    return tuple(share(part.strip()) for part in str(text).split(","))


AlphaOption = Annotated[float, typer.Option(help="Type I error, of all sides together.", parser=share, metavar="SHARE")]
SidesOption = Annotated[int, typer.Option(help="1 or 2 sides.", parser=whole(1, 2), metavar="1|2")]
ParameterOption = Annotated[
    float | None, typer.Option(help="Of wang-tsiatis, hsd and kim-demets.", parser=decimal, metavar="NUMBER")
]
LooksOption = Annotated[
    int | None, typer.Option(help="So many looks, evenly spaced.", parser=whole(1, 50), metavar="K")
]
InformationOption = Annotated[
    Shares | None, typer.Option(help="Or the looks' shares of the information.", parser=shares, metavar=".5,.75,1")
]
FutilityOption = Annotated[Spending | None, typer.Option(help="Stop for futility too, by spending beta so.")]
FutilityParameterOption = Annotated[
    float | None, typer.Option(help="The parameter of --futility.", parser=decimal, metavar="NUMBER")
]
BindingOption = Annotated[bool, typer.Option("--binding", help="Who must stop for futility may spend more alpha.")]
BetaOption = Annotated[float, typer.Option(help="Type II error.", parser=share, metavar="SHARE")]
KindOption = Annotated[Kind | None, typer.Option(help="How to stop early; else there is one look.")]
EndpointOption = Annotated[Literal["mean", "rate", "survival"], typer.Option(help="What the arms are compared by.")]


def _number(text: str) -> Any:
    return typer.Option(help=text, parser=decimal, metavar="NUMBER")


EffectOption = Annotated[float | None, _number("mean: the difference of treatment and control.")]
SdOption = Annotated[float | None, _number("mean: the deviation within an arm.")]
KnownOption = Annotated[bool, typer.Option("--known-sd", help="mean: the test knows the deviation (z, not t).")]
TreatmentOption = Annotated[float | None, _number("rate: that on treatment.")]
ControlOption = Annotated[float | None, _number("rate: that on control.")]
HazardOption = Annotated[float | None, _number("survival: treatment's hazard over control's.")]
MedianOption = Annotated[float | None, _number("survival: median time on control; with --accrual, --follow-up.")]
AccrualOption = Annotated[float | None, _number("survival: how long patients are enrolled, evenly.")]
FollowOption = Annotated[float | None, _number("survival: how long the last patient is followed.")]
DropoutOption = Annotated[float | None, _number("survival: hazard of leaving, in the same unit of time.")]
NullOption = Annotated[
    float | None, _number("What is to be refuted: no effect, or the margin of non-inferiority, with its sign.")
]
RatioOption = Annotated[float, _number("Patients on treatment for each one on control.")]
EffectSdOption = Annotated[float | None, _number("Deviation of what the effect may be, for the assurance.")]


@design_app.command("boundaries")
def trial_design_boundaries(
    kind: Annotated[Kind, typer.Option(help="A shape of the bounds, or a spending function.")],
    parameter: ParameterOption = None,
    looks: LooksOption = None,
    information: InformationOption = None,
    alpha: AlphaOption = 0.025,
    sides: SidesOption = 1,
    beta: BetaOption = 0.1,
    futility: FutilityOption = None,
    futility_parameter: FutilityParameterOption = None,
    binding: BindingOption = False,
    as_json: JsonOption = False,
) -> None:
    """Design interim looks: bounds on z, error spent, and the sizes beside a trial with one look.

    Example: panakeia trial design boundaries --kind lan-demets-of --information .5,.75,1 --alpha .025 --sides 1
    """
    asked = _looks(kind, parameter, looks, information, (alpha, sides, beta), (futility, futility_parameter, binding))
    print_answer(Session().trial_design_boundaries(asked), as_json=as_json)


@design_app.command("size")
def trial_design_size(
    endpoint: EndpointOption,
    effect: EffectOption = None,
    sd: SdOption = None,
    known_sd: KnownOption = False,
    treatment: TreatmentOption = None,
    control: ControlOption = None,
    hazard_ratio: HazardOption = None,
    control_median: MedianOption = None,
    accrual: AccrualOption = None,
    follow_up: FollowOption = None,
    dropout: DropoutOption = None,
    null: NullOption = None,
    ratio: RatioOption = 1.0,
    power: Annotated[float, typer.Option(help="Chance to see the effect.", parser=share, metavar="SHARE")] = 0.9,
    alpha: AlphaOption = 0.025,
    sides: SidesOption = 1,
    kind: KindOption = None,
    parameter: ParameterOption = None,
    looks: LooksOption = None,
    information: InformationOption = None,
    futility: FutilityOption = None,
    futility_parameter: FutilityParameterOption = None,
    binding: BindingOption = False,
    effect_sd: EffectSdOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell how many patients, or events, a trial needs: of both arms together, with interim looks or without.

    Example: panakeia trial design size --endpoint mean --effect 0.5 --sd 1 --power 0.8 --kind obrien-fleming --looks 3
    """
    of = {"effect": effect, "sd": sd, "known_sd": known_sd or None, "treatment": treatment, "control": control}
    when = {"control_median": control_median, "accrual": accrual, "follow_up": follow_up, "dropout": dropout}
    compared = _comparison(endpoint, of | {"hazard_ratio": hazard_ratio}, null, ratio)
    errors = (alpha, sides, 1.0 - power)
    asked = _looks(kind, parameter, looks, information, errors, (futility, futility_parameter, binding))
    found = Session().trial_design_size(compared, asked, beside=_beside(endpoint, effect_sd, when))
    print_answer(found, as_json=as_json)


@design_app.command("power")
def trial_design_power(
    endpoint: EndpointOption,
    size: Annotated[float, _number("Patients of both arms together; for survival, events.")],
    effect: EffectOption = None,
    sd: SdOption = None,
    known_sd: KnownOption = False,
    treatment: TreatmentOption = None,
    control: ControlOption = None,
    hazard_ratio: HazardOption = None,
    control_median: MedianOption = None,
    accrual: AccrualOption = None,
    follow_up: FollowOption = None,
    dropout: DropoutOption = None,
    null: NullOption = None,
    ratio: RatioOption = 1.0,
    alpha: AlphaOption = 0.025,
    sides: SidesOption = 1,
    beta: Annotated[float, typer.Option(help="What --futility may spend.", parser=share, metavar="SHARE")] = 0.1,
    kind: KindOption = None,
    parameter: ParameterOption = None,
    looks: LooksOption = None,
    information: InformationOption = None,
    futility: FutilityOption = None,
    futility_parameter: FutilityParameterOption = None,
    binding: BindingOption = False,
    effect_sd: EffectSdOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell what a size can do: its power, what to expect of interim looks, and its assurance.

    Example: panakeia trial design power --endpoint mean --size 128 --effect 0.5 --sd 1 --effect-sd 0.2
    """
    of = {"effect": effect, "sd": sd, "known_sd": known_sd or None, "treatment": treatment, "control": control}
    when = {"control_median": control_median, "accrual": accrual, "follow_up": follow_up, "dropout": dropout}
    compared = _comparison(endpoint, of | {"hazard_ratio": hazard_ratio}, null, ratio)
    asked = _looks(kind, parameter, looks, information, (alpha, sides, beta), (futility, futility_parameter, binding))
    found = Session().trial_design_power(compared, size, asked, beside=_beside(endpoint, effect_sd, when))
    print_answer(found, as_json=as_json)


def _looks(
    kind: str | None,
    parameter: float | None,
    looks: int | None,
    information: tuple[float, ...] | None,
    errors: tuple[float, int, float],
    stopping: tuple[str | None, float | None, bool],
) -> "Looks":
    """Return the looks that the options ask for; raise `ValueError` for options that do not go together."""
    from twin.trials.design.boundaries import Looks, equally_spaced
    from twin.trials.design.spending import Rule

    futility, futility_parameter, binding = stopping
    if looks is not None and information is not None:
        raise ValueError("give either --looks, evenly spaced, or --information, their shares")
    if kind is None and (looks is not None or information is not None or futility is not None or parameter is not None):
        raise ValueError("interim looks need --kind: how the bounds are placed")
    if kind is not None and looks is None and information is None:
        raise ValueError("--kind needs --looks, their number, or --information, their shares")
    if futility is None and futility_parameter is not None:
        raise ValueError("--futility-parameter needs --futility: how beta is spent")
    rule = Rule(kind or "obrien-fleming", parameter)
    spends = None if futility is None else Rule(futility, futility_parameter)
    return Looks(rule, information or equally_spaced(looks or 1), *errors, spends, binding)


def _comparison(endpoint: str, stated: dict[str, Any], null: float | None, ratio: float) -> "Comparison":
    """Return what the options say of the endpoint; raise `ValueError` for what it lacks or does not have."""
    from twin.trials.design.comparison import Means, Rates, Survival

    made: dict[str, Any] = {"mean": Means, "rate": Rates, "survival": Survival}
    needed, also = _STATED[endpoint]
    given = {name: value for name, value in stated.items() if value is not None}
    if lacking := [name for name in needed if name not in given]:
        raise ValueError(f"--endpoint {endpoint} needs {_options(lacking)}")
    if other := [name for name in given if name not in (*needed, *also)]:
        raise ValueError(f"--endpoint {endpoint} has no {_options(other)}: it takes {_options([*needed, *also])}")
    null_too = {} if null is None else {"null": null}
    return made[endpoint](**given, **null_too, allocation=ratio)  # type: ignore[no-any-return]


_STATED = {
    "mean": (("effect", "sd"), ("known_sd",)),
    "rate": (("treatment", "control"), ()),
    "survival": (("hazard_ratio",), ()),
}
"""Endpoint -> the options that it needs, and those that it may have."""


def _beside(endpoint: str, effect_sd: float | None, when: dict[str, float | None]) -> "Beside":
    """Return what else the options tell; raise `ValueError` for a half of what tells how patients come."""
    from twin.trials.design.comparison import Accrual
    from twin.trials.design.plan import Beside

    given = {name: value for name, value in when.items() if value is not None}
    if not given:
        return Beside(effect_sd)
    if endpoint != "survival":
        raise ValueError(f"--endpoint {endpoint} has no {_options(list(given))}: only events take time")
    if lacking := [name for name in ("control_median", "accrual", "follow_up") if name not in given]:
        raise ValueError(f"{_options(list(given))} need {_options(lacking)} too, to tell how many patients events take")
    return Beside(effect_sd, Accrual(**given))


def _options(names: "list[str]") -> str:
    return ", ".join(f"--{name.replace('_', '-')}" for name in names)
