"""The report's sections: what each room found, with its baseline, its interval, its data version and its doubts."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from gnn.metrics import AGAINST_JUDGED, RECALLS_AT
from kg.audit import Audit
from kg.paths import Path
from kg.patients.imports import Imported
from panakeia.cells import cell
from panakeia.figures import (
    TIME_WORDS,
    candidates_figure,
    paths_figure,
    reliability_figure,
    trajectory_figure,
)
from panakeia.report import Section, Table
from twin.model import Model as PatientModel
from twin.model import parameter_table
from twin.patient import Cohort
from twin.simulate import Trajectories

if TYPE_CHECKING:
    from gnn.checkpoint import Model
    from gnn.evaluate import Evaluation
    from gnn.explain import Explanation

INR_TARGET = (2.0, 3.0)
"""The therapeutic range of the INR for most indications of warfarin (CPIC 2017, doi:10.1002/cpt.668)."""


NOT_LISTED = "Not in a list is neither new nor good: nobody may have looked, or it may have been judged not indicated."
"""What must stand beside every candidate: a list of treatments holds no judgement on what is not in it."""


def graph_section(audit: Audit) -> Section:
    """Say what the graph was built from, and what was rejected."""
    tables = audit.to_frame()
    kept, rejected = int(tables["kept"].sum()), int(tables["rejected"].sum())
    releases = "; ".join(f"{r.name} {r.version} ({r.licence}). {r.citation}" for r in audit.releases)
    return Section(
        title="The graph",
        lead=f"{kept:,} rows became nodes and edges, {rejected:,} were rejected. Every edge carries its evidence.",
        tables=(Table(tables, "Rows by source and table", folded=True),),
        caption=f"Sources: {releases}",
    )


def candidate_named(candidates: pd.DataFrame) -> pd.DataFrame:
    """Return the row of the candidate that the report names and explains: the first with a lift of 1 or more that no
    curator judged not indicated, or none.

    `candidates` are rows of `gnn.rank.rank` that stand in no source's list, best first.
    """
    return candidates[(candidates["lift"] >= 1) & (candidates["judged"] == "")].head(1)


def candidate_sentence(disease: str, candidates: pd.DataFrame, model: "Model") -> str:
    """Say which candidate is named, its rank among all drugs, its score beside the degree prior, or why none is."""
    if candidates.empty:
        return f"Every drug of the model is {model.listed(True)} for {disease}: there is no candidate."
    unlisted = model.listed(False)
    named = candidate_named(candidates)
    if named.empty:
        return (
            f"Of the {len(candidates)} highest-scored drugs that are {unlisted} for {disease}, the model finds more for"
            f" none than the two nodes' numbers of edges alone suggest (every lift is below 1{_unless(candidates)}): no"
            " candidate is named."
        )
    row = named.to_dict("records")[0]
    passed = candidates[candidates["rank"] < row["rank"]]
    place = "has the highest score"
    if len(passed):
        place = "is the first in the ranking whose lift is not below 1"
    if (passed["judged"] != "").any():
        place += " and that no curator judged not indicated"
    return (
        f"Of the drugs {unlisted} for {disease}, {row['name']} {place}: rank {row['rank']} of {model.trained[0]:,},"
        f" score {row['score']:.3g}, probability {row['probability']:.3g}, degree prior {row['prior']:.3g},"
        f" lift {row['lift']:.3g}. A hypothesis, not advice. {NOT_LISTED}"
    )


def _unless(candidates: pd.DataFrame) -> str:
    """Say that drugs were passed over because curators judged them not indicated, where any were."""
    return ", or curators judged the drug not indicated" if (candidates["judged"] != "").any() else ""


def candidates_section(disease: str, candidates: pd.DataFrame, model: "Model") -> Section:
    """Show the ranked drugs beside the degree prior, and which of them stand in a source's list."""
    listed, unlisted = model.listed(True), model.listed(False)
    shown = candidates.drop(columns="known").assign(listed=candidates["known"].map({True: listed, False: unlisted}))
    if (shown["judged"] == "").all():
        shown = shown.drop(columns="judged")
    return Section(
        title=f"Candidate drugs for {disease}",
        lead=(
            f"The score is the model's probability-like number that a drug is {listed} of what"
            f" “{model.config.task}” {disease}; the degree prior is what the two nodes' numbers of edges alone would"
            f" suggest, the lift is the calibrated probability over the prior, and the rank is among all"
            f" {model.trained[0]:,} drugs. A drug"
            f" that is {unlisted} is a hypothesis. {NOT_LISTED} Those that are {listed} stand below as controls:"
            " messages to such a pair were kept from its own edge, but the readout learned from it, so its rank is no"
            " evidence that the model is right."
        ),
        figure=candidates_figure(candidates, listed=listed, unlisted=unlisted) if len(candidates) else None,
        tables=(Table(shown),),
        caption="; ".join(f"{name.replace('_', ' ')}: {value}" for name, value in model.summary().items()),
    )


