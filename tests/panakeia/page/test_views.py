"""The views: what they show is what the verbs answer, filters do what their words say, and all of it is exported."""

import io
import re
from html import escape, unescape
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image

from gnn.words import meanings
from panakeia import Session
from panakeia.page import told as answered
from panakeia.page.columns import fixed
from panakeia.page.views import disease, node
from panakeia.page.views.node import _elsewhere
from tests.panakeia.page.conftest import Asking

DISEASE = "DOID:3393"  # coronary artery disease


@pytest.fixture(scope="module")
def session(starter_store: Path, starter_model: Path) -> Session:
    return Session(starter_store, starter_model)


def test_a_ranking_is_what_rank_answers(asking: Asking, session: Session) -> None:
    client = asking("reader")
    wanted = session.rank(DISEASE, top=20).to_json()
    shown = client.get("/disease", params={"node": "coronary artery disease"}).text
    assert re.findall(r'<th scope="row"><a href="/candidate\?drug=([^&]+)&amp;', shown) == [
        row["drug"] for row in wanted
    ]
    told = client.get("/disease", params={"node": DISEASE, "as": "json"}).json()["answer"]
    assert [(row["rank"], row["score"]) for row in told] == [(row["rank"], row["score"]) for row in wanted]
    assert f"the first among {session.models_list(session.model).to_json()[0]['drugs']} that are ranked" in shown


@pytest.mark.parametrize("address", ["/", "/disease", "/candidate", "/node"])
def test_what_a_view_suggests_is_in_its_graph(asking: Asking, session: Session, address: str) -> None:
    shown = unescape(asking("reader").get(address).text)
    boxes = re.findall(r'<input id="(?:node|drug|disease)"[^>]* value="([^"]*)"', shown)
    names = re.findall(r'<a href="/\?q=[^"]*">([^<]*)</a>', shown) + boxes
    assert len(names) == {"/": 4, "/candidate": 2}.get(address, 1)
    for name in names:
        assert session.search(name, top=1).to_json()["nodes"][0]["match"].startswith("exact"), name


def beside(low: float, high: float) -> str:
    """Return how a view writes an interval beside its figure."""
    return f'<span class="quiet">{escape(fixed(low, 2))}–{escape(fixed(high, 2))}</span>'


@pytest.mark.parametrize("address", ["/", f"/disease?node={DISEASE}", "/node?node=warfarin&see=diseases"])
def test_a_score_has_its_interval_its_baseline_and_its_data_beside_it(
    asking: Asking, session: Session, address: str
) -> None:
    client = asking("reader")
    shown, rows = (
        client.get(address).text,
        client.get(f"{address}{'&' if '?' in address else '?'}as=json").json()["answer"],
    )
    for row in rows[:5]:
        assert beside(row["low"], row["high"]) in shown
        assert beside(row["probability_low"], row["probability_high"]) in shown
    assert "Degree prior" in shown and session.models_list(session.model).to_json()[0]["data_version"] in shown


def test_only_unlisted_leaves_out_what_is_in_the_list_and_says_so(asking: Asking) -> None:
    client = asking("reader")
    rows = client.get("/disease", params={"node": DISEASE, "new": "1", "as": "json"}).json()["answer"]
    assert rows and not any(row["known"] for row in rows)
    assert "in the list of the model" in client.get("/disease", params={"node": DISEASE, "new": "1"}).text


def test_a_class_keeps_its_members_in_their_order(asking: Asking, session: Session) -> None:
    client = asking("reader")
    whole = client.get("/disease", params={"node": DISEASE, "top": "200", "as": "json"}).json()["answer"]
    classes = session.search("", kind="PharmacologicClass", top=200).to_json()["nodes"]
    for one in classes:
        found = session.neighbours(one["id"], kinds=["Drug"], top=1000).to_json()["neighbours"]
        members = {row["id"] for row in found}
        expected = [row["drug"] for row in whole if row["drug"] in members]
        if 0 < len(expected) < len(whole):
            break
    rows = client.get("/disease", params={"node": DISEASE, "class": one["id"], "as": "json"}).json()["answer"]
    assert [row["drug"] for row in rows] == expected[:20]
    shown = client.get("/disease", params={"node": DISEASE, "class": one["id"]}).text
    assert f"panakeia neighbours {one['id']} --kind PharmacologicClass --of-kind Drug" in shown


def test_pinned_drugs_stand_side_by_side(asking: Asking, session: Session) -> None:
    first, second = (row["drug"] for row in session.rank(DISEASE, top=2).to_json())
    shown = asking("reader").get("/disease", params={"node": DISEASE, "pin": [first, second]}).text
    compared = shown.partition("Side by side")[2].partition("Unpin all")[0]
    assert first in compared and second in compared and "half-life, h" in compared


