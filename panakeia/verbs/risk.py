"""The verbs of risks: trained on a table, judged on another, foretold of patients, explained for one."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard

from kg.output import require_folder
from panakeia.answer import Table, records
from panakeia.verbs.cohorts import CohortVerbs
from panakeia.verbs.held import check_output, into

if TYPE_CHECKING:
    import pandas as pd

    from twin.prognosis.question import Question
    from twin.prognosis.risk.asked import Asked
    from twin.prognosis.risk.provenance import Provenance
    from twin.prognosis.risk.train import Risk, RiskSettings

_PSEUDONYM = "PANAKEIA:"
_GROUPS = ("sex", "age")
"""By what the figures of a cohort's risk are compared, where nobody says."""


class RiskVerbs(CohortVerbs):
    """Learn a risk from patients, foretell and explain it."""

    def risk_train(
        self,
        table: "str | Path | pd.DataFrame",
        asked: "Asked",
        settings: "RiskSettings | None" = None,
        *,
        out: str | Path,
    ) -> Table:
        """Train a risk, judged on patients left out, beside the base rate and the plain model; write it into a folder.

        The table is a file, a frame, or a cohort's definition (.toml), whose patients and `[[outcome]]` the store has.
        `asked` says which columns are the outcome and the features, of a cohort all that were known at its landmark;
        where it names no feature of a table, nor what is none, all columns are taken, and the warnings say so. The
        folder holds the model (skops), a manifest, the model card, the forecasts of patients left out, and figures.
        """
        from twin.prognosis.risk.columns import where_and_when
        from twin.prognosis.risk.saved import save
        from twin.prognosis.risk.train import RiskSettings, train

        require_folder(out)
        settings, taken = settings or RiskSettings(), None
        if _is_definition(table):
            rows, question, settings = self._of_cohort(table, asked, settings)
        else:
            frame = _frame(table)
            settings = replace(settings, split=where_and_when(list(map(str, frame.columns)), settings.split))
            rows, question = asked.of(frame, settings.split)
            taken = asked.taken(frame, settings.split)
        with self._telling() as progress:
            risk = train(rows, question, settings, progress)
        if taken:
            risk = replace(risk, report=replace(risk.report, warnings=(taken.to_text(), *risk.report.warnings)))
        save(risk, out)
        return _trained(risk, out)

    def risk_list(self, folder: str | Path = "out") -> Table:
        """List the risks in a folder and those under it: what is foretold, of which data, what it is worth by group."""
        import pandas as pd

        from twin.prognosis.risk.kept import found

        risks = found(folder)
        rows = [{"folder": str(one.folder), **one.summary} for one in risks]
        content = [{"folder": str(one.folder), **one.to_json()} for one in risks]
        shown = ["folder", "outcome", "kind", "learner", "patients", "events", "base_rate", "measure", "value", "data"]
        return Table(f"{len(risks)} risks in {folder}", pd.DataFrame(rows, columns=shown), content=content)

    def risk_validate(self, model: str | Path, table: "str | Path | pd.DataFrame") -> Table:
        """Judge a trained risk on other patients with known outcomes, beside what it was worth at home.

        The outcome must be as the model learned it: 0 and 1, a number, or a time with its censoring.
        """
        from twin.prognosis.risk.elsewhere import judge_elsewhere
        from twin.prognosis.risk.saved import load
        from twin.trials.analysis.table import require

        risk, rows = load(model), _frame(table)
        require(rows, [risk.question.outcome])
        self._begins()
        found = judge_elsewhere(risk, rows)
        content = {
            "outcome": risk.question.outcome,
            "learner": risk.learner,
            "trained on": risk.provenance.data,
            "data": found.provenance.data,
            "rows": found.rows,
            "flagged": found.flagged,
            "figures": records(found.figures),
            "calibration": records(found.calibration),
        }
        title = f"{risk.question.outcome} by {risk.learner} in other patients, rows: {found.rows}"
        notes = (f"{found.flagged} rows lie outside of what was learned from",) if found.flagged else ()
        return Table(title, found.figures.drop(columns="method").round(4), notes, content)

    def risk_predict(self, model: str | Path, patients: "str | Path | pd.DataFrame") -> Table:
        """Foretell each row of a table by a risk that was trained; what lies outside of what it learned is flagged.

        A risk of a cohort foretells a patient of the store too, by pseudonym, from what is known at the landmark.
        PROGNOSIS is the chance, or the number; LOWER and UPPER bound what came true at such forecasts.
        """
        import pandas as pd

        from twin.prognosis.risk.saved import load

        risk = load(model)
        rows, provenance = self._asked_of(risk, patients)
        told = risk.predict(rows, provenance)
        who = {name: rows[name] for name in (risk.question.subject, risk.question.visit) if name in rows}
        frame = pd.DataFrame({"ROW": range(1, len(rows) + 1), **who}).join(told.reset_index(drop=True))
        flagged = int((told["FLAGS"] != "").sum())
        title = f"{risk.question.outcome} by {risk.learner}, rows: {len(rows)}"
        notes = (f"{flagged} rows lie outside of what was learned from: see FLAGS",) if flagged else ()
        return Table(title, frame, notes)

    def risk_explain(
        self,
        model: str | Path,
        patients: "str | Path | pd.DataFrame",
        *,
        patient: str | None = None,
        row: int | None = None,
        out: str | Path | None = None,
    ) -> Table:
        """Explain one row of a table: what each feature adds to its forecast, by Shapley values, the largest first.

        The row is that of a `patient` (the last, where a risk has visits), or a number from 1; a table of one row
        needs neither. A network over visits reads the patient's earlier rows too; its parts have a Monte-Carlo error.
        Or a patient of the store is named in place of a table, as in `risk_predict`. With `out`, a figure is written.
        """
        from twin.prognosis.risk.explain import contributions
        from twin.prognosis.risk.figures import contributions_figure
        from twin.prognosis.risk.saved import load

        if out is not None:
            check_output(out, patients)
        risk = load(model)
        rows, provenance = self._asked_of(risk, patients)
        if provenance is not None and patient is None:
            row = 1
        rows, place = _read_for(rows, risk.question, _one(rows, risk.question, patient, row))
        rows = risk.readable(rows)
        found = contributions(risk.forecast, risk.centre, rows, place)
        told, one = risk.predict(rows, provenance).iloc[place], rows.iloc[[place]]
        frame = found.to_frame(one)
        if out is not None:
            from kg.output import whole_file

            with whole_file(out) as part:
                contributions_figure(found, one.iloc[0]).savefig(part, format=Path(out).suffix.lstrip(".") or "svg")
        content = {
            "outcome": risk.question.outcome,
            "learner": risk.learner,
            "scale": found.scale,
            "base": found.base,
            "score": float(found.score[0]),
            "prognosis": float(told["PROGNOSIS"]),
            **{name.lower(): None if told[name] != told[name] else float(told[name]) for name in ("LOWER", "UPPER")},
            "data": risk.provenance.data,
            "flags": told["FLAGS"],
            "contributions": records(frame),
        }
        title = (
            f"{risk.question.outcome} by {risk.learner}: {told['PROGNOSIS']:.3g}; on the scale of the {found.scale}, "
            f"{found.base:.3f} and what each feature adds make {found.score[0]:.3f}{into(out)}"
        )
        notes = [told["FLAGS"]] if told["FLAGS"] else []
        if found.error is not None:
            visit = risk.question.visit
            notes.append(f"{visit}'s part is of when the visits were, and of the earlier ones being read")
        return Table(title, frame, tuple(notes), content)

    def _of_cohort(
        self, definition: "str | Path", asked: "Asked", settings: "RiskSettings"
    ) -> "tuple[pd.DataFrame, Question, RiskSettings]":
        """Return a cohort's rows, with the outcome under its name, the question, and whose data these are."""
        from dataclasses import replace

        from kg.cohort import read_definition
        from kg.cohorts.table import CENSORED, OUTCOME, chosen
        from twin.prognosis.question import Features, Question
        from twin.prognosis.risk.provenance import Provenance

        told = read_definition(definition)
        chosen(told, asked.outcome)
        self._begins()
        found = self.cohort_table(told, asked.outcome)
        rows = found.rows.rename(columns={OUTCOME: found.outcome})
        features = asked.features or tuple(name for name in found.features if name not in (asked.all_but or ()))
        later = (*settings.split.columns, *(asked.all_but or ()))
        question = Question(
            found.outcome, found.target, features, censored=CENSORED, horizon=found.horizon, later=later
        )
        schema = Provenance.of(rows.head(0), Features.of(rows, features)).schema
        provenance = Provenance(found.version, schema)
        groups = settings.groups
        if not groups and question.kind != "survival":
            groups = tuple(name for name in _GROUPS if name in rows)
        return (
            rows,
            question,
            replace(settings, provenance=provenance, definition=told.model_dump_json(), groups=groups),
        )

    def _asked_of(
        self, risk: "Risk", patients: "str | Path | pd.DataFrame"
    ) -> "tuple[pd.DataFrame, Provenance | None]":
        """Return a table's rows; or a patient's of the store, and of which data they are."""
        if not (isinstance(patients, str) and patients.startswith(_PSEUDONYM)):
            return _frame(patients), None
        from kg.cohorts.criteria import Definition
        from kg.cohorts.table import at_landmark, version_of
        from twin.prognosis.risk.provenance import Provenance

        if not risk.definition:
            raise ValueError(
                "the model was trained on a table, and not on a cohort of a store: give a table of patients"
            )
        definition = Definition.model_validate_json(risk.definition)
        rows = at_landmark(self._graph(), definition, risk.question.features, [patients])
        self._noted("risk predict", patients)
        if rows.empty:
            raise ValueError(f"that patient is not in the cohort {definition.name!r}, so that it has no landmark")
        return rows.reset_index(drop=True), Provenance(version_of(self._graph(), definition), risk.provenance.schema)


