"""A report's figures in the dark: every colour has its counterpart, which is readable, also for the colour-blind."""

import re
from importlib.resources import files
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from panakeia.figures import ARMS, INK, KIND_COLOURS, KNOWN, MUTED, NEW, single
from panakeia.inks import DARK
from panakeia.report import Report, Section

CARD = DARK["#ffffff"]
SEEN = {
    "usual": np.eye(3),
    "protan": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deutan": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
}
"""Machado 2009 (doi:10.1109/TVCG.2009.113), severity 1: how linear RGB is seen."""


def linear(colour: str) -> NDArray[np.float64]:
    part = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    return np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """WCAG 2's contrast ratio."""
    dark, light = sorted(float(linear(colour) @ [0.2126, 0.7152, 0.0722]) for colour in (one, other))
    return (light + 0.05) / (dark + 0.05)


def lab(colour: str, seen: NDArray[np.float64]) -> NDArray[np.float64]:
    rgb = np.clip(seen @ linear(colour), 0, 1)
    xyz = (
        np.array(
            [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.072175], [0.0193339, 0.119192, 0.9503041]]
        )
        @ rgb
    )
    x, y, z = np.cbrt(np.maximum(xyz / [0.95047, 1.0, 1.08883], 0.008856))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def test_every_colour_that_figures_are_drawn_in_has_one_in_the_dark() -> None:
    for name in ("figures.py", "trials/figures.py", "trials/flow.py"):
        source = files("panakeia").joinpath(name).read_text(encoding="utf-8")
        assert set(re.findall(r"#[0-9a-f]{6}", source)) <= DARK.keys(), name


@pytest.mark.parametrize("colour", [INK, MUTED, NEW, KNOWN, *ARMS])
def test_what_is_drawn_stands_out_from_the_dark_page(colour: str) -> None:
    assert contrast(DARK[colour], CARD) >= 4.5


def test_names_in_the_boxes_of_nodes_are_readable_in_the_dark() -> None:
    assert min(contrast(DARK[INK], DARK[box]) for box in KIND_COLOURS.values()) >= 4.5


@pytest.mark.parametrize("seen", SEEN)
def test_arms_are_told_apart_in_the_dark_also_by_the_colour_blind(seen: str) -> None:
    apart = {
        pair: np.linalg.norm(lab(DARK[pair[0]], SEEN[seen]) - lab(DARK[pair[1]], SEEN[seen]))
        for pair in combinations(ARMS, 2)
    }
    assert min(apart.values()) >= 20, apart  # 2.3 is what a trained eye just sees


def test_a_report_is_light_or_dark_as_the_reader_s_screen_and_light_on_paper() -> None:
    figure, axes = single(3, 2)
    axes.plot([0, 1], [0, 1], color=ARMS[0])
    page = Report("A", ("b",), (Section("c", figure=figure),)).to_html()
    rules = page[page.index("@media screen and (prefers-color-scheme: dark)") :].partition("</style>")[0]
    assert f"--f-{ARMS[0][1:]}: {DARK[ARMS[0]]};" in rules
    assert f"stroke: var(--f-{ARMS[0][1:]}, {ARMS[0]})" in page
    assert not re.search(r'style="[^"]*(?<!, )#[0-9a-f]{6}', page)  # none is left that the page cannot change
    assert pd.Series(re.findall(r"var\(--f-([0-9a-f]{6}),", page)).map(lambda one: f"#{one}" in DARK).all()


@pytest.mark.parametrize("name", ["report.html.j2", "pharmacogenome.html.j2"])
def test_a_report_s_words_stand_out_from_its_ground_in_the_light_and_in_the_dark(name: str) -> None:
    schemes = files("panakeia").joinpath(name).read_text(encoding="utf-8").split(":root {")[1:3]
    for scheme in schemes:
        inks = dict(re.findall(r"(--[a-z]+): (#[0-9a-f]{6});", scheme.partition("}")[0]))
        words = inks.keys() - {"--line", "--ground", "--card"}
        assert len(words) >= 3
        assert min(contrast(inks[word], inks[ground]) for word in words for ground in ("--ground", "--card")) >= 4.5
