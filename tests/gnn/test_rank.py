"""Rank and score: the same rows in the same order, and every user's mistake by its line."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.compute as pc
import pytest

from gnn.checkpoint import Model
from gnn.pairs import PairsError, Rejected, read_pairs
from gnn.rank import SCORE_COLUMNS, OtherGraphError, rank, score
from gnn.readout import Readout
from gnn.task import TREATS
from gnn.train import train
from kg.files.table import write_tsv
from kg.files.text import create_text
from kg.graph import Graph, SourceRelease, table
from kg.progress import silent
from kg.schema import edge_columns, node_columns
from kg.search import UnknownNode
from kg.stores.ladybug import LadybugStore
from kg.stores.protocol import Store
from tests.gnn.conftest import DISEASES, DRUGS, SMALL, edges, told

ENDS = TREATS.columns


def test_rank_orders_all_drugs(model: Model, store: Store) -> None:
    found = rank(model, store, "DOID:101", top=1_000)
    assert list(found.columns) == [
        *("rank", "drug", "name", "score", "probability", "shortlist", "low", "high"),
        *("probability_low", "probability_high", "prior", "lift", "lift_low", "lift_high", "known", "judged"),
    ]
    assert found["rank"].tolist() == list(range(1, 25))
    assert found["score"].is_monotonic_decreasing
    said = told(model)
    column, places = said.diseases.index("DOID:101"), [said.drugs.index(drug) for drug in found["drug"]]
    assert found["score"].to_numpy() == pytest.approx(said.scores[places, column], rel=1e-5)
    assert found["known"].tolist() == said.known[places, column].tolist()
    for end in ("", "_low", "_high"):
        assert found[f"lift{end}"].to_numpy() == pytest.approx((found[f"probability{end}"] / found["prior"]).to_numpy())


@pytest.mark.parametrize("said", ["score", "probability"])
def test_a_pair_has_one_score_from_either_end_and_in_any_company(families: Graph, store: Store, said: str) -> None:
    """Also that of a drug none of whose treatments is known, of a disease with some and of one without any."""
    hidden = {(DRUGS[0], disease) for disease in DISEASES} | {(drug, DISEASES[0]) for drug in DRUGS}
    without = pd.DataFrame(sorted(hidden), columns=ENDS)
    cold = train(families, replace(SMALL, steps=1, parts=("messages", "spectral")), held_out=without)
    listed = rank(cold, store, DRUGS[0], top=1_000).set_index("disease")[said]
    for disease in DISEASES[:2]:
        turned = rank(cold, store, disease, top=1_000).set_index("drug")[said]
        alone = score(cold, store, pd.DataFrame([(DRUGS[0], disease)], columns=ENDS))[said].item()
        assert turned[DRUGS[0]] == pytest.approx(listed[disease], rel=1e-4) == pytest.approx(alone, rel=1e-4)
    pairs = score(cold, store, without).set_index(["drug", "disease"])[said]
    assert pairs[DRUGS[0]].to_numpy() == pytest.approx(listed[pairs[DRUGS[0]].index].to_numpy(), rel=1e-4)


def test_a_judgement_stands_beside_its_drug_and_changes_no_number(
    model: Model, store: Store, families: Graph, tmp_path: Path
) -> None:
    before = rank(model, store, "DOID:101", top=1_000)
    assert set(before["judged"]) == {""}
    votes = {"DRUGBANK:DB00003": ["AJG=NOT", "CSH=SYM", "PK=NOT"], "DRUGBANK:DB00001": []}
    stated = edges("not_indicated_for", {(drug, "DOID:101") for drug in votes}, "pharmacotherapydb").to_pylist()
    rows = [row | {"votes": votes[row["subject"]]} for row in stated] + [stated[0] | {"object": "DOID:102"}]
    judged = {"not_indicated_for": table(edge_columns("not_indicated_for"), rows)}
    with LadybugStore(tmp_path / "judged.lbdb", create=True) as other:
        other.replace(Graph(families.nodes, {**families.edges, **judged}, families.sources))
        after = rank(model, other, "DOID:101", top=1_000)
    pd.testing.assert_frame_equal(after.drop(columns="judged"), before.drop(columns="judged"))
    assert {row.drug: row.judged for row in after.itertuples() if row.judged} == {
        "DRUGBANK:DB00003": "not indicated (AJG=NOT, CSH=SYM, PK=NOT)",
        "DRUGBANK:DB00001": "not indicated (pharmacotherapydb)",
    }


def test_new_candidates_keep_their_rank_among_all(model: Model, store: Store) -> None:
    everything = rank(model, store, "DOID:101", top=1_000)
    new = rank(model, store, "doid:101", top=5, new_only=True)
    expected = everything[~everything["known"]].head(5)
    pd.testing.assert_frame_equal(new, expected.reset_index(drop=True))


def test_score_keeps_rows_order_and_columns(model: Model, store: Store, tmp_path: Path) -> None:
    path = tmp_path / "pairs.tsv"
    path.write_text(
        "note\tdisease\tdrug\nNA\tDOID:103\tdrugbank:DB00005\n\tDOID:101\tDRUGBANK:DB00001\nx\tDOID:103\tDRUGBANK:DB00005\n",
        encoding="utf-8",
    )
    pairs = read_pairs(path, ENDS)
    found = score(model, store, pairs)
    pd.testing.assert_frame_equal(found[["note", "disease", "drug"]], pairs)
    assert list(found.columns[3:]) == list(SCORE_COLUMNS)
    ranked = rank(model, store, "DOID:103", top=1_000).set_index("drug").loc["DRUGBANK:DB00005"]
    assert [found[name].iloc[0] for name in SCORE_COLUMNS] == pytest.approx([ranked[name] for name in SCORE_COLUMNS])
    assert (
        found["score"].iloc[0]
        == found["score"].iloc[2]
        == told(model).scores[5, told(model).diseases.index("DOID:103")]
    )


def test_pairs_by_name_score_as_by_identifier(model: Model, store: Store) -> None:
    by_name = pd.DataFrame({"drug": ["DRUG drugbank:DB00005"], "disease": ["Disease doid:103"]})
    found = score(model, store, by_name)
    among_all = told(model).scores[5, told(model).diseases.index("DOID:103")]
    assert found["score"].tolist() == [pytest.approx(among_all, rel=1e-6)], "but for a float32's last digit"
    assert found["drug"].tolist() == by_name["drug"].tolist(), "the rows stay as they came"


def test_every_bad_pair_is_named_with_its_line(model: Model, store: Store) -> None:
    pairs = pd.DataFrame(
        {
            "drug": ["DRUGBANK:DB00001", "aspirin", "DRUGBANK:DB00001", "DRUGBANK:DB99999"],
            "disease": ["DOID:101", "DOID:101", "", "DOID:101"],
        }
    )
    with pytest.raises(PairsError) as failure:
        score(model, store, pairs)
    lines = str(failure.value).splitlines()
    assert lines[0] == "the pairs: 3 ends of pairs are not to be found:"
    assert lines[1].startswith("line 3: no drug has the identifier, name or synonym 'aspirin'")
    assert lines[2] == "line 4: '' is not in the graph; expected a disease, by CURIE or name"
    assert lines[3].startswith("line 5: no drug has the identifier, name or synonym 'DRUGBANK:DB99999': did you mean")
    rejected: list[Rejected] = []
    found = score(model, store, pairs, rejected=rejected)
    assert found[list(ENDS)].to_numpy().tolist() == [["DRUGBANK:DB00001", "DOID:101"]]
    assert [(one.place, one.column, one.text) for one in rejected] == [
        ("line 3", "drug", "aspirin"),
        ("line 4", "disease", ""),
        ("line 5", "drug", "DRUGBANK:DB99999"),
    ]


def test_a_name_of_two_drugs_asks_for_an_identifier(families: Graph, model: Model, tmp_path: Path) -> None:
    drugs = families.nodes["Drug"].to_pylist()
    drugs[1]["name"] = drugs[0]["name"] = "twin"
    twins = Graph({**families.nodes, "Drug": table(node_columns("Drug"), drugs)}, families.edges, families.sources)
    with LadybugStore(tmp_path / "twins.lbdb", create=True) as store:
        store.replace(twins)
        asks = r"line 2: 'twin' names 2 nodes: DRUGBANK:DB00000 \(Drug twin\); .* Give one of these identifiers"
        with pytest.raises(PairsError, match=asks):
            score(model, store, pd.DataFrame({"drug": ["twin"], "disease": ["DOID:101"]}))


def test_ten_bad_pairs_are_named_and_the_others_counted(model: Model, store: Store) -> None:
    for bad, last in ((10, "line 11: "), (12, "... and 2 more")):
        with pytest.raises(PairsError) as failure:
            score(model, store, pd.DataFrame({"drug": ["no drug"] * bad, "disease": ["DOID:101"] * bad}))
        assert str(failure.value).splitlines()[-1].startswith(last)
        assert str(failure.value).count("\nline ") == 10


@pytest.mark.parametrize(("kind", "node"), [("Drug", "DRUGBANK:DB00023"), ("Disease", "DOID:101")])
def test_a_node_that_the_model_has_not_seen_is_scored_by_what_the_store_says_of_it(
    families: Graph, store: Store, kind: str, node: str
) -> None:
    """A model of a graph without the node tells the node's own family from the others."""
    nodes = families.nodes[kind].filter(pc.not_equal(families.nodes[kind]["id"], node))
    edges = {
        relation: rows.filter(pc.and_(pc.not_equal(rows["subject"], node), pc.not_equal(rows["object"], node)))
        for relation, rows in families.edges.items()
    }
    less = Graph({**families.nodes, kind: nodes}, edges, families.sources)
    model = train(less, SMALL, silent)
    found = rank(model, store, node, top=1_000)
    other = "disease" if kind == "Drug" else "drug"
    places = [(DISEASES if kind == "Drug" else DRUGS).index(candidate) for candidate in found[other]]
    family = np.array(places) // (4 if kind == "Drug" else 8) == (2 if kind == "Drug" else 0)
    assert found.loc[family, "rank"].mean() < found.loc[~family, "rank"].mean()
    pairs = pd.DataFrame({kind.lower(): node, other: found[other]})
    assert score(model, store, pairs)["score"].to_numpy() == pytest.approx(found["score"].to_numpy(), rel=1e-4)


