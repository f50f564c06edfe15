"""Finding and searching nodes, on both stores: one rule for letters, advice to follow, lists that say they are cut."""

import json
from collections.abc import Callable
from unicodedata import normalize

import pytest

from kg.graph import Graph, table
from kg.names import folded
from kg.schema import NODE_KINDS, node_columns
from kg.search import AmbiguousName, Node, UnknownKind, UnknownNode, find, find_ends, kind_named, meanings, search
from kg.stores.protocol import Store

StoreOf = Callable[[Graph], Store]


def nodes_only(**rows: list[dict[str, object]]) -> Graph:
    return Graph({kind: table(node_columns(kind), nodes) for kind, nodes in rows.items()}, {})


@pytest.fixture
def store(store_of: StoreOf, graph: Graph) -> Store:
    return store_of(graph)


WARFARIN = Node("DRUGBANK:DB00682", "Drug", "Warfarin")


@pytest.mark.parametrize("text", ["DRUGBANK:DB00682", "drugbank:DB00682", "warfarin", " WARFARIN ", "coumadin"])
def test_a_node_is_found_by_curie_name_and_synonym(store: Store, text: str) -> None:
    assert find(store, text) == WARFARIN


def test_a_name_wins_over_a_synonym(store: Store) -> None:
    assert find(store, "arthritis").kind == "SideEffect"
    assert find(store, "arthritis", kind="Disease").name == "osteoarthritis"


def test_an_ambiguous_name_lists_its_choices(store_of: Callable[[Graph], Store]) -> None:
    rows = {
        "Disease": [{"id": "DOID:1", "name": "Anaemia"}, {"id": "DOID:2", "name": "other", "synonyms": ["anaemia"]}],
        "SideEffect": [{"id": "UMLS:C1", "name": "anaemia"}],
    }
    store = store_of(Graph({kind: table(node_columns(kind), nodes) for kind, nodes in rows.items()}, {}))
    with pytest.raises(AmbiguousName, match=r"DOID:1 \(Disease Anaemia\); UMLS:C1 \(SideEffect anaemia\)") as raised:
        find(store, "ANAEMIA")
    assert {node.id for node in raised.value.choices} == {"DOID:1", "UMLS:C1"}
    assert find(store, "anaemia", kind="Disease").id == "DOID:1"


def test_an_unknown_name_brings_the_nearest(store: Store) -> None:
    with pytest.raises(UnknownNode, match=r"'warfrin'.*did you mean Warfarin \(Drug DRUGBANK:DB00682\)"):
        find(store, "warfrin")
    with pytest.raises(UnknownNode, match="search"):
        find(store, "zzzzzzzzzz")


def test_a_node_of_another_kind_is_told_for_what_it_is(store: Store) -> None:
    for text in ("coumadin", "DRUGBANK:DB00682"):
        with pytest.raises(UnknownNode, match=r"Warfarin is a Drug \(DRUGBANK:DB00682\); expected a Disease"):
            find(store, text, kind="Disease")


@pytest.mark.parametrize(
    "text", ["DRUGBANK:DB99999", "DRUGBANK:682", "", "'; MATCH (n) DETACH DELETE n //", "$text", "\\"]
)
def test_what_names_nothing_is_unknown(store: Store, text: str) -> None:
    with pytest.raises(UnknownNode):
        find(store, text)


def test_search_puts_exact_matches_first_then_beginnings(store: Store) -> None:
    found = search(store, "arthritis")
    assert list(found.nodes.itertuples(index=False, name=None)) == [
        ("UMLS:C0003862", "SideEffect", "Arthritis", "exact name"),
        ("DOID:8398", "Disease", "osteoarthritis", "exact synonym 'arthritis'"),
        ("DOID:7148", "Disease", "rheumatoid arthritis", "part of name"),
    ]
    assert list(search(store, "arthritis", limit=1).nodes["id"]) == ["UMLS:C0003862"]
    assert list(search(store, "cyp2c").nodes["id"])[:2] == ["NCBIGene:1559", "DBSNP:rs1799853"]


@pytest.mark.parametrize("text", ["", "  "])
def test_search_wants_a_text(store: Store, text: str) -> None:
    with pytest.raises(ValueError, match="give a part of a name"):
        search(store, text)
    with pytest.raises(ValueError, match="limit is -1: expected 1 or more"):
        search(store, "arthritis", limit=-1)


