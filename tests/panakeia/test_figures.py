"""The figures draw what they are given: each dot, band and arrow in its place, and a legend that says what it is."""

import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import FillBetweenPolyCollection, LineCollection, PathCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from kg.graph import Evidence
from kg.paths import Path, PathEdge
from kg.schema import Step
from kg.search import Node
from panakeia.figures import (
    FEWEST,
    KIND_COLOURS,
    KNOWN,
    NEW,
    arms_figure,
    candidates_figure,
    checked_figure,
    paths_figure,
    svg,
    trajectory_figure,
    update_figure,
)

RANKED = pd.DataFrame(
    {
        "name": ["Tiagabine", "Memantine", "Phenytoin"],
        "probability": [0.91, 0.05, 0.98],
        "prior": [0.03, 0.06, 0.04],
        "known": [False, False, True],
    }
)


def only(figure: Figure) -> Axes:
    (axes,) = figure.axes
    return axes


def legend(figure: Figure) -> list[str]:
    (drawn,) = figure.legends
    return [text.get_text() for text in drawn.get_texts()]


def test_candidates_are_dots_at_their_probabilities_coloured_by_whether_a_source_lists_them() -> None:
    figure = candidates_figure(RANKED, listed="in by-hand 1's list", unlisted="not in by-hand 1's list")
    axes = only(figure)
    dots = {str(drawn.get_label()): drawn for drawn in axes.collections if isinstance(drawn, PathCollection)}
    assert {name: drawn.get_offsets().tolist() for name, drawn in dots.items()} == {
        "not in by-hand 1's list": [[0.91, 0], [0.05, 1]],
        "in by-hand 1's list": [[0.98, 2]],
        "degree prior": [[0.03, 0], [0.06, 1], [0.04, 2]],
    }
    assert legend(figure) == list(dots)
    colours = [to_hex(dots[name].get_facecolor()[0]) for name in ("not in by-hand 1's list", "in by-hand 1's list")]
    assert colours == [NEW, KNOWN]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["Tiagabine", "Memantine", "Phenytoin"]
    assert axes.get_xscale() == "log"
    low, high = axes.get_ylim()
    assert low > high, "the first candidate stands on top"
    (lines,) = [drawn for drawn in axes.collections if isinstance(drawn, LineCollection)]
    assert [sorted(float(x) for x in line[:, 0]) for line in lines.get_segments()] == [
        [0.03, 0.91],
        [0.05, 0.06],
        [0.04, 0.98],
    ]


def test_a_legend_names_no_colour_that_is_not_drawn() -> None:
    figure = candidates_figure(RANKED[~RANKED["known"]], listed="in a list", unlisted="in none")
    assert legend(figure) == ["in none", "degree prior"]


DRUG, GENE, DISEASE = Node("D:1", "Drug", "Warfarin"), Node("G:1", "Gene", "VKORC1"), Node("O:1", "Disease", "clotting")
LONG = Node("C:1", "PharmacologicClass", "Decreased Central Nervous System Disorganized Electrical Activity")


STATED = Evidence("by-hand", "1", "CC0-1.0", "knowledge_assertion", "manual_agent", ("PMID:1", "PMID:2"))


def path(*parts: Node | Step) -> Path:
    nodes = tuple(part for part in parts if isinstance(part, Node))
    steps = [part for part in parts if isinstance(part, Step)]
    return Path(nodes, tuple(PathEdge(step, (STATED,)) for step in steps), 0.5)


def test_paths_are_boxes_in_the_colour_of_their_kind_joined_by_arrows_the_way_the_edge_points() -> None:
    direct = path(DRUG, Step("binds", True), GENE)
    back = path(GENE, Step("disease_associates_gene", False), DISEASE)
    axes = only(paths_figure([direct, back]))
    boxes = [patch for patch in axes.patches if isinstance(patch, FancyBboxPatch)]
    kinds = ["Drug", "Gene", "Gene", "Disease"]
    assert [to_hex(box.get_facecolor()) for box in boxes] == [KIND_COLOURS[kind] for kind in kinds]
    words = [text.get_text().replace("\n", " ") for text in axes.texts if text.get_text()]
    assert words.count("VKORC1") == 2 and "disease associates gene" in words and "binds" in words
    arrows = [text for text in axes.texts if getattr(text, "arrow_patch", None) is not None]
    tips = [(arrow.xy[0] - arrow.xyann[0] > 0, arrow.xy[1]) for arrow in arrows]
    assert tips == [(True, 0), (False, 1)]


def test_a_long_name_is_cut_and_a_shorter_path_is_spread_over_the_row() -> None:
    long = path(
        DRUG,
        Step("class_includes_drug", False),
        LONG,
        Step("class_includes_drug", True),
        Node("D:2", "Drug", "Heparin"),
    )
    axes = only(paths_figure([long, path(DRUG, Step("binds", True), GENE)]))
    places = {text.get_text(): text.get_position()[0] for text in axes.texts}
    assert "Decreased Central N…" in places and places["Decreased Central N…"] == 1
    assert places["Heparin"] == places["VKORC1"] == 2


def course(values: list[float]) -> pd.DataFrame:
    frame = pd.DataFrame({"time": range(len(values)), "time_unit": "d", "observable": "INR", "value": values})
    other = frame.assign(observable="S_warfarin", value=99.0)
    both = pd.concat([frame, other])
    return both.assign(lower=both["value"] - 0.5, upper=both["value"] + 1.0)


