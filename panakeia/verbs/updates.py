"""The verb of a twin's update: one patient's parameters from the patient's own measurements, and what may come."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from panakeia.answer import Table, records
from panakeia.verbs.held import Held

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from kg.stores.protocol import Store
    from twin.fit.arms import Arms
    from twin.fit.data import DataSet
    from twin.fit.patient import Posterior
    from twin.fit.settings import FitSettings
    from twin.mixture import Mixture
    from twin.model import Model
    from twin.regimen import Doses, Regimen

_MOMENTS = 49
"""Of a forecast whose times are not asked for: from the start to twice the time of the last measurement."""
AS_IT_IS = "doses of the data"
"""What the arm is called that changes nothing."""


class UpdateVerbs(Held):
    """Fit a model to one patient."""

    def twin_fit(
        self,
        model: str,
        data: "str | Path | pd.DataFrame | None" = None,
        *,
        patient: str | None = None,
        regimen: "str | Path | pd.DataFrame | Regimen | None" = None,
        days: str | None = None,
        what_if: "Sequence[str | Path] | Mapping[str, str | Path | pd.DataFrame | Regimen]" = (),
        method: str = "map",
        times: str | None = None,
        level: float = 0.9,
        settings: "FitSettings | None" = None,
    ) -> Table:
        """Fit one patient's parameters and foretell the patient's course, each with an interval.

        The data are a table in NONMEM's columns with DV, or what the graph holds of a patient (by pseudonym), with the
        doses in a regimen: TIME 0 is when the drug is first recorded, or the first of `days` (FIRST:LAST, the patient's
        calendar). Of the settings (`twin.fit.settings.FitSettings`), `given` has covariates by hand; a genotype that is
        not known is marginalised. Each regimen of `what_if` takes the place of the doses from its own first on; all
        arms have the same draws and luck. Without `times`, the forecast goes to twice the time of the last measurement.
        """
        from twin import library
        from twin.fit.changing import InTime, varying
        from twin.fit.one import of_table
        from twin.fit.patient import fit_patient
        from twin.fit.settings import FitSettings
        from twin.records import read_records

        if not 0 < level < 1:
            raise ValueError(f"the level is {level:g}; expected a share between 0 and 1")
        if (data is None) == (patient is None):
            raise ValueError("give either a table (PATIENT.csv) or a patient of the graph (--patient ID)")
        if data is None and settings is not None and settings.occasion:
            raise ValueError("an occasion is a column of a table (PATIENT.csv); a patient of the graph has none")
        if patient is None and (regimen is not None or days is not None):
            raise ValueError("--regimen and --days go with --patient ID; a table has its doses in AMT")
        others, how = _regimens(what_if), settings or FitSettings()
        twin = varying(library.load(model), how.between_occasions)
        notes: tuple[str, ...] = ()
        if data is not None:
            read = InTime(how.carried, how.occasion)
            told, person = of_table(twin, read_records(data), how.given, how.called, read)
            notes = told.changing.notes() if told.changing else ()
        else:
            told, person, notes = of_graph(self._graph(), twin, str(patient), (regimen, days, how.given))
            self._noted("twin fit", person.id)
        moments = _moments(told.time_h, times)
        with self._telling() as progress:
            progress(f"fit {model}", 0.0)
            posterior = fit_patient(twin, told, method=method, prior_shares=person.shares.tolist(), seed=how.seed)
            content = _content(posterior, person, _arms(posterior, others, moments, (level, how.seed)), how.seed)
        title = f"{model}: one patient's parameters by {method}, measurements: {content['observations']}"
        return Table(title, _parameter_rows(content), (*notes, *_notes(person, content)), content)


def of_graph(
    store: "Store", twin: "Model", patient: str, asked: tuple[Any, str | None, Any]
) -> "tuple[DataSet, Mixture, tuple[str, ...]]":
    """Return the data of a patient of the graph, whom that may be, and what of the record was used.

    `asked` is the regimen, the days (FIRST:LAST), and covariates by hand.
    """
    from twin.chart import from_graph, parse_days, treated
    from twin.fit.one import of_whom

    regimen, days, given = asked
    doses = _regimen(regimen) if regimen is not None else None
    found = treated(store, patient, twin, doses, None if days is None else parse_days(days))
    person = from_graph(store, patient, twin, given, days=found.days)
    return of_whom(twin, found.records, person), person, found.notes()


def _regimen(source: "str | Path | pd.DataFrame | Regimen") -> "Regimen":
    from twin.regimen import Regimen, read_regimen

    return source if isinstance(source, Regimen) else read_regimen(source)


def _regimens(
    what_if: "Sequence[str | Path] | Mapping[str, str | Path | pd.DataFrame | Regimen]",
) -> "dict[str, Regimen]":
    """Return regimens by the name of their arm: that of the file, where there is no other."""
    if isinstance(what_if, Mapping):
        return {name: _regimen(one) for name, one in what_if.items()}
    names = [Path(one).name for one in what_if]
    if twice := [name for name in names if names.count(name) > 1]:
        raise ValueError(f"two regimens are called {twice[0]}; expected files of different names")
    return dict(zip(names, map(_regimen, what_if), strict=True))


def _arms(
    posterior: "Posterior", others: "Mapping[str, Regimen]", moments: "np.ndarray", how: tuple[float, int]
) -> "Arms":
    """Foretell the patient's course under the data's doses and each other regimen; `how` is the level and the seed."""
    from twin.fit.arms import continued, what_if

    own = posterior.data.doses[0]
    given: dict[str, Doses] = {AS_IT_IS: own}
    for name, regimen in others.items():
        (doses,) = regimen.for_patients(posterior.data.ids[:1])
        given[name] = continued(own, doses)
    return what_if(posterior, moments, given, level=how[0], seed=how[1])


def _content(posterior: "Posterior", person: "Mixture", arms: "Arms", seed: int) -> dict[str, Any]:
    """Return all that is told of a fit, as JSON values."""
    from twin.fit.forecast import predictive_check
    from twin.fit.one import undosed

    forecasts = {name: records(one.to_frame()) for name, one in arms.forecasts.items()}
    level = arms.forecasts[AS_IT_IS].level
    measured = bool(posterior.data.case.measured.used.any())  # events alone have no residuals to look at
    check = predictive_check(posterior, seed, level) if measured else None
    after = {name: person.likely(name, posterior.shares) for name in person.marginalised}
    told = posterior.to_json(level)
    return told | {
        "warnings": [*told["warnings"], *undosed(posterior.data)],
        "covariates": [one.to_json() for one in person.told],
        "unknown": {
            name: {value: {"before": share, "after": after[name][value]} for value, share in before.items()}
            for name, before in ((name, person.likely(name)) for name in person.marginalised)
        },
        "forecast": forecasts[AS_IT_IS],
        "predictive_p_value": check.p_value if check else None,
        "predictive_check": records(check.to_frame()) if check else [],
        "what_if": {name: rows for name, rows in forecasts.items() if name != AS_IT_IS},
        "differences": [
            {"arm": one.arm, "reference": one.reference, "difference": records(one.to_frame())}
            for one in arms.differences
        ],
    }


def _notes(person: "Mixture", content: Mapping[str, Any]) -> tuple[str, ...]:
    p_value = content["predictive_p_value"]
    check = f"predictive p-value {p_value or 0:.2f}: near 0 or 1, the model does not fit this patient"
    learned = [
        f"{name} after the measurements: " + ", ".join(f"{value} {share['after']:.1%}" for value, share in one.items())
        for name, one in content["unknown"].items()
    ]
    return (
        *(one.to_text() for one in person.told),
        *learned,
        *_at_the_end(content),
        *content["warnings"],
        *([] if p_value is None else [check]),
    )


def _at_the_end(content: Mapping[str, Any]) -> list[str]:
    """Say what each arm comes to at the last time, and how arms differ there."""
    arms = {AS_IT_IS: content["forecast"], **content["what_if"]}
    told = [(name, rows, "") for name, rows in arms.items()]
    told += [(f"{one['arm']} against {one['reference']}", one["difference"], "+") for one in content["differences"]]
    lines = []
    for name, rows, sign in told:
        last = [row for row in rows if row["time"] == rows[-1]["time"]]
        found = ", ".join(
            f"{row['observable']} {row['value']:{sign}.3g} ({row['lower']:{sign}.3g} to {row['upper']:{sign}.3g})"
            for row in last
        )
        lines.append(f"at {rows[-1]['time']:g} h, {name}: {found}")
    return lines


def _moments(measured_h: "np.ndarray", times: str | None) -> "np.ndarray":
    """Return the times of a forecast, in hours."""
    import numpy as np

    from twin.simulate import parse_times

    if times is not None:
        return parse_times(times).hours
    last = float(measured_h[np.isfinite(measured_h)].max())
    return np.linspace(0.0, 2 * last if last > 0 else 24.0, _MOMENTS)


def _parameter_rows(content: Mapping[str, Any]) -> "pd.DataFrame":
    import pandas as pd

    return pd.DataFrame([{"parameter": name, **values} for name, values in content["parameters"].items()])