def test_search_for_nothing_known_is_empty(store: Store) -> None:
    found = search(store, "no such thing")
    assert (found.nodes.empty, found.total, found.left_out) == (True, 0, 0)
    assert list(found.nodes.columns) == ["id", "kind", "name", "match"]


SPELT = {
    "ΝΌΣΟΣ": ["νόσος", "Νόσοσ", normalize("NFD", "νόσος")],
    "Straßen-Fieber": ["STRASSEN-FIEBER", "straẞen-fieber"],
    "Ménière’s  病": [normalize("NFD", "MÉNIÈRE’S 病"), " ménière’s\u00a0病 "],
    "İzmir fever": ["i\u0307zmir FEVER"],
    "ǅ-band": ["Ǆ-BAND", "ǆ-band"],
}
"""A name, and other spellings of it; no two stores' own `toLower` agree on all."""
FOREIGN = nodes_only(
    Disease=[{"id": f"DOID:{n}", "name": name, "synonyms": []} for n, name in enumerate(SPELT)],
    SideEffect=[{"id": f"UMLS:C{n}", "name": f"x{n}", "synonyms": ["", name, "z"]} for n, name in enumerate(SPELT)],
)


@pytest.mark.parametrize("place", range(len(SPELT)))
def test_a_name_is_found_in_any_spelling(store_of: StoreOf, place: int) -> None:
    store = store_of(FOREIGN)
    name, others = list(SPELT.items())[place]
    for text in (name, *others):
        assert find(store, text).id == f"DOID:{place}"
        assert find(store, text, kind="SideEffect").id == f"UMLS:C{place}"
        found = search(store, folded(text)[1:])
        assert list(found.nodes["id"]) == [f"DOID:{place}", f"UMLS:C{place}"]
        assert list(found.nodes["match"]) == ["part of name", f"part of synonym {name!r}"]


def test_an_empty_text_is_no_empty_synonym(store_of: StoreOf) -> None:
    for text in ("", " "):
        with pytest.raises(UnknownNode):
            find(store_of(FOREIGN), text)


def test_a_name_added_later_is_found_in_any_spelling(store_of: StoreOf) -> None:
    store = store_of(nodes_only(Disease=[{"id": "DOID:1", "name": "old", "synonyms": ["ältest"]}]))
    store.add(nodes_only(Disease=[{"id": "DOID:1", "name": "ΝΌΣΟΣ"}, {"id": "DOID:2", "name": "ÖDEM"}]))
    assert (find(store, "νόσος").id, find(store, "ödem").id) == ("DOID:1", "DOID:2")
    for text in ("old", "ÄLTEST"):
        with pytest.raises(UnknownNode):
            find(store, text)


def test_a_misspelt_name_is_near_in_any_capitals(store_of: StoreOf) -> None:
    with pytest.raises(UnknownNode, match=r"did you mean ΝΌΣΟΣ \(Disease DOID:0\)"):
        find(store_of(FOREIGN), "νόσο")


def test_near_names_are_spelt_alike_or_begin_so_and_are_few(store_of: StoreOf) -> None:
    names = ["abcdefghijxyz", "abcdefghijwxyz", "bbcdefghij", "axcdefghij", "abcdefg", "abcdeik", "abcdei"]
    store = store_of(nodes_only(Disease=[{"id": f"DOID:{n}", "name": name} for n, name in enumerate(names)]))
    with pytest.raises(UnknownNode) as told:
        find(store, "abcdefghik")
    near = [name for name in names if f"{name} (" in str(told.value)]
    assert near == ["abcdefghijxyz", "abcdefghijwxyz", "axcdefghij", "abcdefg", "abcdeik"]
    store = store_of(nodes_only(Disease=[{"id": f"DOID:{n}", "name": f"fever {n}"} for n in range(7)]))
    with pytest.raises(UnknownNode) as told:
        find(store, "fever")
    assert str(told.value).count("DOID:") == 5


def test_of_names_as_near_the_shorter_is_told_first_and_a_long_text_is_cut(store_of: StoreOf) -> None:
    names = ["multiple sclerosis, susceptibility to", "multiple sclerosis"]
    store = store_of(nodes_only(Disease=[{"id": f"DOID:{n}", "name": name} for n, name in enumerate(names)]))
    with pytest.raises(UnknownNode, match=r"did you mean multiple sclerosis \(Disease DOID:1\); multiple sclerosis, "):
        find(store, "multipel sclerosis")
    with pytest.raises(UnknownNode, match=r"synonym 'x{200}\.\.\.': look for"):
        find(store, "x" * 5_000)


