"""Half-life: the page keeps the drugs of which one is known and as asked, and says so; `rank --where` is the same."""

from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pyarrow as pa
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from kg.graph import Graph
from kg.progress import silent
from kg.stores.opening import open_store
from panakeia import Session
from panakeia.api.access.authenticate import Gate
from panakeia.api.access.roles import Role
from panakeia.desk.desk import Desk, DeskSettings
from panakeia.page.router import page

DISEASE = "DOID:3393"  # coronary artery disease


@pytest.fixture(scope="module")
def store(starter_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The starter graph, where every third drug has no half-life, and the others have 1, 2, 3, ... hours."""
    path = tmp_path_factory.mktemp("half") / "graph.lbdb"
    with open_store(starter_store) as opened:
        graph = opened.read()
    drugs = graph.nodes["Drug"]
    hours = pa.array([None if place % 3 == 0 else float(place) for place in range(drugs.num_rows)], pa.float64())
    drugs = drugs.set_column(drugs.schema.get_field_index("half_life_h"), "half_life_h", hours)
    with open_store(path, create=True) as opened:
        opened.replace(Graph({**graph.nodes, "Drug": drugs}, graph.edges, graph.sources), silent)
    return path


@pytest.fixture(scope="module")
def session(store: Path, starter_model: Path) -> Iterator[Session]:
    with Session(store, starter_model) as opened:
        yield opened


@pytest.fixture
def client(
    store: Path, starter_model: Path, page_gate: Gate, page_keys: dict[Role, str], tmp_path: Path
) -> Iterator[TestClient]:
    app = FastAPI(openapi_url=None)
    app.include_router(page(Desk(DeskSettings(str(store), starter_model, None, tmp_path)), page_gate))
    with TestClient(app, base_url="http://localhost") as opened:
        opened.post("/sign-in", data={"key": page_keys["reader"], "next": "/"})
        yield opened


def test_conditions_keep_the_rank_among_all_and_say_how_many_meet_them(session: Session) -> None:
    whole = session.rank(DISEASE, top=1000).to_json()
    hours = {row["drug"]: session.show(row["drug"]).to_json().get("half_life_h") for row in whole}
    kept = [row for row in whole if hours[row["drug"]] is not None and hours[row["drug"]] <= 24]
    told = session.rank(DISEASE, top=3, where=["half_life_h<=24"])
    assert told.to_json() == kept[:3] and 3 < len(kept) < len(whole)
    unknown = sum(one is None for one in hours.values())
    assert f"{len(kept)} of {len(whole)} candidates; half_life_h is not known of {unknown}" in told.to_text()


def test_a_half_life_leaves_out_who_has_another_or_none_and_is_spelled_out(
    client: TestClient, session: Session
) -> None:
    asked = {"node": DISEASE, "half_from": "2", "half_to": "24", "top": "200"}
    rows = client.get("/disease", params=asked | {"as": "json"}).json()["answer"]
    expected = session.rank(DISEASE, top=200, where=["half_life_h>=2", "half_life_h<=24"]).to_json()
    assert rows and [row["drug"] for row in rows] == [row["drug"] for row in expected]
    text = unescape(client.get("/disease", params=asked).text)
    assert "with a half-life of at least 2 hours" in text and "--where 'half_life_h<=24'" in text
    wrong = client.get("/disease", params=asked | {"half_to": "a day"})
    assert wrong.status_code == 400 and "expected hours" in wrong.text
