"""Curated mechanisms from the command line: shown beside the graph, none where there are none, no file named."""

import gzip
import json
from pathlib import Path

import pytest

from kg.mechanisms import CURATED
from tests.kg.test_mechanisms import WARFARIN
from tests.panakeia.conftest import Panakeia


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A mirror whose one mechanism names its ends by what the starter graph has: DrugBank's drug, a DOID disease."""
    own = json.loads(json.dumps([WARFARIN]).replace("MESH:D013927", "DOID:0060903"))
    (tmp_path / CURATED.path).parent.mkdir()
    (tmp_path / CURATED.path).write_bytes(gzip.compress(json.dumps(own).encode()))
    return tmp_path


def test_a_mechanism_is_shown_with_its_steps(panakeia: Panakeia, starter_store: Path, folder: Path) -> None:
    where = ("--store", starter_store, "--data", folder)
    (one,) = panakeia("mechanisms", "coumadin", "thrombosis", *where, "--json").json()
    assert one["id"] == "DB00682_MESH_D013927_1"
    assert one["lines"][0].startswith("warfarin - decreases activity of -> VKORC1 - ")
    assert one["links"][0]["object"] == "UniProtKB:Q9BQB6"
    printed = panakeia("mechanisms", "warfarin", "thrombosis", *where)
    assert printed.status == 0 and "no part of the graph" in printed.out and "VKORC1" in printed.out


def test_a_pair_without_a_mechanism_says_so(panakeia: Panakeia, starter_store: Path, folder: Path) -> None:
    where = ("--store", starter_store, "--data", folder)
    assert "hypertension: none" in panakeia("mechanisms", "warfarin", "hypertension", *where).out
    assert panakeia("mechanisms", "warfarin", "hypertension", *where, "--json").json() == []


def test_without_the_file_the_message_says_where_it_was_looked_for(
    panakeia: Panakeia, starter_store: Path, tmp_path: Path
) -> None:
    run = panakeia("mechanisms", "warfarin", "thrombosis", "--store", starter_store, "--data", tmp_path)
    assert run.status == 2
    assert "drugmechdb-paths.json.gz is nowhere" in run.err and str(tmp_path) in run.err