def test_synonyms_are_whole_names_not_their_pieces(store_of: StoreOf) -> None:
    rows = [{"id": "DOID:1", "name": "one", "synonyms": ["red fever", "blue"]}]
    store = store_of(nodes_only(Disease=rows))
    assert find(store, "blue").id == find(store, "RED  Fever").id == "DOID:1"
    for text in ("fever", "red", "red fever blue", "red fever\nblue", "fever\nblue"):
        with pytest.raises(UnknownNode):
            find(store, text)
    assert [search(store, text).nodes["match"].tolist() for text in ("fever", "red", "fever\nblue")] == [
        ["part of synonym 'red fever'"],
        ["prefix of synonym 'red fever'"],
        [],
    ]


def test_every_way_to_match_has_its_rank(store_of: StoreOf) -> None:
    names = {
        "a": ["tox", "x"],
        "b": ["x", "xy", "tox"],
        "c": ["toxic"],
        "d": ["x", "ex-tox", "toxin", "toxins"],
        "e": ["detox"],
        "f": ["x", "y", "Xtox", "detox"],
        "g": ["to x"],
    }
    rows = [{"id": f"DOID:{n}", "name": name, "synonyms": rest} for n, (name, *rest) in enumerate(names.values())]
    found = search(store_of(nodes_only(Disease=rows)), "TOX")
    assert list(found.nodes["id"]) == [f"DOID:{n}" for n in range(6)]
    assert list(found.nodes["match"]) == [
        "exact name",
        "exact synonym 'tox'",
        "prefix of name",
        "prefix of synonym 'toxin'",
        "part of name",
        "part of synonym 'Xtox'",
    ]
    assert found.total == 6


def test_of_equal_matches_the_shorter_name_is_first_then_the_alphabet(store_of: StoreOf) -> None:
    names = ["fever of old", "fever two", "fever one", "Fever One"]
    rows = [{"id": f"DOID:{n}", "name": name} for n, name in enumerate(names)]
    store = store_of(nodes_only(Disease=rows))
    assert list(search(store, "fever").nodes["id"]) == ["DOID:2", "DOID:3", "DOID:1", "DOID:0"]


def test_identifiers_are_found_in_any_capitals_and_first_as_written(store_of: StoreOf) -> None:
    rows = [{"id": f"PANAKEIA:{name}", "name": name} for name in ("P-ab", "P-AB", "P-cd")]
    store = store_of(nodes_only(Patient=rows))
    assert [find(store, f"PANAKEIA:{name}").name for name in ("P-ab", "P-AB")] == ["P-ab", "P-AB"]
    assert find(store, " panakeia:p-CD ").name == "P-cd"
    with pytest.raises(AmbiguousName, match=r"Give one of these identifiers$"):
        find(store, "PANAKEIA:p-aB")


@pytest.mark.parametrize("labels", [["NamedThing", "Disease"], ["Disease", "NamedThing"], "Disease"])
def test_the_kind_is_the_label_that_is_one(labels: str | list[str]) -> None:
    """As Neo4j tells labels, a list in no order in which other programs' may stand too, and as Ladybug does."""

    class Labelled:
        def query(self, cypher: str, parameters: dict[str, object]) -> list[dict[str, object]]:
            return [{"id": "DOID:1", "labels": labels, "name": "one", "synonyms": [], "rank": 0}]

    assert list(search(Labelled(), "one").nodes["kind"]) == ["Disease"]  # type: ignore[arg-type]


GO = nodes_only(
    BiologicalProcess=[{"id": "GO:0007596", "name": "clotting"}],
    CellularComponent=[{"id": "GO:0005783", "name": "reticulum"}],
    MolecularFunction=[{"id": "GO:0005783", "name": "reticulum at work", "synonyms": ["clotting"]}],
)