def test_a_drug_that_is_pinned_stays_when_the_ranking_ends_before_it(asking: Asking, session: Session) -> None:
    last = session.rank(DISEASE, top=40).to_json()[-1]
    shown = asking("reader").get("/disease", params={"node": DISEASE, "top": "5", "pin": last["drug"]}).text
    compared = shown.partition("Side by side")[2].partition("Unpin all")[0]
    assert f"<td>{last['rank']}</td>" in compared and beside(last["low"], last["high"]) in compared


def test_a_candidate_has_the_score_and_paths_with_evidence_of_every_edge(asking: Asking, session: Session) -> None:
    client = asking("reader")
    drug = session.rank(DISEASE, top=1).to_json()[0]["drug"]
    told = session.explain(drug, DISEASE).to_json()
    shown = unescape(client.get("/candidate", params={"drug": drug, "disease": DISEASE}).text)
    assert f"<strong>{escape(fixed(told['score'], 3))}</strong> score" in shown and told["listed"] in shown
    assert beside(told["low"], told["high"]) in shown
    assert beside(told["probability_low"], told["probability_high"]) in shown
    assert f"<strong>{told['rank']}</strong> rank among {told['among']} drugs" in shown
    assert (
        "degree prior, the baseline" in shown
        and session.models_list(session.model).to_json()[0]["data_version"] in shown
    )
    patterns = re.findall(r'aria-label="Hide ([^"]*)"', shown)
    assert patterns and not any("_" in one or "->" in one for one in patterns)
    assert re.search(r"Patterns of the [0-9]+ paths that are looked at, the weightiest", shown)
    meant = meanings(("drug", "disease"))
    for part in told["contributions"]:  # each with what it means, on its bar and beside it
        assert f"<title>{meant[part['part']]}</title>" in shown
        assert f"<dt>{part['part']}</dt><dd>{meant[part['part']]}</dd>" in shown
    assert "It is read as a pair with known answers on both ends" in shown
    assert re.search(r"Paths stand (the first [0-9]+ )?by how much of the score runs along them and by weight", shown)
    rows = client.get("/candidate", params={"drug": drug, "disease": DISEASE, "as": "json"}).json()["answer"]["paths"]
    rest = [path["score"] for path in rows if path["share"] is None]
    assert rest == sorted(rest, reverse=True) and all(path["share"] is None for path in rows[len(rows) - len(rest) :])
    alone = client.get("/candidate", params={"drug": drug, "disease": DISEASE, "max_length": "3"}).text
    assert "Paths stand by weight, the heaviest first." in alone
    assert rows and all(step["evidence"] for path in rows for step in path["steps"][:-1])


def test_a_path_leads_through_what_is_asked_and_hidden_patterns_are_gone(asking: Asking, session: Session) -> None:
    client = asking("reader")
    drug = session.rank(DISEASE, top=1).to_json()[0]["drug"]
    asked = {"drug": drug, "disease": DISEASE, "top": "50", "as": "json"}
    every = client.get("/candidate", params=asked).json()["answer"]["paths"]
    gene = next(step["id"] for path in every for step in path["steps"] if step["kind"] == "Gene")
    through = client.get("/candidate", params=asked | {"through": gene}).json()["answer"]["paths"]
    assert through and all(gene in [step["id"] for step in path["steps"]] for path in through)
    pattern = every[0]["metapath"]
    left = client.get("/candidate", params=asked | {"hide": pattern}).json()["answer"]["paths"]
    assert pattern not in {path["metapath"] for path in left}


def test_a_node_shows_its_neighbours_by_relation(asking: Asking, session: Session) -> None:
    client = asking("reader")
    asked = {"node": "warfarin", "relation": "binds", "as": "json"}
    told = client.get("/node", params=asked).json()["answer"]
    assert told == session.neighbours("DRUGBANK:DB00682", relations=["binds"], top=50).to_json()


def test_without_a_model_of_targets_the_page_says_what_to_do(asking: Asking) -> None:
    shown = asking("reader").get("/node", params={"node": "warfarin", "see": "targets"})
    assert shown.status_code == 200 and "notice bad" in shown.text and "binds" in shown.text


@pytest.mark.parametrize(
    ("address", "name"),
    [
        (f"/disease?node={DISEASE}", "ranking"),
        ("/node?node=warfarin", "neighbourhood"),
        (f"/candidate?drug=warfarin&disease={DISEASE}", "parts of the score"),
    ],
)
def test_a_figure_is_a_file_of_its_own_with_words_and_links(asking: Asking, address: str, name: str) -> None:
    sent = asking("reader").get(f"{address}&as=svg&figure={name}")
    assert sent.status_code == 200, sent.text
    drawn = ElementTree.fromstring(sent.text)
    space = "{http://www.w3.org/2000/svg}"
    title, told, style = (drawn.find(space + tag) for tag in ("title", "desc", "style"))
    assert title is not None and title.text and told is not None and told.text and style is not None
    assert any((one.text or "").startswith("Panakeia, data ") for one in drawn.iter(space + "text"))
    if name != "parts of the score":
        assert all((one.get("href") or "").startswith("/") for one in drawn.iter(space + "a"))


