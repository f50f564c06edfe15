"""The embedded store: killed at any point, the old graph opens, whole; other people's files are left alone."""

import ctypes
import errno
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import ladybug
import pytest

from kg.audit import REJECTED, Audit, audit_paths
from kg.graph import Graph, SourceRelease, table
from kg.query import patient, show
from kg.schema import edge_columns, node_columns
from kg.search import find, search
from kg.stores.opening import open_store
from kg.stores.protocol import StoreError
from tests.forking import forking
from tests.kg.stores.interrupted import (
    EVIDENCE,
    GENES,
    PATHWAYS,
    kill_after,
    ladder,
    quiet,
    same,
    stored,
    write_to_the_end,
)
from tests.starved import starved


@pytest.fixture(scope="module")
def old_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("old") / "graph.lbdb"
    with open_store(path, create=True) as store:
        store.replace(ladder("old"), quiet)
    return path


@pytest.fixture
def path(tmp_path: Path, old_file: Path) -> Path:
    """A store with the release "old", to be written."""
    return Path(shutil.copyfile(old_file, tmp_path / "graph[1].lbdb"))


@pytest.mark.parametrize("verb", ["replace", "add"])
def test_killed_at_ten_random_points_the_old_graph_opens_whole(path: Path, verb: str) -> None:
    old = stored(path)
    pristine = path.read_bytes()
    whole_s = write_to_the_end(path, verb)
    new = stored(path)
    assert set(new.edges["gene_participates_in_pathway"]["source_version"].to_pylist()) == {"new"}

    luck, half_written = random.Random(10), 0
    for _ in range(10):
        path.write_bytes(pristine)
        kill_after(path, verb, luck.uniform(0, whole_s))
        half_written += path.with_name(f".{path.name}.building").exists()
        survived = stored(path)
        assert same(survived, old) or same(survived, new)
    assert half_written  # at least once it died in the middle of its work


def test_the_next_write_clears_away_what_a_killed_one_left(path: Path) -> None:
    leftovers = [path.with_name(f".{path.name}.building{suffix}") for suffix in ("", ".wal")]
    for leftover in leftovers:
        leftover.write_bytes(b"half a graph")
    with open_store(path) as store:
        store.replace(ladder("new"), quiet)
        assert same(store.read(), ladder("new"))
    assert not any(leftover.exists() for leftover in leftovers)


def test_a_graph_of_a_version_without_degrees_is_to_be_built_anew(tmp_path: Path) -> None:
    old = tmp_path / "old.lbdb"
    with ladybug.Database(old) as database, ladybug.Connection(database) as connection:
        connection.execute("CREATE NODE TABLE Gene (id STRING, name STRING, synonyms STRING[], PRIMARY KEY (id))")
    with open_store(old) as store, pytest.raises(StoreError, match=r"of another version.*build it anew"):
        store.nodes([("Gene", "NCBIGene:1")])


def test_a_graph_without_a_relation_of_this_version_is_built_anew(path: Path) -> None:
    """What an older version called otherwise would be missed in silence: all that is asked for may be there."""
    with ladybug.Database(path) as database, ladybug.Connection(database) as connection:
        connection.execute("DROP TABLE contraindicated_in")
    with open_store(path) as store:
        for ask in (
            lambda: store.nodes([("Gene", "NCBIGene:1")]),
            store.read,
            lambda: store.add(ladder("new")),
        ):
            with pytest.raises(StoreError, match=r"of another version .*contraindicated_in.*: build it anew"):
                ask()
        store.replace(ladder("new"), quiet)
        assert same(store.read(), ladder("new"))


def test_a_failing_write_leaves_the_old_graph_and_no_litter(path: Path) -> None:
    broken = ladder("new")
    doubled = Graph({**broken.nodes, "Gene": table(node_columns("Gene"), [{"id": "a"}, {"id": "a"}])}, broken.edges)
    with open_store(path) as store:
        for write in (lambda: store.replace(doubled, quiet), lambda: store.add(doubled)):
            with pytest.raises(StoreError, match="primary key"):
                write()
        assert same(store.read(), ladder("old"))
    assert [file.name for file in path.parent.iterdir() if "building" in file.name] == []