def _is_definition(table: "str | Path | pd.DataFrame") -> "TypeGuard[str | Path]":
    return isinstance(table, str | Path) and Path(table).suffix == ".toml"


def _frame(table: "str | Path | pd.DataFrame") -> "pd.DataFrame":
    from kg.files.frame import read_frame

    return read_frame(table) if isinstance(table, str | Path) else table.reset_index(drop=True)


def _one(rows: "pd.DataFrame", question: "Question", patient: str | None, row: int | None) -> int:
    """Return the place of the row that is asked for; raises `ValueError`, which names no patient."""
    from twin.prognosis.question import level

    subject = question.subject
    if patient is None and row is None and len(rows) == 1:
        return 0
    if (patient is None) == (row is None):
        raise ValueError("name one row to explain: a patient (--patient ID), or its number in the table (--row N)")
    if row is not None:
        if not 1 <= row <= len(rows):
            raise ValueError(f"got row {row}; the table has rows 1 to {len(rows)}")
        return row - 1
    if subject not in rows:
        raise ValueError(f"the table has no column {subject}, which names patients: give the row (--row N)")
    found = (rows[subject].map(level, na_action="ignore") == patient).to_numpy().nonzero()[0]
    if question.visit and len(found):
        return int(found[question.visits(rows.iloc[found]).argsort(kind="stable")[-1]])
    if len(found) != 1:
        raise ValueError(f"{len(found)} rows are of that patient in {subject}; expected one: give the row (--row N)")
    return int(found[0])