def test_missing_and_taken_columns(model: Model, store: Store) -> None:
    with pytest.raises(PairsError, match="the pairs, line 1: the column disease is missing among drug, illness"):
        score(model, store, pd.DataFrame({"drug": [], "illness": []}))
    with pytest.raises(PairsError, match="the pairs, line 1: the column score is there already"):
        score(model, store, pd.DataFrame({"drug": [], "disease": [], "score": []}))


SAME = [{"drug": "A", "disease": "B", "note": "1"}, {"drug": "C", "disease": "D", "note": ""}]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("pairs.csv", 'drug,disease,note\n"A",B,1\nC,D,\n'),
        ("pairs.json", '[{"drug": "A", "disease": "B", "note": 1}, {"drug": "C", "disease": "D", "note": null}]'),
        ("pairs.jsonl", '{"drug": "A", "disease": "B", "note": 1}\n\n{"drug": "C", "disease": "D"}\n'),
        ("pairs.parquet", None),
    ],
)
def test_pairs_of_any_form_are_the_same_pairs(tmp_path: Path, name: str, content: str | None) -> None:
    path = tmp_path / name
    if content is None:
        pd.DataFrame(SAME).to_parquet(path)
    else:
        path.write_text(content, encoding="utf-8")
    assert read_pairs(path, ENDS).to_dict(orient="records") == SAME


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'[{"drug": "A", "disease": {}}]', ", row 1, disease: got {}, expected text or a number"),
        (b'["x"]', ', row 1: got "x", expected an object'),
        (b'{"drug": "A"\n', ", line 1 is no JSON"),
        (b'[{"drug": "A"}]', ", line 1: the column disease is missing"),
        (b"PAR1", " cannot be read as Parquet"),
        (b"", ", line 1: nothing there; expected a header with the columns drug, disease"),
        ("drug\tdisease\n".encode("utf-16"), " is UTF-16 text; save it as UTF-8 text"),
        (b"drug\tdisease\tdrug\nA\tB\tC\n", ", line 1: columns 1 and 3 are both 'drug'"),
        (b"drug\tdisease\tnote\nA\tB\tx\ty\n", ", line 2: 4 instead of 3 cells"),
        (b"drug\tdisease\nA\tB\n\nA\tC\n", ", line 3: an empty line"),
        (b"drug\tillness\nA\tB\n", ", line 1: the column disease is missing among drug, illness"),
        (b"drug\tdisease\tprior\nA\tB\t0.5\n", ", line 1: the column prior is there already; expected pairs without"),
    ],
)
def test_a_file_that_is_no_table_of_pairs(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "pairs.tsv"
    path.write_bytes(content)
    with pytest.raises(PairsError) as failure:
        read_pairs(path, ENDS, SCORE_COLUMNS)
    assert str(failure.value).startswith(f"{path}{said}")


def test_a_column_twice(model: Model, store: Store) -> None:
    pairs = pd.DataFrame([["DRUGBANK:DB00001", "DOID:101", "x"]], columns=["drug", "disease", "drug"])
    with pytest.raises(PairsError, match="the pairs, line 1: columns 1 and 3 are both 'drug'"):
        score(model, store, pairs)


def test_scores_written_are_pairs_again(model: Model, store: Store, tmp_path: Path) -> None:
    path = tmp_path / "pairs.tsv"
    path.write_text(
        'drug\tdisease\tnote\nDRUGBANK:DB00001\tDOID:101\t5" tube\nDRUGBANK:DB00002\tDOID:102\t"NA" \n',
        encoding="utf-8",
    )
    first = read_pairs(path, ENDS)
    for _ in range(3):
        scored = score(model, store, read_pairs(path, ENDS))
        with create_text(path) as file:
            write_tsv(scored.drop(columns=list(SCORE_COLUMNS)), file)
    pd.testing.assert_frame_equal(read_pairs(path, ENDS), first)
    assert path.read_text(encoding="utf-8").endswith('\t5" tube\nDRUGBANK:DB00002\tDOID:102\t"NA" \n')


def test_no_pairs_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "pairs.tsv"
    path.write_text("drug\tdisease\n", encoding="utf-8")
    assert read_pairs(path, ENDS).empty and list(read_pairs(str(path), ENDS)) == ["drug", "disease"]


def test_no_pairs_no_scores(model: Model, store: Store) -> None:
    assert score(model, store, pd.DataFrame({"drug": [], "disease": []}, dtype=str)).empty


def test_a_number_of_drugs_below_one(model: Model, store: Store) -> None:
    with pytest.raises(ValueError, match="top is -1: expected 1 or more"):
        rank(model, store, "DOID:101", top=-1)


def test_an_unknown_disease(model: Model, store: Store) -> None:
    with pytest.raises(UnknownNode, match="no disease has the identifier, name or synonym 'DOID:999'"):
        rank(model, store, "DOID:999")


def test_a_disease_by_its_name(model: Model, store: Store) -> None:
    assert rank(model, store, "DISEASE doid:101").equals(rank(model, store, "DOID:101"))


def test_a_store_with_another_release(model: Model, store: Store) -> None:
    other = replace(model, sources=(SourceRelease("made-up", "1", "CC0-1.0", "", "", {"file.tsv": "ff"}),))
    with pytest.raises(OtherGraphError, match="trained on made-up 1 with files that this store does not hold"):
        rank(other, store, "DOID:101")


def test_ties_are_broken_by_identifier(model: Model, store: Store) -> None:
    silent_readouts = {
        which: Readout(np.zeros_like(one.weight), 0.0, one.drawn) for which, one in model.members[0].readouts.items()
    }
    flat = replace(model, members=(replace(model.members[0], readouts=silent_readouts),))
    assert rank(flat, store, "DOID:101", top=3)["drug"].tolist() == DRUGS[:3]


def test_a_drug_has_its_ranking_of_diseases(model: Model, store: Store) -> None:
    found = rank(model, store, DRUGS[0], top=5)
    assert set(found["disease"]) <= set(DISEASES)
    alone = rank(model, store, found["disease"][0], top=1_000).set_index("drug")["score"][DRUGS[0]]
    assert found["score"][0] == pytest.approx(alone, rel=1e-5)


def test_an_interval_holds_its_score(model: Model, store: Store) -> None:
    found = rank(model, store, "DOID:101", top=1_000)
    assert (found["low"] <= found["high"]).all()
    assert ((found["low"] <= found["score"] * 1.05) & (found["score"] <= found["high"] * 1.05)).mean() > 0.8