def test_one_identifier_in_two_kinds_is_told_apart_by_kind(store_of: StoreOf) -> None:
    store = store_of(GO)
    advice = (
        r"'go:0005783' names 2 nodes: GO:0005783 \(CellularComponent reticulum\); GO:0005783 \(MolecularFunction "
        r"reticulum at work\)\. Add the kind, such as --kind CellularComponent \(`kind` in Python\)$"
    )
    with pytest.raises(AmbiguousName, match=advice):
        find(store, "go:0005783")
    shared = [
        Node("GO:1", "CellularComponent", "a"),
        Node("GO:1", "MolecularFunction", "a"),
        Node("DOID:1", "Disease", "a"),
    ]
    assert str(AmbiguousName("a", tuple(shared))).endswith(
        ". Give one of these identifiers and, where two nodes share it, the kind, such as --kind CellularComponent "
        "(`kind` in Python)"
    )
    assert find(store, "go:0005783", kind="cellularcomponent").name == "reticulum"
    assert find(store, "GO:0005783", kind="MolecularFunction").name == "reticulum at work"


def test_nodes_of_different_kinds_are_told_apart_by_either(store_of: StoreOf) -> None:
    store = store_of(
        nodes_only(Disease=[{"id": "DOID:1", "name": "Nausea"}], SideEffect=[{"id": "UMLS:C1", "name": "nausea"}])
    )
    advice = r"\. Give one of these identifiers, or the kind, such as --kind Disease \(`kind` in Python\)$"
    with pytest.raises(AmbiguousName, match=advice):
        find(store, "nausea")
    assert find(store, "nausea", kind="SideEffect").id == "UMLS:C1"


def test_kinds_of_two_ends_go_to_the_end_that_they_fit(store_of: StoreOf) -> None:
    store = store_of(GO)
    process, component, function = (
        Node("GO:0007596", "BiologicalProcess", "clotting"),
        Node("GO:0005783", "CellularComponent", "reticulum"),
        Node("GO:0005783", "MolecularFunction", "reticulum at work"),
    )
    assert find_ends(store, "clotting", "reticulum") == (process, component)
    assert find_ends(store, "GO:0005783", "GO:0007596", ["cellularcomponent"]) == (component, process)
    assert find_ends(store, "GO:0007596", "GO:0005783", ["MolecularFunction"]) == (process, function)
    assert find_ends(store, "clotting", "reticulum", ["MolecularFunction"]) == (function, component)
    assert find_ends(store, "clotting", "reticulum", ["MolecularFunction", "CellularComponent"]) == (
        function,
        component,
    )
    with pytest.raises(AmbiguousName):
        find_ends(store, "GO:0005783", "clotting", ["MolecularFunction", "CellularComponent"])
    with pytest.raises(
        ValueError, match="'clotting' is a BiologicalProcess and 'reticulum' a CellularComponent: neither"
    ):
        find_ends(store, "clotting", "reticulum", ["Drug", "BiologicalProcess"])
    with pytest.raises(UnknownKind, match="'Process' is no kind"):
        find_ends(store, "clotting", "reticulum", ["Process"])


def test_a_name_that_only_begins_so_is_near(store_of: StoreOf) -> None:
    names = ["epilepsy syndrome", "absence epilepsy", "hypertension"]
    rows: list[dict[str, object]] = [
        {"id": f"DOID:{n}", "name": name, "synonyms": []} for n, name in enumerate(names, 1)
    ]
    effect: dict[str, object] = {"id": "UMLS:C0014544", "name": "Epilepsy", "synonyms": []}
    store = store_of(nodes_only(Disease=rows, SideEffect=[effect]))
    with pytest.raises(UnknownNode, match=r"did you mean epilepsy syndrome \(Disease DOID:1\)\?"):
        find(store, "epilepsi", kind="Disease")
    with pytest.raises(
        UnknownNode, match=r"Epilepsy is a SideEffect .*; expected a Disease, such as epilepsy syndrome"
    ):
        find(store, "epilepsy", kind="Disease")


def test_many_texts_mean_what_each_of_them_means(store: Store) -> None:
    texts = [
        "warfarin",
        "COUMADIN",
        "drugbank:db00945",
        "DRUGBANK:DB01050",
        " Aspirin ",
        "no such drug",
        "",
        "arthritis",
    ]

    def one(text: str) -> tuple[str, ...]:
        try:
            return (find(store, text, kind="Drug").id,)
        except UnknownNode:
            return ()

    found = {text: tuple(node.id for node in nodes) for text, nodes in meanings(store, texts, "Drug").items()}
    assert found == {text: one(text) for text in texts}
    assert sum(map(len, found.values())) == 5