def _read_for(rows: "pd.DataFrame", question: "Question", place: int) -> "tuple[pd.DataFrame, int]":
    """Return the rows that may tell of the one at a place, and its place there: of visits, all of its patient."""
    if question.visit is None or question.subject not in rows or rows[question.subject].isna().iloc[place]:
        return rows.iloc[[place]], 0
    own = (rows[question.subject] == rows[question.subject].iloc[place]).to_numpy().nonzero()[0]
    return rows.iloc[own], int(own.searchsorted(place))


def _trained(risk: "Risk", out: str | Path) -> Table:
    """Return the figures of a risk, with all that is in its manifest's tables as content."""
    report, counts = risk.report, risk.report.counts
    events = "" if counts["events"] is None else f", events: {counts['events']}"
    title = f"{risk.question.outcome}: {risk.learner} is kept, patients: {counts['patients']}{events}{into(out)}"
    content: dict[str, Any] = {
        "outcome": risk.question.outcome,
        "kind": risk.question.kind,
        "learner": risk.learner,
        "setting": risk.setting,
        "split": risk.split.name,
        "data": risk.provenance.data,
        "counts": dict(counts),
        "warnings": list(report.warnings),
        **{
            name: records(getattr(report, name))
            for name in ("figures", "folds", "calibration", "decision", "importance", "dependence")
        },
        "fairness": dict(report.fairness),
    }
    return Table(title, report.figures.drop(columns=["method", "p"]).round(4), report.warnings, content)
