"""Settings: what a user may say of how a fit reads its table, where it begins and how far it goes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from twin.fit.stretches import NOCB


@dataclass(frozen=True)
class FitSettings:
    """What may be said of a fit.

    - `given`: covariates that the table does not have, alike for all patients, as text;
    - `called`: what a DVID stands for, where it is neither an observable's name nor its number;
    - `start`: where the search for a population's parameter begins, if not at the model's own value;
    - `fixed`: what stays as it is, beside what the model itself says so of; `free`: what of the latter is fitted after
      all;
    - `carried`: what holds between records of a covariate that changes (`twin.fit.stretches.CARRIED`);
    - `occasion`: the column that says which occasion a record is of;
    - `between_occasions`: what varies between occasions, beside what the model says so of, by the field of the
      individual parameters: a standard deviation on the scale on which it varies between patients, where a search
      begins;
    - `most_steps`: after so many the search for a population is paused;
    - `seed`: of all that is drawn.
    """

    given: Mapping[str, str] = field(default_factory=dict)
    called: Mapping[str, str] = field(default_factory=dict)
    start: Mapping[str, float] = field(default_factory=dict)
    fixed: Sequence[str] = ()
    free: Sequence[str] = ()
    carried: str = NOCB
    occasion: str = ""
    between_occasions: Mapping[str, float] = field(default_factory=dict)
    most_steps: int = 500
    seed: int = 0