def bands(axes: Axes) -> list[tuple[float, float, float, float]]:
    found = [drawn for drawn in axes.collections if isinstance(drawn, FillBetweenPolyCollection)]
    return [tuple(drawn.get_datalim(axes.transData).extents.tolist()) for drawn in found]


def test_a_trajectory_is_a_line_in_its_band_and_the_target_is_shaded() -> None:
    figure = trajectory_figure(
        {"5 mg": course([1.0, 2.0]), "8 mg": course([1.0, 3.0])}, observable="INR", label="INR", band=(2.0, 3.0)
    )
    axes = only(figure)
    assert [(line.get_label(), list(map(float, line.get_ydata()))) for line in axes.lines] == [
        ("5 mg", [1.0, 2.0]),
        ("8 mg", [1.0, 3.0]),
    ]
    assert bands(axes) == [(0, 0.5, 1, 3.0), (0, 0.5, 1, 4.0)]
    assert legend(figure) == ["5 mg", "8 mg"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("day", "INR")
    (shaded,) = axes.patches
    assert shaded.get_extents().transformed(axes.transData.inverted()).intervaly.tolist() == pytest.approx([2.0, 3.0])


def test_hours_are_not_called_days() -> None:
    figure = trajectory_figure({"5 mg": course([1.0, 2.0]).assign(time_unit="h")}, observable="INR", label="INR")
    assert only(figure).get_xlabel() == "hour" and not only(figure).patches


def test_an_arm_too_small_to_draw_is_still_named() -> None:
    figure = arms_figure({"few": arm([FEWEST - 1] * 3)}, label="INR", band=(2.0, 3.0))
    assert [len(line.get_xdata()) for line in only(figure).lines] == [0]
    assert legend(figure) == [f"few: {FEWEST - 1} patients"] and only(figure).get_xlabel() == "day"


def arm(followed: list[int]) -> pd.DataFrame:
    days = range(1, len(followed) + 1)
    return pd.DataFrame({"day": days, "n": followed, "median": 2.5, "lower": 2.0, "upper": 3.5})


def test_an_arm_is_drawn_while_enough_patients_are_followed_and_the_legend_counts_them() -> None:
    quantiles = {
        "staying": arm([1000] * 4),
        "leaving": arm([100, FEWEST, FEWEST - 1, 3]),
        "gone": arm([30, 0, 0, 0]),
    }
    figure = arms_figure(quantiles, label="INR", band=(2.0, 3.0))
    axes = only(figure)
    assert [list(map(int, line.get_xdata())) for line in axes.lines] == [[1, 2, 3, 4], [1, 2], [1]]
    assert [(first, last) for first, _, last, _ in bands(axes)][:2] == [(1, 4), (1, 2)]
    assert legend(figure) == [
        "staying: 1,000 patients",
        "leaving: 100 patients, 3 left on day 4",
        "gone: 30 patients, 0 left on day 4",
    ]


def test_the_same_figure_is_the_same_text() -> None:
    first, second = (svg(candidates_figure(RANKED)) for _ in range(2))
    assert first.startswith("<svg") and first.rstrip().endswith("</svg>")
    assert first == second


def foretold(unit: str, last: float, **columns: float) -> pd.DataFrame:
    """Return a course from 0 to the last time, alike at both."""
    return pd.DataFrame({"time": [0.0, last], "time_unit": unit, "observable": "INR", "value": 2.0, **columns})


@pytest.mark.parametrize(("days", "word", "end"), [(28.0, "day", 28.0), (2.0, "hour", 48.0)])
def test_an_update_shows_both_forecasts_in_one_unit_and_what_was_used(days: float, word: str, end: float) -> None:
    bounds = {"lower": 1.0, "upper": 3.0}
    before = foretold("d", days, **bounds)
    after = foretold("h", 24 * days, **bounds, lower_measured=-0.5, upper_measured=3.5)
    measured = pd.DataFrame({"time": [12.0, 24.0], "value": [1.5, 2.5], "used": [True, False]})
    axes = only(figure := update_figure(before, after, measured, observable="INR", label="INR", band=(2.0, 3.0)))
    assert axes.get_xlabel() == word and axes.get_ylim()[0] == 0
    assert [line.get_xdata()[-1] for line in axes.lines[:2]] == [end, end]
    dots = [drawn.get_offsets().tolist() for drawn in axes.collections if isinstance(drawn, PathCollection)]
    hour = 1 if word == "hour" else 24
    assert dots == [[[12 / hour, 1.5]], [[24 / hour, 2.5]]]
    assert legend(figure)[-2:] == ["measured", "measured later, not used"]


def test_a_check_marks_what_lies_outside() -> None:
    check = pd.DataFrame({"time": [24.0, 48.0], "value": [1.5, 4.0], "lower": [1.0, 2.0], "upper": [2.0, 3.0]})
    axes = only(figure := checked_figure(check, label="INR"))
    dots = [drawn.get_offsets().tolist() for drawn in axes.collections if isinstance(drawn, PathCollection)]
    assert dots == [[[0, 1.5]], [[1, 4.0]]] and legend(figure) == ["measured, inside", "measured, outside"]
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["1", "2"]
