"""The verb of policies: rules that choose doses, scored on patients of a model and of a second one."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kg.files.table import write_csv
from kg.files.text import create_text
from kg.output import whole_file
from panakeia.answer import Table
from panakeia.verbs.held import Held, check_output, into
from panakeia.verbs.twins import TWIN

if TYPE_CHECKING:
    from twin.model import Model
    from twin.patient import Cohort

POLICIES = ("typical", "twin")
PATIENTS = 100
"""Virtual patients of a model that asks nothing of them."""


class PolicyVerbs(Held):
    """Score policies."""

    def twin_policies(
        self,
        target: str,
        days: Sequence[float],
        *,
        high: float,
        policies: Sequence[str] = POLICIES,
        model: str = TWIN,
        second: str | None = None,
        cohort: "str | Path | Cohort | None" = None,
        low: float = 0.0,
        step: float | None = None,
        every: str = "24h",
        seed: int = 0,
        out: str | Path | None = None,
    ) -> Table:
        """Score rules that choose doses by how long they keep patients in a range, in a model and in a second one.

        The target is a range, OBSERVABLE=2:3; on `days`, from 0, patients are measured and dosed until the next, the
        last day is the end. Policies are written as `twin.dose.named` says. `second` is the model that holds the first
        to account: the library's own second one of the drug if not given.
        """
        from twin import library
        from twin.dose.asked import Bounds
        from twin.dose.named import policy_of
        from twin.dose.policy import score
        from twin.dose.target import DoseError, parse_hours, parse_target
        from twin.dose.visits import Care

        if out is not None:
            check_output(out, cohort, model, second)
        names = [model, *([other] if (other := second or library.SECOND.get(model)) else [])]
        if len(set(names)) < len(names):
            raise ValueError(f"the second model is {model} too; expected another one of the same drug (--second)")
        models = [library.load(name) for name in names]
        wanted = parse_target(target, models[0])
        if not wanted.is_range:
            raise DoseError(f"target {target!r}: expected a range to be kept in, {wanted.observable}=2:3")
        care = Care(wanted, tuple(days), Bounds(low, high, step), parse_hours(every))
        rules = {text: policy_of(text, models) for text in policies}
        if not rules:
            raise ValueError("no policy to score: expected at least one")
        people = _people(cohort, models)
        if people.n < 2:
            raise ValueError("one patient makes no interval: expected a cohort of two or more")
        with self._telling() as progress:
            found = score(rules, models, people, care, seed=seed, progress=progress)
        if out is not None:
            with whole_file(out) as part, create_text(part, out) as file:
                write_csv(found, file)
        return Table(
            f"{wanted}: share of time in it over {days[-1]:g} days, patients: {people.n}{into(out)}",
            found,
            _notes(care.visits, list(rules), [one.name for one in models]),
        )


def _people(cohort: "str | Path | Cohort | None", models: "Sequence[Model]") -> "Cohort":
    """Return the patients, with what all models ask of them; virtual ones where nothing is asked."""
    from twin.patient import Cohort, read_cohort

    if isinstance(cohort, Cohort):
        return cohort
    if cohort is not None:
        read = [read_cohort(cohort, model) for model in models]
        return Cohort(read[0].ids, {name: values for one in read for name, values in one.covariates.items()})
    for model in models:
        if model.covariates:
            asked = ", ".join(covariate.name for covariate in model.covariates)
            raise ValueError(f"{model.name} asks for {asked}: give a cohort of patients (--cohort COHORT.csv)")
    return Cohort(tuple(f"virtual {number}" for number in range(1, PATIENTS + 1)), {})


def _notes(visits: int, policies: Sequence[str], models: Sequence[str]) -> tuple[str, ...]:
    """Return what is to be known of the scores."""
    alone = (
        f"the library has no second model to hold {models[0]} against (--second MODEL): what is good in its own model"
        " alone has learned the model, not the drug"
    )
    both = f"a policy made with {models[0]} is to be judged by how it does in {models[-1]}"
    return (
        f"doses are chosen at {visits} visits; intervals hold 95 % over patients, who have the same luck under every"
        " policy of a model",
        f"differences are to {policies[0]}, patient by patient",
        both if len(models) > 1 else alone,
    )
