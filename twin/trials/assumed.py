"""Assumed: what a trial and its model take for granted, gathered from the parts of its design."""

from typing import Any

from twin.model import MISSED_DOSES, parameter_table, residual_name
from twin.trials.part import STATED, Assumption
from twin.trials.protocol import TrialDesign


def of_parts(design: TrialDesign, what: str) -> list[Any]:
    """Return what the design's parts tell of themselves, each row once."""
    rows = [row for _, part in design.parts for row in getattr(part, what)()]
    return [row for place, row in enumerate(rows) if row not in rows[:place]]


def assumptions(design: TrialDesign) -> list[Assumption]:
    """Return what the trial and its model take for granted."""
    shown = "" if design.trial.design == "twins" else "; the trial shows one arm of each"
    return [
        *design.population.assumptions(),
        Assumption("design", f"Every patient goes through every arm with the same luck{shown}.", None, "", STATED),
        *_conduct(design),
        *of_parts(design, "assumptions"),
        *_of_model(design),
    ]


def _conduct(design: TrialDesign) -> list[Assumption]:
    """Return what the trial takes for granted of measurements, and of what rules know."""
    conduct, measured = design.conduct, ", ".join(design.measured)
    error = (
        f"Measured {measured} scatter around what is true by the model's residual error, independently of each other."
    )
    rows = [
        Assumption(
            "conduct",
            error if conduct.measurement_error else f"{measured} is measured without error.",
            None,
            "",
            STATED,
        ),
        Assumption(
            "conduct",
            "While a patient is followed, each measurement is made on its day, and each dose given"
            " follows the arm's rules.",
        ),
        Assumption("conduct", "Who leaves is followed on, unseen, on the arm's rules: what would have been."),
    ]
    if not conduct.adherence.complete:
        rows.append(Assumption("conduct", "The arms' rules do not know which doses were missed."))
    if conduct.occasion_days is not None:
        told = "Between occasions a patient's parameters vary as the model says; days of an occasion."
        rows.append(Assumption("conduct", told, float(conduct.occasion_days), "d", STATED))
    return rows


def _of_model(design: TrialDesign) -> list[Assumption]:
    """Return what the model takes for granted and leaves out.

    Of the residual errors the trial uses those of what it measures, and only where measured with error; a trial in
    which doses are missed does not leave them out.
    """
    model, conduct = design.model, design.conduct
    unused = {
        residual_name(name) for name in model.errors if not conduct.measurement_error or name not in design.measured
    }
    assumed = [
        row
        for row in parameter_table(model)
        if row["basis"] == "assumed" and not any(str(row["name"]).startswith(name) for name in unused)
    ]
    added = set() if conduct.adherence.complete else {MISSED_DOSES}
    own = [
        Assumption("parameters", f"{name}, in the arm {arm.name!r} alone", value, model.parameters[name].unit, STATED)
        for arm in design.arms
        for name, value in arm.parameters.items()
    ]
    return [
        *own,
        *(
            Assumption("parameters", str(row["name"]), float(row["value"]), str(row["unit"]), str(row["source"]))
            for row in assumed
        ),
        *(Assumption("left out of the model", what) for what in model.left_out if what not in added),
    ]