def evaluation_section(measured: "Evaluation", data_version: str) -> Section:
    """Show how a training with the same settings did on pairs that it never saw (`gnn.evaluate`)."""
    figures = measured.figures[measured.figures["metric"].isin(_shown_of(measured))]
    shown = pd.DataFrame(
        {
            "method": figures["method"],
            "metric": figures["metric"].str.replace("_", " "),
            "mean": [f"{value:.2f}" for value in figures["mean"]],
            "95 % interval": [
                f"{low:.2f} to {high:.2f}" for low, high in zip(figures["lower"], figures["upper"], strict=True)
            ],
            "over": [f"{count} {over}" for over, count in zip(figures["over"], figures["count"], strict=True)],
        }
    )
    about = measured.about
    return Section(
        title="How far to trust the ranking",
        lead=(
            f"The same training was run without a fifth of all drug-disease pairs, treated or not, {about['held_out']}"
            f" treatments among them. All {about['candidates']} drugs were then ranked for each of {about['nodes']}"
            " diseases, but for those whose treatment the training was told of, by the model and by the degree prior."
            f" {_promises(measured)}{_against_judged(measured)}"
        ),
        figure=reliability_figure(measured.reliability),
        tables=(Table(shown),),
        caption=f"Means with 95 % bootstrap intervals over diseases. Data: {data_version}.",
    )


def _shown_of(measured: "Evaluation") -> list[str]:
    """Return the metrics that say something: the first k of no more than k drugs hold all of them, whatever a score."""
    recalls = [f"recall_at_{k}" for k in RECALLS_AT if k < measured.about["candidates"]]
    return ["average_precision", *recalls, "reciprocal_rank", "mrr", "hits_at_10", "auprc", AGAINST_JUDGED]


def _promises(measured: "Evaluation") -> str:
    """Say how probabilities and shortlists kept their word."""
    told, pairs = measured.promises, int(measured.reliability["pairs"].sum())
    kept = f"{told['shortlist_kept']:.0%} ({told['shortlist_kept_lower']:.0%} to {told['shortlist_kept_upper']:.0%})"
    return (
        f"Of the {pairs} pairs of highest probability, what the model foretold is"
        f" {told['calibration_error_equal_mass']:.3f} from what came true, on average; chance alone makes"
        f" {told['calibration_error_equal_mass_by_chance']:.3f} of it. Its shortlists promise"
        f" {told['shortlist_level']:.0%} of a disease's treatments: they had {kept} of the held-out ones, in"
        f" {told['shortlist_median_length']:.0f} drugs (median)."
    )


def _against_judged(measured: "Evaluation") -> str:
    """Say what the comparison with pairs that were judged not indicated is, where there is one."""
    rows = measured.figures[measured.figures["metric"] == AGAINST_JUDGED]
    if rows.empty:
        return ""
    return (
        f" {AGAINST_JUDGED.replace('_', ' ')} is how often a held-out treatment outscores one of"
        f" {int(rows['count'].iloc[0])} held-out pairs that curators looked at and judged not indicated; 0.5 is"
        " chance. Nothing was learned from their judgement."
    )


def evaluation_sentence(measured: "Evaluation") -> str:
    """Return the average precision on held-out pairs, the model's beside the degree prior's, as one sentence."""
    rows = [measured.figure(method, "average_precision") for method in ("model", "degree prior")]
    told = [f"{row['method']} {row['mean']:.2f} ({row['lower']:.2f} to {row['upper']:.2f})" for row in rows]
    return (
        f"On held-out pairs, ranked for each disease among {measured.about['candidates']} drugs, average precision by"
        f" disease, mean and 95 % interval: {', '.join(told)}."
    )


