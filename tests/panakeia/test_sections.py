"""The sections say what was found and what to doubt: whose list, among how many drugs, how many patients are left."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy.sparse import csr_array

from gnn.checkpoint import Model
from gnn.config import TrainConfig
from gnn.evaluate import Evaluation
from gnn.explain import Explanation
from gnn.likeness import Side
from gnn.metrics import AGAINST_JUDGED
from gnn.model import Answers
from gnn.outlook import Senders, Surroundings
from gnn.task import TREATS
from kg.audit import REJECTED, Audit, Tally
from kg.graph import Evidence
from kg.paths import Path, PathEdge, paths_frame
from kg.patients.imports import Imported
from kg.schema import Step
from kg.search import Node
from panakeia.sections import (
    NOT_LISTED,
    candidate_named,
    candidate_sentence,
    candidates_section,
    evaluation_section,
    evaluation_sentence,
    explanation_section,
    graph_section,
    parameters_section,
    patient_section,
    trajectory_section,
)
from tests.conftest import RELEASE
from tests.panakeia.test_figures import legend
from twin import library
from twin.patient import Cohort
from twin.simulate import Times, Trajectories

NOBODY = Side("Drug", (), {}, {}, {}, {}, ())
MODEL = Model(
    config=TrainConfig(seed=7),
    sources=(RELEASE,),
    listed_by=("by-hand",),
    names=((), ()),
    trained=(1552, 137),
    around=Surroundings(TREATS, NOBODY, NOBODY),
    senders=Senders(np.empty(0, np.int64), np.empty(0, np.int64)),
    answers=Answers({"treats": csr_array((0, 0)), "palliates": csr_array((0, 0))}, {}),
    sizes=np.empty(0, np.float32),
    members=(),
    calibrators={},
    shortlists={},
)
"""A model that knows nothing but where it is from."""


def ranked(*lifts: float, known: bool = False, first: int = 1) -> pd.DataFrame:
    places = range(first, first + len(lifts))
    return pd.DataFrame(
        {
            "rank": list(places),
            "drug": [f"DRUGBANK:DB{place:05}" for place in places],
            "name": [f"drug {place}" for place in places],
            "score": [0.02 * lift for lift in lifts],
            "probability": [0.02 * lift for lift in lifts],
            "prior": [0.02] * len(lifts),
            "lift": list(lifts),
            "known": [known] * len(lifts),
            "judged": [""] * len(lifts),
        }
    )


NOT_INDICATED = "not indicated (AJG=NOT, CSH=SYM, PK=NOT)"


def test_a_candidate_is_named_with_its_numbers_and_what_not_in_a_list_means() -> None:
    told = candidate_sentence("epilepsy", ranked(3.5, 0.5, first=4), MODEL)
    assert told.startswith(
        "Of the drugs not in by-hand 1's list for epilepsy, drug 4 has the highest score: rank 4 of 1,552,"
    )
    assert "score 0.07, probability 0.07, degree prior 0.02, lift 3.5. A hypothesis, not advice." in told
    assert "neither new nor good" in NOT_LISTED and "judged not indicated" in NOT_LISTED and NOT_LISTED in told
    assert "best" not in told


@pytest.mark.parametrize("least", [1.0, 1.5])
def test_a_candidate_below_its_degree_prior_is_passed_over(least: float) -> None:
    candidates = ranked(0.99, 0.2, least, 7.0, first=3)
    assert candidate_named(candidates)["rank"].tolist() == [5]
    told = candidate_sentence("epilepsy", candidates, MODEL)
    assert "drug 5 is the first in the ranking whose lift is not below 1: rank 5 of 1,552," in told
    assert "drug 3" not in told and "highest score" not in told


def test_where_every_lift_is_below_1_no_candidate_is_named() -> None:
    candidates = ranked(0.99, 0.5)
    assert candidate_named(candidates).empty
    told = candidate_sentence("epilepsy", candidates, MODEL)
    assert told.startswith(
        "Of the 2 highest-scored drugs that are not in by-hand 1's list for epilepsy, the model finds"
    )
    assert told.endswith("(every lift is below 1): no candidate is named.")
    assert "drug 1" not in told


def test_a_candidate_that_curators_judged_not_indicated_is_passed_over_and_shown() -> None:
    candidates = ranked(9.0, 7.0, first=1).assign(judged=[NOT_INDICATED, ""])
    assert candidate_named(candidates)["rank"].tolist() == [2]
    told = candidate_sentence("epilepsy", candidates, MODEL)
    assert (
        "drug 2 is the first in the ranking whose lift is not below 1 and that no curator judged not indicated" in told
    )
    (table,) = candidates_section("epilepsy", candidates, MODEL).tables
    assert table.rows["judged"].tolist() == [NOT_INDICATED, ""]
    alone = ranked(9.0, 0.5).assign(judged=[NOT_INDICATED, ""])
    assert candidate_named(alone).empty
    told = candidate_sentence("epilepsy", alone, MODEL)
    assert told.endswith("(every lift is below 1, or curators judged the drug not indicated): no candidate is named.")


def test_where_every_drug_is_listed_there_is_no_candidate() -> None:
    told = candidate_sentence("epilepsy", ranked(), MODEL)
    assert told == "Every drug of the model is in by-hand 1's list for epilepsy: there is no candidate."
    assert candidate_named(ranked()).empty


def test_candidates_stand_beside_their_prior_and_the_list_that_they_are_in_or_not() -> None:
    rows = pd.concat([ranked(2.0, 0.5), ranked(30.0, known=True, first=9)])
    section = candidates_section("epilepsy", rows, MODEL)
    (table,) = section.tables
    assert table.rows["listed"].tolist() == ["not in by-hand 1's list"] * 2 + ["in by-hand 1's list"]
    shared = ["rank", "drug", "name", "score", "prior", "lift"]
    pd.testing.assert_frame_equal(table.rows[shared], rows[shared])
    assert "judged" not in table.rows  # where nobody judged
    assert not table.folded
    assert NOT_LISTED in section.lead and "“treats” epilepsy" in section.lead
    assert section.figure is not None
    assert legend(section.figure) == ["not in by-hand 1's list", "in by-hand 1's list", "degree prior"]
    assert section.caption.startswith("task: treats; seed: 7; data version: ")
    assert not {"new", "known"} & set(section.lead.replace(NOT_LISTED, "").split())


def test_a_disease_without_a_drug_has_no_figure() -> None:
    assert candidates_section("epilepsy", ranked(), MODEL).figure is None


def measured(candidates: int = 130, *more: tuple[object, ...]) -> Evaluation:
    rows = [
        ("model", "average_precision", 0.723, 0.5, 0.9, "nodes", 14),
        ("model", "recall_at_100", 0.8, 0.6, 1.0, "nodes", 14),
        ("degree prior", "average_precision", 0.26, 0.13, 0.43, "nodes", 14),
        ("model - degree prior", "average_precision", 0.463, 0.2, 0.7, "nodes", 14),
        ("model", "entropy_of_nodes_at_1000", 0.463, np.nan, np.nan, "pairs", 1_000),
        *more,
    ]
    return Evaluation(
        about={"held_out": 151, "nodes": 14, "candidates": candidates},
        figures=pd.DataFrame(rows, columns=["method", "metric", "mean", "lower", "upper", "over", "count"]),
        reliability=pd.DataFrame(
            {"pairs": [9, 11], "foretold": [0.1, 0.7], "observed": [0.2, 0.6], "lower": [0.1, 0.4], "upper": [0.4, 0.8]}
        ),
        promises={
            "calibration_error_equal_mass": 0.0312,
            "calibration_error_equal_mass_by_chance": 0.0187,
            "shortlist_level": 0.9,
            "shortlist_kept": 0.914,
            "shortlist_kept_lower": 0.85,
            "shortlist_kept_upper": 0.96,
            "shortlist_median_length": 47.0,
        },
    )


def test_held_out_figures_say_among_how_many_drugs_they_rank() -> None:
    section = evaluation_section(measured(), "by-hand-1")
    assert "All 130 drugs were then ranked for each of 14 diseases" in section.lead and "151 treatments" in section.lead
    assert "by-hand-1" in section.caption
    (table,) = section.tables
    assert table.rows.to_dict("list") == {
        "method": ["model", "model", "degree prior", "model - degree prior"],
        "metric": ["average precision", "recall at 100", "average precision", "average precision"],
        "mean": ["0.72", "0.80", "0.26", "0.46"],
        "95 % interval": ["0.50 to 0.90", "0.60 to 1.00", "0.13 to 0.43", "0.20 to 0.70"],
        "over": ["14 nodes"] * 4,
    }
    (few,) = evaluation_section(measured(100), "by-hand-1").tables
    assert "recall at 100" not in few.rows["metric"].tolist()


def test_promises_are_told_with_what_became_of_them() -> None:
    section = evaluation_section(measured(), "by-hand-1")
    assert (
        "Of the 20 pairs of highest probability, what the model foretold is 0.031 from what came true" in section.lead
    )
    assert "chance alone makes 0.019" in section.lead
    assert (
        "promise 90% of a disease's treatments: they had 91% (85% to 96%) of the held-out ones, in 47" in section.lead
    )
    assert section.figure is not None
    (axes,) = section.figure.axes
    (points,) = [line for line in axes.lines if line.get_marker() == "o"]
    assert points.get_xydata().tolist() == [[0.1, 0.2], [0.7, 0.6]]


def test_held_out_figures_say_what_the_comparison_with_judged_pairs_is() -> None:
    assert "not indicated" not in evaluation_section(measured(), "by-hand-1").lead
    judged = ("model", AGAINST_JUDGED, 0.61, 0.5, 0.7, "refused pairs", 49)
    section = evaluation_section(measured(130, judged), "by-hand-1")
    assert "one of 49 held-out pairs that curators looked at and judged not indicated" in section.lead
    assert section.tables[0].rows["metric"].tolist()[-1] == "auc against not indicated"


def test_held_out_pairs_in_one_sentence() -> None:
    assert evaluation_sentence(measured(13)) == (
        "On held-out pairs, ranked for each disease among 13 drugs, average precision by disease, mean and 95 %"
        " interval: model 0.72 (0.50 to 0.90), degree prior 0.26 (0.13 to 0.43)."
    )


def test_the_graph_is_told_with_its_sources_and_what_was_rejected() -> None:
    tallies = (Tally("by-hand", "Gene", 12, 2, 3), Tally("by-hand", "binds", 3000, 0, 1))
    section = graph_section(Audit((RELEASE,), tallies, REJECTED.empty_table()))
    assert section.lead.startswith("3,006 rows became nodes and edges, 4 were rejected.")
    assert section.caption == "Sources: by-hand 1 (CC0-1.0). Textbooks"
    (table,) = section.tables
    assert table.rows["kept"].tolist() == [7, 2999] and table.folded


def test_the_patient_is_told_by_pseudonym_and_what_the_twin_needs() -> None:
    audit = Audit((), (Tally("fhir", "Patient", 2, 0, 0),), pa.Table.from_pylist([], REJECTED))
    cohort = Cohort(("PANAKEIA:P-2",), {"age_years": np.array([71.0]), "CYP2C9": np.array(["*1/*3"])})
    section = patient_section(Imported(("PANAKEIA:P-1", "PANAKEIA:P-2"), audit, {}), cohort)
    assert section.lead.startswith("2 made-up patients entered")
    assert section.lead.endswith("The twin below is PANAKEIA:P-2: age_years 71, CYP2C9 *1/*3.")
    (table,) = section.tables
    assert table.rows["table"].tolist() == ["Patient"] and table.folded


DRUG, GENE, DISEASE = (
    Node("D:1", "Drug", "Tiagabine"),
    Node("G:1", "Gene", "SLC6A1"),
    Node("O:1", "Disease", "epilepsy"),
)
OTHER = Node("D:2", "Drug", "Phenytoin")
STATED = Evidence("by-hand", "1", "CC0-1.0", "knowledge_assertion", "manual_agent", ("PMID:1", "PMID:2"))
ALSO = Evidence("other", "2024", "CC-BY-4.0", "observation", "", ())
BINDS = PathEdge(Step("binds", True), (STATED, ALSO))
EVIDENCE = (
    Path((DRUG, GENE, DISEASE), (BINDS, PathEdge(Step("disease_associates_gene", False), (ALSO,))), 0.5),
    Path((DRUG, GENE, OTHER), (BINDS, PathEdge(Step("binds", False), (STATED,))), 0.25),
)
EXPLAINED = Explanation(
    columns=("drug", "disease"),
    subject=DRUG,
    object=DISEASE,
    score=0.91,
    probability=0.9,
    prior=0.03,
    known=False,
    listed="not in by-hand 1's list",
    regime="warm",
    bias=-5.0,
    contributions=pd.DataFrame({"part": ["fused graph"], "logit": [2.0]}),
    because=pd.DataFrame(
        [("treats", "D:2", "O:1", "binds", 0.756, "Phenytoin", "epilepsy")],
        columns=["relation", "subject", "object", "by", "share", "subject_name", "object_name"],
    ),
    paths=paths_frame(EVIDENCE).assign(share=[0.2, 0.1]),
    evidence=EVIDENCE,
)


def test_paths_carry_the_evidence_of_each_edge_once_for_each_source() -> None:
    section = explanation_section(EXPLAINED)
    assert section.title == "Why Tiagabine for epilepsy" and section.lead == EXPLAINED.to_text()
    assert "not in by-hand 1's list" in section.lead
    found, edges, _ = section.tables
    assert found.rows.to_dict("list") == {
        "rank": [1, 2],
        "share": [0.2, 0.1],
        "score": [0.5, 0.25],
        "path": [str(path) for path in EVIDENCE],
        "metapath": [path.metapath for path in EVIDENCE],
    }
    by_hand = ["by-hand 1", "CC0-1.0", "knowledge assertion", ("PMID:1", "PMID:2")]
    other = ["other 2024", "CC-BY-4.0", "observation", ()]
    columns = ["from", "relation", "to", "source", "licence", "knowledge level", "references"]
    assert edges.rows.columns.tolist() == columns
    assert edges.rows.to_numpy().tolist() == [
        ["Tiagabine", "binds", "SLC6A1", *by_hand],
        ["Tiagabine", "binds", "SLC6A1", *other],
        ["epilepsy", "disease associates gene", "SLC6A1", *other],
        ["Phenytoin", "binds", "SLC6A1", *by_hand],
    ]
    assert all(table.folded and table.name for table in section.tables)
    assert section.figure is not None


def test_the_answers_that_carried_a_score_are_listed_with_their_shares() -> None:
    carriers = explanation_section(EXPLAINED).tables[2].rows
    assert carriers.to_numpy().tolist() == [["Phenytoin treats epilepsy", "binds", "76%"]]


def test_a_pair_without_a_path_has_no_figure() -> None:
    section = explanation_section(replace(EXPLAINED, paths=paths_frame(()).assign(share=()), evidence=()))
    assert section.figure is None and len(section.tables[0].rows) == len(section.tables[1].rows) == 0


WARFARIN = library.load("warfarin_hamberg2007")


def course(*inr: float) -> Trajectories:
    value = np.array([[inr, np.full(len(inr), 0.25)]])
    times = Times(24.0 * np.arange(len(inr)), "d")
    return Trajectories(
        ("P",), ("INR", "S_warfarin"), ("1", "mg/L"), times, value, value - 0.125, value + 0.5, "median", "", {}
    )


def test_a_twin_is_drawn_in_the_target_range_and_its_last_day_listed() -> None:
    section = trajectory_section(WARFARIN, {"5 mg": course(1.0, 1.5, 2.0), "8 mg": course(1.0, 2.0, 3.0)})
    assert section.figure is not None
    assert legend(section.figure) == ["5 mg", "8 mg"]
    (axes,) = section.figure.axes
    (target,) = axes.patches
    assert target.get_extents().transformed(axes.transData.inverted()).intervaly.tolist() == pytest.approx([2.0, 3.0])
    assert "the target INR of 2 to 3" in section.lead and "warfarin_hamberg2007" in section.lead
    (table,) = section.tables
    assert table.name == "On day 2"
    assert table.rows.columns.tolist() == ["regimen", "observable", "unit", "value", "lower", "upper"]
    assert table.rows.to_numpy().tolist() == [
        ["5 mg", "INR", "", 2.0, 1.875, 2.5],
        ["5 mg", "S_warfarin", "mg/L", 0.25, 0.125, 0.75],
        ["8 mg", "INR", "", 3.0, 2.875, 3.5],
        ["8 mg", "S_warfarin", "mg/L", 0.25, 0.125, 0.75],
    ]
    assert all(left in section.caption for left in WARFARIN.left_out) and WARFARIN.citation in section.caption
    assert ".." not in section.caption


PARAMETERS = pd.DataFrame(
    [("clearance", 0.3, "L/h", "measured", "a table"), ("exponent", 3.6, "1", "assumed", "a guess")],
    columns=["name", "value", "unit", "basis", "source"],
)


def test_parameters_are_listed_with_their_sources() -> None:
    (table,) = parameters_section(PARAMETERS).tables
    assert table.rows["unit"].tolist() == ["L/h", ""]
    assert table.rows.drop(columns="unit").equals(PARAMETERS.drop(columns="unit"))
    assert table.folded
    (whole,) = parameters_section(WARFARIN).tables
    residual = [part for error in WARFARIN.errors.values() for part in error.parts.values()]
    quantities = [*WARFARIN.parameters.values(), *WARFARIN.variability.between.values(), *residual]
    assert whole.rows["value"].tolist() == [quantity.value for quantity in quantities]
