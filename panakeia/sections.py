"""The report's sections: what each room found, with its baseline, its interval, its data version and its doubts."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from kg.audit import Audit
from kg.patients.imports import Imported
from panakeia.figures import arms_figure, candidates_figure, paths_figure, trajectory_figure
from panakeia.report import Section
from twin.model import Model, parameter_table
from twin.patient import Cohort
from twin.result import TrialResult
from twin.simulate import Trajectories

if TYPE_CHECKING:
    from gnn.explain import Explanation

INR_TARGET = (2.0, 3.0)
"""The therapeutic range of the INR for most indications of warfarin (CPIC 2017, doi:10.1002/cpt.668)."""


def graph_section(audit: Audit) -> Section:
    """Say what the graph was built from, and what was rejected."""
    tables = audit.to_frame()
    kept, rejected = int(tables["kept"].sum()), int(tables["rejected"].sum())
    releases = "; ".join(f"{r.name} {r.version} ({r.licence}). {r.citation}" for r in audit.releases)
    return Section(
        title="The graph",
        lead=f"{kept:,} rows became nodes and edges, {rejected:,} were rejected. Every edge carries its evidence.",
        table=tables,
        caption=f"Sources: {releases}",
        folded=True,
    )


def candidates_section(disease: str, candidates: pd.DataFrame, model: Mapping[str, Any]) -> Section:
    """Show the ranked drugs beside the degree prior."""
    return Section(
        title=f"Candidate drugs for {disease}",
        lead=(
            "The score is the model's probability-like number for “treats”; the degree prior is what the two nodes'"
            " numbers of edges alone would suggest, and the lift is their ratio; the rank is among all drugs. New pairs"
            " are hypotheses. Known ones stand below as controls: messages to such a pair were kept from its own edge,"
            " but the readout learned from it, so its rank is no evidence that the model is right."
        ),
        figure=candidates_figure(candidates),
        table=candidates.assign(known=candidates["known"].map({True: "known", False: "new"})),
        caption="; ".join(f"{name}: {value}" for name, value in model.items()),
    )


def evaluation_section(measured: pd.DataFrame, data_version: str) -> Section:
    """Show how a training with the same settings did on pairs that it never saw (`gnn.evaluate.held_out_fifth`)."""
    return Section(
        title="How far to trust the ranking",
        lead=(
            "The same training was run without a fifth of all drug-disease pairs, treated or not; each disease's"
            " held-out drugs were then ranked among each other, by the model and by the degree prior."
        ),
        table=measured,
        caption=f"Mean over diseases with a held-out treatment, 95 % bootstrap interval. Data: {data_version}.",
    )


def evaluation_sentence(measured: pd.DataFrame) -> str:
    """Return the average precision on held-out pairs, the model's beside the degree prior's, as one sentence."""
    rows = measured[measured["metric"] == "average_precision"].set_index("method")
    told = [
        f"{name} {row['mean']:.2f} ({row['lower']:.2f} to {row['upper']:.2f})"
        for name, row in rows.iterrows()
        if name != "difference"
    ]
    return f"On held-out pairs, average precision by disease, mean and 95 % interval: {', '.join(told)}."


def explanation_section(explanation: "Explanation") -> Section:
    """Draw and list the best evidence paths between a drug and a disease."""
    return Section(
        title=f"Why {explanation.drug_name} for {explanation.disease_name}",
        lead=explanation.to_text(),
        figure=paths_figure(explanation.evidence) if explanation.evidence else None,
        table=explanation.paths,
        caption=(
            "Paths are ranked by degree-weighted score, so that generic hubs count little (damping 0.4; Himmelstein"
            " 2017, doi:10.7554/eLife.26726). A path is a reason to look, not a mechanism."
        ),
        folded=True,
    )


def patient_section(imported: Imported, cohort: Cohort) -> Section:
    """Say who was imported and whom the twin stands for."""
    covariates = ", ".join(f"{name} {values[0]}" for name, values in cohort.covariates.items())
    return Section(
        title="The patient",
        lead=(
            f"{len(imported.patients)} made-up patients entered the graph from FHIR R4 bundles under keyed pseudonyms."
            f" The twin below is {cohort.ids[0]}: {covariates}."
        ),
        table=imported.audit.to_frame(),
        folded=True,
    )


def trajectory_section(model: Model, courses: Mapping[str, Trajectories]) -> Section:
    """Draw a patient's INR under each regimen."""
    last = pd.DataFrame(
        [
            {"regimen": name} | rows[rows["observable"] == observable].iloc[-1].drop("id").to_dict()
            for name, course in courses.items()
            for rows in [course.to_frame()]
            for observable in course.observables
        ]
    )
    first = next(iter(courses.values()))
    low, high = INR_TARGET
    frames = {name: course.to_frame() for name, course in courses.items()}
    return Section(
        title="The patient's twin on warfarin",
        lead=f"Simulated with {model.name}. The shaded range is the target INR of {low:g} to {high:g}.",
        figure=trajectory_figure(frames, observable="INR", label="INR", band=INR_TARGET),
        table=last,
        caption=(
            f"Line and band: {first.basis}. Last day in the table. {model.citation} Not in the model:"
            f" {'; '.join(model.left_out)}."
        ),
    )


def trial_section(result: TrialResult) -> Section:
    """Show the arms' INR in time, each arm's endpoint and the differences with their intervals."""
    endpoint = result.design.endpoint
    return Section(
        title=f"The trial: {result.design.trial.name}",
        lead=f"{result.estimand} The first arm is the control.",
        figure=arms_figure(result.inr_quantiles, label="INR", band=(endpoint.inr_low, endpoint.inr_high)),
        table=_endpoints(result),
        caption=(
            "TTR in %, with 95 % intervals; line and band: median and 90 % of the patients followed on that day."
            f" {result.monte_carlo}"
        ),
    )


def assumptions_section(result: TrialResult) -> Section:
    """List what was assumed."""
    return Section(title="Assumptions", table=result.assumptions)


def parameters_section(parameters: pd.DataFrame | Model) -> Section:
    """List every parameter with value, unit, basis and source."""
    table = pd.DataFrame(parameter_table(parameters)) if isinstance(parameters, Model) else parameters
    return Section(title="Parameters", table=table, folded=True)


def _endpoints(result: TrialResult) -> pd.DataFrame:
    rows = [
        {"quantity": f"TTR, {arm}", "n": result.counts[arm]["with_outcome"]} | _percent(estimate.to_json())
        for arm, estimate in result.means.items()
    ]
    rows += [{"quantity": words, "n": None} | _percent(estimate.to_json()) for words, estimate in result.contrasts]
    return pd.DataFrame(rows)


def _percent(estimate: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "estimate": f"{100 * estimate['value']:.1f}",
        "95 % interval": f"{100 * estimate['lower']:.1f} to {100 * estimate['upper']:.1f}",
        "method": estimate.get("method", ""),
    }