def explanation_section(explanation: "Explanation") -> Section:
    """Draw and list the best evidence paths between a drug and a disease."""
    return Section(
        title=f"Why {explanation.subject.name} for {explanation.object.name}",
        lead=explanation.to_text(),
        figure=paths_figure(explanation.evidence) if explanation.evidence else None,
        tables=(
            Table(explanation.paths[["rank", "share", "score", "path", "metapath"]], "Paths", folded=True),
            Table(_edges(explanation.evidence), "Their edges, with the evidence of each", folded=True),
            Table(_because(explanation.because), "Known answers that carried the score", folded=True),
        ),
        caption=(
            "Paths are ranked by their share of what raises the model's score, and by degree-weighted score, so that"
            " generic hubs count little (damping 0.4; Himmelstein 2017, doi:10.7554/eLife.26726). A path is a reason to"
            " look, not a mechanism."
        ),
    )


def patient_section(imported: Imported, cohort: Cohort) -> Section:
    """Say who was imported and whom the twin stands for."""
    covariates = ", ".join(f"{name} {cell(values[0])}" for name, values in cohort.covariates.items())
    return Section(
        title="The patient",
        lead=(
            f"{len(imported.patients)} made-up patients entered the graph from FHIR R4 bundles under keyed pseudonyms."
            f" The twin below is {cohort.ids[0]}: {covariates}."
        ),
        tables=(Table(imported.audit.to_frame(), "Records by kind", folded=True),),
    )


def trajectory_section(model: PatientModel, courses: Mapping[str, Trajectories]) -> Section:
    """Draw a patient's INR under each regimen."""
    frames = {name: course.to_frame() for name, course in courses.items()}
    last = pd.concat(
        [frame[frame["time"] == frame["time"].max()].assign(regimen=name) for name, frame in frames.items()]
    )
    shown = last.assign(unit=unit_shown(last["unit"]))[["regimen", "observable", "unit", "value", "lower", "upper"]]
    time, unit = last[["time", "time_unit"]].iloc[0]
    first = next(iter(courses.values()))
    low, high = INR_TARGET
    return Section(
        title="The patient's twin on warfarin",
        lead=f"Simulated with {model.name}. The shaded range is the target INR of {low:g} to {high:g}.",
        figure=trajectory_figure(frames, observable="INR", label="INR", band=INR_TARGET),
        tables=(Table(shown, f"On {TIME_WORDS[unit]} {time:g}"),),
        caption=(
            f"Line and band: {first.basis}. {model.citation.rstrip('.')}. Not in the model:"
            f" {'; '.join(model.left_out)}."
        ),
    )


def parameters_section(parameters: pd.DataFrame | PatientModel) -> Section:
    """List every parameter with value, unit, basis and source."""
    table = pd.DataFrame(parameter_table(parameters)) if isinstance(parameters, PatientModel) else parameters
    return Section(
        title="Parameters", tables=(Table(table.assign(unit=unit_shown(table["unit"])), "Parameters", folded=True),)
    )


def _edges(paths: Sequence[Path]) -> pd.DataFrame:
    """Return the edges of paths, each once for each source that states it, with its evidence."""
    rows = {}
    for path in paths:
        for start, edge, end in zip(path.nodes, path.edges, path.nodes[1:], strict=False):
            subject, target = (start, end) if edge.step.forward else (end, start)
            for told in edge.evidence:
                rows[subject.id, edge.step.relation, target.id, told] = {
                    "from": subject.name,
                    "relation": edge.step.relation.replace("_", " "),
                    "to": target.name,
                    "source": f"{told.source} {told.source_version}",
                    "licence": told.licence,
                    "knowledge level": told.knowledge_level.replace("_", " "),
                    "references": told.references,
                }
    return pd.DataFrame(rows.values())


def _because(because: pd.DataFrame) -> pd.DataFrame:
    """Return which known answers a score is made of, and over which likeness."""
    return pd.DataFrame(
        {
            "known": because["subject_name"] + " " + because["relation"] + " " + because["object_name"],
            "by": because["by"],
            "share": [f"{share:.0%}" for share in because["share"]],
        }
    )


def unit_shown(units: pd.Series) -> pd.Series:
    """Return units for a reader: none for pure numbers."""
    return units.replace("1", "")