def test_about_names_every_source_with_its_licence(asking: Asking, session: Session) -> None:
    shown = asking("reader").get("/about").text
    for source in session.info().to_json()["sources"]:
        assert source["name"] in shown and source["licence"] in shown


def test_a_reader_is_shown_no_patient_anywhere(asking: Asking) -> None:
    client = asking("reader")
    assert "a patient" not in client.get("/").text
    assert client.get("/node", params={"node": "PANAKEIA:P-0123456789abcdef0123"}).status_code in (400, 403)


def test_a_figure_is_exported_as_svg_and_as_png_of_twice_its_size_with_its_colours(asking: Asking) -> None:
    client, asked = asking("reader"), {"node": DISEASE, "figure": "ranking"}
    drawn = ElementTree.fromstring(client.get("/disease", params=asked | {"as": "svg"}).text)
    answer = client.get("/disease", params=asked | {"as": "png"})
    assert answer.headers["content-type"] == "image/png" and ".png" in answer.headers["content-disposition"]
    image = Image.open(io.BytesIO(answer.content)).convert("RGB")
    assert image.size == tuple(2 * int(drawn.get(name, "0")) for name in ("width", "height"))
    inks = {ink for _, ink in image.getcolors(1 << 20)}
    assert {(255, 255, 255), (0x2B, 0x6C, 0xB0), (0xB4, 0x53, 0x0F), (0x16, 0x24, 0x2F)} <= inks  # listed, not, letters
    assert "var(" not in ElementTree.tostring(drawn, encoding="unicode")


def test_a_licence_holds_for_what_is_known_and_says_that_the_score_is_of_all(asking: Asking) -> None:
    client = asking("reader")
    whole = client.get("/disease", params={"node": DISEASE, "as": "json"}).json()["answer"]
    asked = {"node": DISEASE, "licence": "CC0-1.0"}
    held = client.get("/disease", params=asked | {"as": "json"}).json()["answer"]
    assert [row["score"] for row in held] == [row["score"] for row in whole]
    text = unescape(client.get("/disease", params=asked).text)
    assert "stated under CC0-1.0; the scores were learned from all sources" in text
    drug = whole[0]["drug"]
    paths = {"drug": drug, "disease": DISEASE, "licence": "CC0-1.0", "as": "json"}
    for path in client.get("/candidate", params=paths).json()["answer"]["paths"]:
        assert all(any(e["licence"] == "CC0-1.0" for e in step["evidence"]) for step in path["steps"][:-1])


def test_a_node_tells_what_it_does_first_and_its_identifiers_last_and_folded(asking: Asking, session: Session) -> None:
    shown = unescape(asking("reader").get("/node", params={"node": "warfarin"}).text)
    glance, _, _ = shown.partition("Neighbours")
    bound = session.neighbours("DRUGBANK:DB00682", relations=["binds"], top=8).to_json()["neighbours"]
    treated = session.neighbours("DRUGBANK:DB00682", relations=["treats"], top=8).to_json()["neighbours"]
    assert bound and treated and all(f">{row['name']}</a>" in glance for row in [*bound, *treated])
    assert "stated by" in glance
    assert "CHEMBL" not in glance and "InChI" not in glance


def test_many_names_elsewhere_are_grouped_and_few_of_each_are_shown() -> None:
    names = [*(f"PUBCHEM.COMPOUND:{number}" for number in range(90)), "RXNORM:11289"]
    assert _elsewhere(names) == [("RXNORM", ["RXNORM:11289"], 0), ("PUBCHEM.COMPOUND", names[:5], 85)]


def test_about_says_who_asks_and_what_each_role_may(asking: Asking) -> None:
    shown = asking("designer").get("/about").text
    assert "with the role designer" in shown and "ask the graph; plan trials" in shown


@pytest.mark.parametrize(
    "address",
    ["/disease?node=DOID:3393&top=200", "/node?node=warfarin&top=500", "/ask/rank?go=1&nodes=DOID:3393&top=1000"],
)
def test_a_page_that_is_asked_for_much_stays_small_and_says_so(
    asking: Asking, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    for view in (disease, node, answered):
        monkeypatch.setattr(view, "ON_A_PAGE", 7)
    client = asking("reader")
    text, rows = client.get(address).text, client.get(f"{address}&as=csv").text.splitlines()
    assert re.search(r"The first 7 of \d+ ", text) and len(rows) > 8