def test_a_reader_reads_the_old_graph_on_while_a_new_one_is_put_in_place(path: Path) -> None:
    count = "MATCH (g:Gene) WHERE g.name STARTS WITH 'old' RETURN count(g) AS n"
    with open_store(path) as reader, open_store(path) as writer:
        assert reader.query(count, {}) == [{"n": GENES}]
        writer.replace(ladder("new"), quiet)
        assert reader.query(count, {}) == [{"n": GENES}]
        assert writer.query(count, {}) == [{"n": 0}]
    with open_store(path) as reader:
        assert reader.query(count, {}) == [{"n": 0}]


def test_many_different_queries_do_not_fill_the_memory(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kg.stores.ladybug.READER_MEMORY", 64 << 20)
    counted = "COUNT { MATCH (p)<-[:gene_participates_in_pathway]-() }"
    with open_store(path) as store:
        for number in range(100):
            rows = store.query(
                f"MATCH (g:Gene)-[:gene_participates_in_pathway]->(p:Pathway) WITH DISTINCT g, p, {counted} AS d "
                f"WHERE d <= $cap RETURN g.id AS gene{number}, collect(p.id) AS pathways, collect(d) AS degrees",
                {"cap": GENES},
            )
            assert len(rows) == GENES


def test_adding_writes_over_what_is_there_and_keeps_the_rest(path: Path) -> None:
    gene = table(
        node_columns("Gene"), [{"id": "NCBIGene:1", "name": "renamed"}, {"id": "NCBIGene:9999", "name": "new"}]
    )
    edges = [
        {"subject": "NCBIGene:1", "object": "WIKIPATHWAYS:WP1"} | EVIDENCE | {"references": ["PMID:1"]},
        {"subject": "NCBIGene:9999", "object": "WIKIPATHWAYS:WP1"} | EVIDENCE,
    ]
    pair = [{"subject": "NCBIGene:9", "object": "NCBIGene:10"} | EVIDENCE]
    turned = [{"subject": "NCBIGene:10", "object": "NCBIGene:9"} | EVIDENCE | {"references": ["PMID:2"]}]
    first = Graph(
        {"Gene": gene},
        {
            "gene_participates_in_pathway": table(edge_columns("gene_participates_in_pathway"), edges),
            "gene_interacts_gene": table(edge_columns("gene_interacts_gene"), pair),
        },
        (SourceRelease("more", "2", "CC0-1.0", "", "", {}),),
    )
    second = Graph({}, {"gene_interacts_gene": table(edge_columns("gene_interacts_gene"), turned)})
    with open_store(path) as store:
        store.add(first)
        store.add(second)
        graph = store.read()
    names = dict(zip(graph.nodes["Gene"]["id"].to_pylist(), graph.nodes["Gene"]["name"].to_pylist(), strict=True))
    assert len(names) == GENES + 1
    assert (names["NCBIGene:1"], names["NCBIGene:2"], names["NCBIGene:9999"]) == ("renamed", "old 2", "new")
    in_pathway = graph.edges["gene_participates_in_pathway"]
    assert in_pathway.num_rows == GENES * PATHWAYS + 1
    assert [row["subject"] for row in in_pathway.to_pylist() if row["references"]] == ["NCBIGene:1"]
    interactions = graph.edges["gene_interacts_gene"].to_pylist()  # symmetric: either order is the same edge
    assert [(row["subject"], row["references"]) for row in interactions] == [("NCBIGene:10", ["PMID:2"])]
    assert [release.name for release in graph.sources] == ["made-up", "more"]


def test_adding_to_nothing_makes_a_store(tmp_path: Path) -> None:
    with open_store(tmp_path / "new" / "graph.lbdb", create=True) as store:
        store.add(ladder("first"))
        assert same(store.read(), ladder("first"))


def test_one_process_writes_at_a_time(path: Path) -> None:
    with open_store(path) as outer, open_store(path) as inner:

        def second_write(step: str, fraction: float) -> None:
            with pytest.raises(StoreError, match="being written by another process"):
                inner.add(ladder("new"))

        outer.replace(ladder("new"), second_write)


def test_a_missing_store_says_how_to_build_one(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"there is no graph at .*none\.lbdb: build one"):
        open_store(tmp_path / "none.lbdb")
    with pytest.raises(StoreError, match=r"is a folder: expected the file of a graph, such as .*graph\.lbdb$"):
        open_store(tmp_path, create=True)
    with open_store(tmp_path / "none.lbdb", create=True) as store, pytest.raises(StoreError, match="panakeia build"):
        store.read()


def test_a_file_that_is_no_graph_is_neither_read_nor_overwritten(tmp_path: Path) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear reader", encoding="utf-8")
    complaint = r"letter\.txt does not open as a graph"
    with pytest.raises(StoreError, match=complaint), open_store(letter, create=True):
        pass
    store = open_store(letter, create=True)
    for use in (store.read, lambda: store.replace(ladder("new"), quiet), lambda: store.add(ladder("new"))):
        with pytest.raises(StoreError, match=complaint):
            use()
    assert letter.read_text(encoding="utf-8") == "Dear reader"
    assert list(tmp_path.iterdir()) == [letter]


def test_a_database_of_another_schema_says_to_build_anew(tmp_path: Path) -> None:
    with ladybug.Database(tmp_path / "other.lbdb") as database, ladybug.Connection(database) as connection:
        connection.execute("CREATE NODE TABLE Person(name STRING PRIMARY KEY)")
    with open_store(tmp_path / "other.lbdb") as store, pytest.raises(StoreError, match="build it anew"):
        store.read()


@pytest.mark.parametrize(
    ("column", "asked"),
    [
        ("degrees", "NCBIGene:1"),
        ("folded_id", "ncbigene:99999"),
        ("folded_name", "old 1"),
        ("folded_synonyms", "not there"),
        ("synonyms", "NCBIGene:1"),
    ],
)
def test_a_graph_of_a_version_that_keeps_less_is_to_be_built_anew(path: Path, column: str, asked: str) -> None:
    with ladybug.Database(path) as database, ladybug.Connection(database) as connection:
        connection.execute(f"ALTER TABLE Gene DROP {column}")
    with open_store(path) as store:
        for ask in (lambda: show(store, asked, kind="Gene"), lambda: store.add(ladder("new"))):
            with pytest.raises(StoreError, match=r"of another version .*: build it anew"):
                ask()


@pytest.mark.parametrize(
    "change", ["Gene ADD note STRING", "SourceRelease DROP account", "SourceRelease ADD note STRING"]
)
def test_nothing_is_added_to_a_graph_of_a_version_that_keeps_other_columns(path: Path, change: str) -> None:
    with ladybug.Database(path) as database, ladybug.Connection(database) as connection:
        connection.execute(f"ALTER TABLE {change}")
    with open_store(path) as store, pytest.raises(StoreError, match=r"of another version .*: build it anew"):
        store.add(ladder("new"))


def test_nodes_that_someone_wrote_without_their_folded_names_are_of_another_version(path: Path) -> None:
    with ladybug.Database(path) as database, ladybug.Connection(database) as connection:
        connection.execute("CREATE (:Patient {id: 'PANAKEIA:P-1', name: 'one'})")
    with open_store(path) as store:
        assert search(store, "old 1").total > 0
        for ask in (search, find, patient):
            with pytest.raises(StoreError, match="of another version: build it anew"):
                ask(store, "one")


def test_another_program_s_unfinished_writes_are_not_replayed_into_a_new_graph(path: Path) -> None:
    dies = f"""
import ladybug, os
connection = ladybug.Connection(ladybug.Database({str(path)!r}))
connection.execute("CREATE (:Gene {{id: 'NCBIGene:9999'}})")
os._exit(0)
"""
    subprocess.run([sys.executable, "-c", dies], check=True)
    before = path.read_bytes()
    with open_store(path) as store, pytest.raises(StoreError, match="writes of another program"):
        store.replace(ladder("new"), quiet)
    assert path.read_bytes() == before


def test_a_query_reads_only(path: Path) -> None:
    with open_store(path) as store:
        with pytest.raises(StoreError, match="read-only"):
            store.query("MATCH (g:Gene) DETACH DELETE g", {})
        with pytest.raises(StoreError, match="expected one query, got 2"):
            store.query("RETURN 1 AS a; RETURN 2 AS a", {})
        with pytest.raises(StoreError, match="Parser exception"):
            store.query("FIND ME A GENE", {})
        assert store.query("MATCH (g:Gene {id: $id}) RETURN g.name AS name", {"id": "NCBIGene:1"}) == [
            {"name": "old 1"}
        ]


STARVED = """
from kg.stores.opening import open_store
from tests.kg.stores.interrupted import ladder
with open_store(sys.argv[1], create=True) as store:
    starve()
    try:
        store.replace(ladder("new")) if sys.argv[2] == "replace" else store.add(ladder("new"))
    except OSError as failure:
        print(failure)
"""


@pytest.mark.parametrize(
    ("verb", "limit"),
    [
        *(("replace", limit) for limit in (0, 4_096, 16_384, 65_536, 1_000_000)),
        *(("add", limit) for limit in (4_096, 1_350_000)),
    ],
)
def test_a_starved_write_is_an_error_that_leaves_the_old_graph(path: Path, verb: str, limit: int) -> None:
    done = starved(STARVED, limit, path, verb)
    assert done.returncode == 0, done.stderr  # Ladybug would end the process where its log is cut off
    assert done.stdout.startswith(f"{path} could not be written: the old graph stands. The system says: ")
    assert "committed" not in done.stdout and "building" not in done.stdout
    assert {file.name for file in path.parent.iterdir()} == {path.name, f".{path.name}.lock"}
    assert same(stored(path), ladder("old"))


def test_a_starved_first_write_leaves_nothing(tmp_path: Path) -> None:
    done = starved(STARVED, 16_384, tmp_path / "graph.lbdb", "add")
    assert done.returncode == 0 and "nothing was stored" in done.stdout, done.stderr
    assert [file.name for file in tmp_path.iterdir()] == [".graph.lbdb.lock"]


def test_a_full_disk_says_how_much_is_needed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(source: Path, copy: Path) -> None:
        copy.write_bytes(b"half a graph")
        raise OSError(errno.ENOSPC, "No space left on device", str(copy))

    monkeypatch.setattr("kg.stores.ladybug_file.shutil.copyfile", full)
    told = rf"no space left on the disk of {re.escape(str(path))}: the old graph stands\. At least \d+ MB are needed"
    with open_store(path) as store, pytest.raises(StoreError, match=told):
        store.add(ladder("new"))
    assert {file.name for file in path.parent.iterdir()} == {path.name, f".{path.name}.lock"}


@pytest.mark.parametrize("verb", ["replace", "add"])
def test_a_link_to_a_store_stays_a_link(path: Path, tmp_path: Path, verb: str) -> None:
    link = tmp_path / "links" / "current.lbdb"
    link.parent.mkdir()
    link.symlink_to(path)
    with open_store(link) as store, open_store(path) as other:

        def second_write(step: str, fraction: float) -> None:
            with pytest.raises(StoreError, match="being written by another process"):
                other.add(ladder("other"))

        store.replace(ladder("new"), second_write) if verb == "replace" else store.add(ladder("new"))
        assert same(stored(path), ladder("new")) and same(store.read(), ladder("new"))
    assert link.is_symlink() and list(link.parent.iterdir()) == [link]


def test_a_link_to_nothing_yet_is_filled_where_it_leads(tmp_path: Path) -> None:
    link = tmp_path / "current.lbdb"
    link.symlink_to(tmp_path / "disk" / "graph.lbdb")
    with open_store(link, create=True) as store:
        store.replace(ladder("new"))
    assert link.is_symlink() and same(stored(tmp_path / "disk" / "graph.lbdb"), ladder("new"))


def _audit(release: str) -> Audit:
    return Audit(ladder(release).sources, (), REJECTED.empty_table())


def _audited(path: Path) -> str | None:
    """Return the release that the audit beside a store is of, None where there is no audit."""
    summary, rejected = audit_paths(path)
    if not (summary.exists() and rejected.exists()):
        return None
    (source,) = json.loads(summary.read_text(encoding="utf-8"))["sources"]
    return str(source["version"])


def _die_at_rename(path: Path, number: int) -> None:
    """Replace the graph and its audit by the release "new", and be killed just before, or after, the n-th rename."""
    rename, left = os.replace, number

    def last(source: Path, place: Path) -> None:
        nonlocal left
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
        rename(source, place)

    os.replace = last
    with open_store(path) as store:
        store.replace(ladder("new"), audit=_audit("new"))


@pytest.mark.parametrize("number", range(1, 10))
def test_the_audit_beside_a_graph_is_its_own_whenever_its_writer_is_killed(path: Path, number: int) -> None:
    with open_store(path) as store:
        store.replace(ladder("old"), audit=_audit("old"))
    writer = forking().Process(target=_die_at_rename, args=(path, number))
    writer.start()
    writer.join()
    assert writer.exitcode == (-signal.SIGKILL if number < 9 else 0)  # three are staged, two set aside, three placed
    before = _audited(path)
    with open_store(path) as store:
        (release,) = store.read().sources
    assert before in (None, release.version)
    assert _audited(path) == release.version == ("old" if number < 7 else "new")
    with open_store(path) as store:
        store.add(ladder("more"))
    names = {path.name, f".{path.name}.lock", *(file.name for file in audit_paths(path))}
    assert {file.name for file in path.parent.iterdir()} == names


def test_a_graph_without_an_audit_does_not_keep_that_of_the_old_one(path: Path) -> None:
    with open_store(path) as store:
        store.replace(ladder("old"), audit=_audit("old"))
        store.add(ladder("more"))
        assert _audited(path) == "old"  # the build that it was added to
        store.replace(ladder("new"))
    assert not any(file.exists() for file in audit_paths(path))


def test_many_stores_are_open_at_once(path: Path) -> None:
    with ExitStack() as opened:
        stores = [opened.enter_context(open_store(path)) for _ in range(40)]
        assert same(stores[0].read(), stores[-1].read())


@pytest.mark.parametrize("few", [0, 1_000_000])
def test_few_nodes_are_stored_as_many_are(
    tmp_path: Path, graph: Graph, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kg.stores.ladybug.FEW_NODES", few)
    with open_store(tmp_path / "graph.lbdb", create=True) as store:
        store.replace(graph)
        assert same(store.read(), graph)


@pytest.mark.parametrize("few", [0, GENES])
@pytest.mark.parametrize("verb", ["replace", "add", "overwrite"])
def test_no_memory_of_the_process_reaches_the_file(
    path: Path, verb: str, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whole pages are written, also those that are filled in part: their rest must not be what memory held before."""
    monkeypatch.setattr("kg.stores.ladybug.FEW_NODES", few)
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        pytest.skip("only glibc fills memory on request")
    held = 0xA5
    mallopt(-6, held ^ 0xFF)
    try:
        with open_store(path, create=True) as store:
            if verb == "replace":
                store.replace(ladder("new"), quiet)
            else:
                store.add(ladder("new" if verb == "add" else "old"))
    finally:
        mallopt(-6, 0)
    assert not re.search(rb"\xa5{8}", path.read_bytes())


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells what memory a process took")
def test_what_is_read_while_the_file_is_written_anew_takes_the_memory_of_its_rows(path: Path) -> None:
    takes_away = (
        "import sys\n"
        "from pathlib import Path\n"
        "from kg.graph import Graph\n"
        "from kg.stores.opening import open_store\n"
        "with open_store(Path(sys.argv[1])) as store:\n"
        "    store.add(Graph({}, {}), store.read())\n"
        "print(Path('/proc/self/status').read_text(encoding='utf-8'))\n"
    )
    done = subprocess.run([sys.executable, "-c", takes_away, str(path)], check=True, capture_output=True, text=True)
    [most_kib] = re.findall(r"VmHWM:\s*(\d+) kB", done.stdout)
    assert int(most_kib) < 1_500_000
    assert stored(path).node_counts() == {}