def test_a_name_of_several_means_all_of_them(store_of: StoreOf) -> None:
    rows: list[dict[str, object]] = [{"id": f"DOID:{n}", "name": "ache", "synonyms": ["ACHE"]} for n in (1, 2)]
    found = meanings(store_of(nodes_only(Disease=rows)), ["Ache"], "Disease")
    assert [node.id for node in found["Ache"]] == ["DOID:1", "DOID:2"]


def test_a_kind_is_named_in_any_capitals_and_else_refused_with_the_nearest() -> None:
    assert all(kind_named(f" {kind.upper()} ") == kind for kind in NODE_KINDS)
    with pytest.raises(
        UnknownKind, match=f"^'sideefect' is no kind of node, did you mean SideEffect.* are {', '.join(NODE_KINDS)}$"
    ):
        kind_named("sideefect")
    with pytest.raises(UnknownKind, match=r"^'zzz' is no kind of node\. The kinds are Gene, "):
        kind_named("zzz")


def test_find_and_search_refuse_an_unknown_kind(store: Store) -> None:
    for ask in (lambda: find(store, "warfarin", kind="Drugs"), lambda: search(store, "warfarin", kind="Drugs")):
        with pytest.raises(UnknownKind, match="did you mean Drug"):
            ask()


def test_a_list_that_is_cut_says_how_many_there_are(store: Store) -> None:
    whole = search(store, "i", limit=100)
    assert (whole.total, whole.left_out) == (len(whole.nodes), 0)
    assert whole.total > 3
    for limit in (1, whole.total - 1, whole.total):
        cut = search(store, "i", limit=limit)
        assert (cut.total, cut.left_out) == (whole.total, whole.total - limit)
        assert cut.nodes.equals(whole.nodes.head(limit))
    assert json.loads(json.dumps(cut.to_json())) == {
        "nodes": whole.nodes.to_dict(orient="records"),
        "total": whole.total,
    }
    assert cut.to_frame() is cut.nodes


def test_a_list_holds_twenty_unless_told_otherwise(store_of: StoreOf) -> None:
    rows = [{"id": f"DOID:{n}", "name": f"disease {n}"} for n in range(30)]
    assert search(store_of(nodes_only(Disease=rows)), "disease").left_out == 10


def test_a_kind_is_listed_by_name(store_of: StoreOf, store: Store) -> None:
    assert list(search(store, kind="patient").nodes.itertuples(index=False, name=None)) == [
        ("PANAKEIA:P-1", "Patient", "P-1", ""),
        ("PANAKEIA:P-2", "Patient", "P-2", ""),
        ("PANAKEIA:P-3", "Patient", "P-3", ""),
    ]
    first = search(store, " ", kind="Drug", limit=2)
    assert (list(first.nodes["name"]), first.total) == (["Acetylsalicylic acid", "Ibuprofen"], 3)
    assert list(search(store, "a", kind="Drug").nodes["name"]) == ["Acetylsalicylic acid", "Warfarin"]
    assert search(store_of(GO), kind="Drug").total == 0


def spelt_graph() -> Graph:
    drugs = [
        {"id": "DRUGBANK:DB00331", "name": "Metformin", "synonyms": ["Glucophage", "Dimethylbiguanide"]},
        {"id": "DRUGBANK:DB00914", "name": "Phenformin", "xrefs": ["CHEMBL.COMPOUND:CHEMBL170988"]},
        {"id": "DRUGBANK:DB00945", "name": "Aspirin", "xrefs": ["CHEMBL.COMPOUND:CHEMBL25", "PUBCHEM.COMPOUND:2244"]},
    ]
    diseases = [
        {"id": "DOID:9352", "name": "type 2 diabetes mellitus", "xrefs": ["OMIM:125853"]},
        {"id": "DOID:12387", "name": "diabetes insipidus"},
        {"id": "DOID:1", "name": "maladie de Ménière"},
    ]
    genes = [{"id": "NCBIGene:672", "name": "BRCA1", "xrefs": ["HGNC:1100", "ENSEMBL:ENSG00000012048"]}]
    tables = {"Gene": genes, "Drug": drugs, "Disease": diseases}
    filled = {
        kind: [{"synonyms": [], "xrefs": [], "provided_by": ["by-hand"]} | row for row in rows]
        for kind, rows in tables.items()
    }
    return Graph({kind: table(node_columns(kind), rows) for kind, rows in filled.items()}, {})


