"""The verb of doses: which dose brings a patient, or each of a cohort, to a target."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, Unpack

from kg.files.table import write_csv
from kg.files.text import create_text
from kg.output import whole_file
from kg.progress import part
from panakeia.answer import Table
from panakeia.verbs.held import Held, check_output, into
from panakeia.verbs.twins import TWIN
from panakeia.verbs.updates import of_graph

if TYPE_CHECKING:
    import pandas as pd

    from twin.dose.asked import Asked, How
    from twin.dose.report import Report
    from twin.dose.subjects import Subjects
    from twin.fit.data import DataSet
    from twin.mixture import Mixture
    from twin.model import Model
    from twin.patient import Cohort
    from twin.regimen import Regimen

    _Whom: TypeAlias = Cohort | tuple[DataSet | None, Mixture]

DRAWS, FEW_DRAWS = 400, 100
"""Patients like the one that bounds are made of; fewer for a large cohort, where a range or a limit needs them."""
LARGE = 50
"""A cohort of more patients has no bounds unless draws are asked for: they take hundreds of times as long."""
LEVEL = 0.9


@dataclass(frozen=True)
class _Who:
    """Whose dose is asked for; `draws`, `level`, `uncertainty` and `seed` say how bounds are made.

    With a regimen, the patient's own labs under it, on `days`, say more of a patient of the graph.
    """

    patient: str | None
    cohort: "str | Path | Cohort | None"
    measured: "str | Path | pd.DataFrame | None"
    regimen: "str | Path | Regimen | None"
    days: str | None
    given: Mapping[str, str | float]
    draws: int | None
    level: float
    uncertainty: bool
    seed: int

    def __post_init__(self) -> None:
        if sum(one is not None for one in (self.patient, self.cohort, self.measured)) != 1:
            raise ValueError(
                "give a patient of the graph (--patient ID), a cohort (--cohort COHORT.csv), or one patient's"
                " measurements (--measured PATIENT.csv)"
            )
        if self.given and self.cohort is not None:
            raise ValueError("--set states covariates of one patient; a cohort's file has its own columns")
        if self.patient is None and (self.regimen is not None or self.days is not None):
            raise ValueError("--regimen and --days go with --patient ID: the doses under which labs were measured")
        if not 0 < self.level < 1:
            raise ValueError(f"the level is {self.level:g}; expected a share between 0 and 1")


class DoseVerbs(Held):
    """Find doses."""

    def twin_dose(
        self,
        target: str,
        *,
        model: str = TWIN,
        patient: str | None = None,
        cohort: "str | Path | Cohort | None" = None,
        measured: "str | Path | pd.DataFrame | None" = None,
        regimen: "str | Path | Regimen | None" = None,
        days: str | None = None,
        given: Mapping[str, str | float] | None = None,
        draws: int | None = None,
        level: float = LEVEL,
        uncertainty: bool = False,
        seed: int = 0,
        out: str | Path | None = None,
        plot: str | Path | None = None,
        **how: "Unpack[How]",
    ) -> Table:
        """Find the dose that brings an observable to a target, or keeps it in a range the longest, under limits.

        The target is OBSERVABLE=2.5, or a range, OBSERVABLE=2:3. The patient is one of the graph, or one in a table of
        measurements (NONMEM's columns with DV); or there is a cohort. The model is first fitted to a table's
        measurements, and to the labs of the graph where a `regimen` says under which doses they were taken (see
        `twin_fit`). How doses are given, bounded and looked at: see `twin.dose.asked.How`. What is found is looked at
        in a second model of the same drug too, where the library has one.
        """
        from twin import library
        from twin.dose.asked import asked
        from twin.dose.report import report
        from twin.dose.search import find

        who = _Who(patient, cohort, measured, regimen, days, given or {}, draws, level, uncertainty, seed)
        for made in (out, plot):
            if made is not None:
                check_output(made, cohort, measured, self.store)
        twin = library.load(model)
        wanted = asked(twin, target, **how)
        whom = self._whom(twin, who)
        with self._telling() as progress:
            progress(f"fit {model}", 0.0)
            found = find(_subjects(twin, who, whom, wanted), wanted, part(progress, 0.05, 0.7))
            other, why = self._second(model, who, wanted)
            few = len(found.subjects.ids) == 1
            told = report(found, other, spreads=few, progress=part(progress, 0.7, 1.0))
            progress("done", 1.0)
        if out is not None:
            with whole_file(out) as path, create_text(path, out) as file:
                write_csv(told.to_frame(), file)
        if plot is not None:
            _draw(told, plot)
        content = told.to_json()
        content |= {} if cohort is not None else content["patients"][0]
        title = f"{model}: doses for {wanted.target}, {wanted.schedule}{into(out)}"
        return Table(title, told.to_frame(), (*_notes(told), *why), content)

    def _whom(self, twin: "Model", who: _Who) -> "_Whom":
        """Return a cohort, or who the patient may be, with what was measured where the model is to be fitted to it."""
        from twin.chart import from_graph
        from twin.fit.one import of_table
        from twin.mixture import as_text
        from twin.patient import read_cohort
        from twin.records import read_records

        given = as_text(who.given)
        if who.measured is not None:
            return of_table(twin, read_records(who.measured), given)
        if who.cohort is not None:
            return read_cohort(who.cohort, twin) if isinstance(who.cohort, str | Path) else who.cohort
        data = None
        if who.regimen is not None:
            data, person, _ = of_graph(self._graph(), twin, str(who.patient), (who.regimen, who.days, given))
        else:
            person = from_graph(self._graph(), str(who.patient), twin, given)
        self._noted("twin dose", person.id)
        return data, person

    def _second(self, model: str, who: _Who, wanted: "Asked") -> "tuple[Subjects | None, tuple[str, ...]]":
        """Return the patients in a second model of the same drug; or why there are none, in words."""
        from twin.library import SECOND, load

        if model not in SECOND:
            return None, (f"the library has no second model to hold {model} against",)
        try:
            other = load(SECOND[model])
            return _subjects(other, who, self._whom(other, who), wanted), ()
        except ValueError as failure:
            return None, (f"not looked at in {SECOND[model]}: {failure}",)


def _subjects(twin: "Model", who: _Who, whom: "_Whom", wanted: "Asked") -> "Subjects":
    """Return whose dose is asked for, as a model sees them: fitted, where there are measurements."""
    from twin.dose.subjects import of_cohort, of_fit, of_mixture
    from twin.fit.patient import DRAWS as DRAWN
    from twin.fit.patient import fit_patient

    if not isinstance(whom, tuple):
        return of_cohort(twin, whom, _variation(who, whom.n, wanted))
    data, person = whom
    if data is None:
        return of_mixture(twin, person, _variation(who, 1, wanted))
    shares, draws = person.shares.tolist(), who.draws or DRAWN
    posterior = fit_patient(twin, data, prior_shares=shares, draws=draws, seed=who.seed)
    return of_fit(posterior, person, who.level)


def _variation(who: _Who, patients: int, wanted: "Asked") -> Any:
    """Return how patients like each are drawn; None where no bounds are made."""
    from twin.simulate import Variation

    if who.draws == 0:
        return None
    needed = wanted.target.is_range or wanted.limits or who.uncertainty
    usual = DRAWS if patients <= LARGE else FEW_DRAWS if needed else 0
    draws = usual if who.draws is None else who.draws
    return Variation(who.seed, draws, who.level, doubt=who.uncertainty) if draws else None


def _notes(told: "Report") -> tuple[str, ...]:
    """Return what is to be known about the answer."""
    found = told.found
    ids = found.subjects.ids
    notes = [
        *found.subjects.told,
        found.subjects.basis,
        f"seen {found.window.words}; doses begin in an untreated patient",
    ]
    notes += _changes(told)
    bounds = found.asked.bounds
    if bounds.high is None:
        notes.append("no bound was given: --high is the most that may be given at once")
    if found.reasons:
        notes.append(f"without a dose: {len(found.reasons)} of {len(ids)} patients")
        notes += [f"{who}: {why}" for who, why in list(found.reasons.items())[:5]]
    bent = int((~found.monotone).sum())
    if bent:
        notes.append(
            f"the observable both rises and falls with the dose in {bent} of {len(ids)} patients: the smallest"
        )
    return tuple(notes)


def _changes(told: "Report") -> list[str]:
    """Return what is to be known of loading doses, and of steps from the dose that patients are on."""
    asked, loading = told.found.asked, told.loading
    notes, change = list[str](), asked.change
    if loading is not None:
        notes.append(
            f"loading: the first {change.loading} doses, for {asked.target.observable} {asked.middle:g}"
            f" {loading.window.words}; limits and the highest value are those of the first {loading.period.end_h:g} h"
        )
        notes += [f"{who}: no loading dose: {why}" for who, why in list(loading.reasons.items())[:5]]
    if change.most is not None:
        notes.append(f"no dose differs from the one before by more than {change.most:.0%}")
    if change.current is not None:
        notes.append(
            f"steps: from {change.current:g} {told.found.subjects.model.dose_unit} to the dose for the long run"
        )
        stuck = [
            who for who, row in zip(told.found.subjects.ids, told.rows(), strict=True) if _is_stuck(row, change.current)
        ]
        notes += [f"{who}: no step: the least change of a dose is more than {change.most:.0%}" for who in stuck[:5]]
    return notes


def _is_stuck(row: Mapping[str, Any], current: float) -> bool:
    """Return whether a dose was found that no steps lead to."""
    return row["dose"] is not None and not row["steps"] and abs(row["dose"] / current - 1) > 1e-6


def _draw(told: "Report", plot: str | Path) -> None:
    from twin.dose.plots import dose_response_figure

    with whole_file(plot) as path:
        dose_response_figure(told.found).savefig(path, format=Path(plot).suffix.lstrip(".") or "png")