_SPELT = spelt_graph()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("metfromin", [("DRUGBANK:DB00331", "similar name")]),
        ("Glucofage", [("DRUGBANK:DB00331", "similar synonym 'Glucophage'")]),
        ("diabtes", [("DOID:12387", "similar name"), ("DOID:9352", "similar name")]),
        ("diabetes type 2", [("DOID:9352", "similar name")]),
        ("MENIÉRE", [("DOID:1", "similar name")]),
        ("formin", [("DRUGBANK:DB00331", "part of name"), ("DRUGBANK:DB00914", "part of name")]),
        ("Aspirin", [("DRUGBANK:DB00945", "exact name")]),
        ("CHEMBL.COMPOUND:CHEMBL25", [("DRUGBANK:DB00945", "cross-reference 'CHEMBL.COMPOUND:CHEMBL25'")]),
        ("chembl.compound:chembl25", [("DRUGBANK:DB00945", "cross-reference 'CHEMBL.COMPOUND:chembl25'")]),
        ("hgnc:1100", [("NCBIGene:672", "cross-reference 'HGNC:1100'")]),
        ("MIM:125853", [("DOID:9352", "cross-reference 'OMIM:125853'")]),
        ("drugbank:db00945", [("DRUGBANK:DB00945", "identifier")]),
        ("OMIM:1", []),
        ("nothing:like it", []),
    ],
)
def test_search_finds_cross_references_and_what_is_spelt_nearly_so(
    store_of: StoreOf, text: str, found: list[tuple[str, str]]
) -> None:
    answer = search(store_of(_SPELT), text)
    assert list(zip(answer.nodes["id"], answer.nodes["match"], strict=True)) == found
    assert answer.total == len(found)


def test_similar_names_come_after_the_others_and_are_counted(store_of: StoreOf) -> None:
    store = store_of(_SPELT)
    assert [search(store, "diabetis", limit=limit).total for limit in (1, 2, 20)] == [2, 2, 2]
    assert list(search(store, "diabetis", limit=1).nodes["id"]) == ["DOID:12387"]
    assert list(search(store, "metfromin", kind="Disease").nodes["id"]) == []


def test_a_cross_reference_names_its_node(store_of: StoreOf) -> None:
    store = store_of(_SPELT)
    for text in ("CHEMBL.COMPOUND:CHEMBL25", "PUBCHEM.COMPOUND:2244", "chembl.compound:CHEMBL25"):
        assert find(store, text).name == "Aspirin"
    assert find(store, "MIM:125853", kind="disease").id == "DOID:9352"
    with pytest.raises(UnknownNode):
        find(store, "CHEMBL.COMPOUND:CHEMBL26")


def test_a_name_that_came_since_is_found_by_its_spelling(store_of: StoreOf) -> None:
    store = store_of(spelt_graph())
    assert list(search(store, "warfarrin").nodes["id"]) == []
    row = {"id": "DRUGBANK:DB00682", "name": "Warfarin", "synonyms": [], "xrefs": [], "provided_by": ["by-hand"]}
    store.add(Graph({"Drug": table(node_columns("Drug"), [row])}, {}))
    assert list(search(store, "warfarrin").nodes["id"]) == ["DRUGBANK:DB00682"]


def test_of_a_drug_and_what_is_a_disease_and_a_side_effect_the_disease_is_meant(store_of: StoreOf) -> None:
    both = {"Disease": [{"id": "DOID:1", "name": "Nausea"}], "SideEffect": [{"id": "UMLS:C1", "name": "nausea"}]}
    store = store_of(nodes_only(Drug=[{"id": "DRUGBANK:DB1", "name": "placebo"}], **both))
    drug, disease, effect = (find(store, one) for one in ("placebo", "DOID:1", "UMLS:C1"))
    assert find_ends(store, "placebo", "nausea") == (drug, disease)
    assert find_ends(store, "NAUSEA", "placebo") == (disease, drug)
    assert find_ends(store, "placebo", "nausea", ["SideEffect"]) == (drug, effect)
    assert find_ends(store, "placebo", "UMLS:C1") == (drug, effect)
    with pytest.raises(AmbiguousName):
        find_ends(store, "nausea", "nausea")
