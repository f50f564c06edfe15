"""Build: read what sources say, assemble it, and put it in place of what a store holds."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kg.assemble import assemble
from kg.audit import EQUIVALENTS, Audit, audit_paths, rejection_lines, write_audit
from kg.fetch import Fetch, NotFoundAnywhere
from kg.graph import Graph, SourceRelease
from kg.licence import forbids
from kg.manifest import Input, source, source_names
from kg.output import target
from kg.progress import Progress, silent
from kg.rows import Rows
from kg.schema import NODE_KINDS, RELATIONS
from kg.stores.opening import open_store
from kg.stores.protocol import Store, StoreError
from kg.stores.releases import read_releases


class BuildError(ValueError):
    """A build that would leave too much out (then with its audit), or that there is nothing for."""

    def __init__(self, message: str, audit: Audit | None = None) -> None:
        super().__init__(message)
        self.audit = audit


@dataclass(frozen=True)
class Terms:
    """On which terms a build is made.

    More than `max_reject_share` of a release's rows rejected, and a source that gives no node or no edge (unless
    `allow_empty`), leave the store alone; so does a store that holds what no source can bring back, such as patients,
    unless it may be discarded. With `use` (see `kg.licence`) what forbids it is left out; with `only`, the rest of the
    store's graph stays as it is, and this source's part of it is read anew. With `neo4j_home` the graph goes into the
    stopped server in this folder instead of the store, by its own import.
    """

    max_reject_share: float = 0.01
    discard: bool = False
    allow_empty: bool = False
    use: str | None = None
    only: str | None = None
    neo4j_home: str | Path | None = None


def build(
    inputs: Sequence[str | Input],
    fetch: Fetch,
    store_url: str | Path,
    terms: Terms = Terms(),
    *,
    progress: Progress = silent,
) -> Audit:
    """Read sources (by name, or as of a manifest), check them, and put their graph in place of what the store holds.

    Beside an embedded store lie the audit and every rejected row afterwards (`kg.audit.audit_paths`); where too many
    rows were rejected and the store is left alone, they are called `<store>.refused...`. Raises `BuildError`,
    `kg.manifest.UnknownSource`, `kg.fetch.FetchError`, `kg.files.text.FileError` or `kg.stores.protocol.StoreError`.
    """
    chosen, without = _chosen([source(given) if isinstance(given, str) else given for given in inputs], terms)
    if terms.neo4j_home is not None:
        return _import(chosen, without, fetch, terms, progress)
    beside = None if "://" in str(store_url) else target(store_url)
    with open_store(store_url, create=True) as store:
        if terms.only is None and not terms.discard:
            _refuse_to_lose(store, {one.name for one in chosen})
        there = None if terms.only is None else store.read().without(terms.only)
        try:
            graph, audit = _assembled(chosen, fetch, terms, there, progress)
        except BuildError as failure:
            if beside is None or failure.audit is None:
                raise
            _, listing = write_audit(failure.audit, _refused(beside))
            raise BuildError(f"{failure}\nall rejected rows are in {listing}", failure.audit) from None
        del there
        audit = replace(audit, without=without)
        store.replace(graph, lambda step, fraction: progress(step, 0.5 + 0.5 * fraction), audit)
    if beside is not None:
        for path in audit_paths(_refused(beside)):
            path.unlink(missing_ok=True)
    progress("built", 1.0)
    return audit


def _import(chosen: Sequence[Input], without: tuple[str, ...], fetch: Fetch, terms: Terms, progress: Progress) -> Audit:
    """Build into the database of a stopped Neo4j server, which cannot tell what it holds."""
    from kg.stores.neo4j_admin import import_offline

    if terms.only is not None or not terms.discard or terms.neo4j_home is None:
        raise BuildError(
            "with --neo4j-home the database of a stopped server is replaced, and nobody can look whether it holds "
            "imported patients: allow that (--discard-patients), without --only; or start it and give its URL (--store)"
        )
    graph, audit = _assembled(chosen, fetch, terms, None, progress)
    import_offline(graph, terms.neo4j_home, progress=lambda step, done: progress(step, 0.5 + 0.5 * done))
    progress("built", 1.0)
    return replace(audit, without=without)


def _assembled(
    chosen: Sequence[Input], fetch: Fetch, terms: Terms, there: Graph | None, progress: Progress
) -> tuple[Graph, Audit]:
    """Return the graph of what these inputs say, onto what is there, with its audit; raises `BuildError`."""
    rows: list[Rows] = []
    for number, one in enumerate(chosen):
        progress(f"read {one.name}", 0.2 * number / len(chosen))
        rows.append(one.read(fetch))
    graph, audit = _checked(rows, terms, there, lambda step, done: progress(step, 0.2 + 0.3 * done))
    if not terms.allow_empty:
        _refuse_empty(audit, [one.release.name for one in rows if one.edges == ()])
    return graph, audit


def build_graph(rows: Sequence[Rows], *, max_reject_share: float = 0.01) -> tuple[Graph, Audit]:
    """Check rows and merge them into a graph; return it with the audit of what was merged and what was rejected.

    See `kg.assemble.assemble`. Raises `BuildError` if more than `max_reject_share` of a release's rows are rejected.
    """
    return _checked(rows, Terms(max_reject_share=max_reject_share), None, silent)


def default_sources(fetch: Fetch) -> list[str]:
    """Return the sources whose files are found (Hetionet's are downloaded into the cache); else `["starter"]`.

    Raises `NotFoundAnywhere` where a mirror was named, and neither it nor the cache nor the network has Hetionet.
    """
    from kg.sources import hetionet

    try:
        hetionet.SOURCE.fetched(fetch)
    except NotFoundAnywhere:
        if fetch.mirror is not None:
            raise
        return ["starter"]
    others = [source(name) for name in source_names() if name not in ("hetionet", "starter")]
    found = [one.name for one in others if one.files and all(fetch.find(file) for file in one.files)]
    return ["hetionet", *found]


def _chosen(inputs: list[Input], terms: Terms) -> tuple[list[Input], tuple[str, ...]]:
    """Return what is to be read, and the names of what is not because its licence forbids the use."""
    if terms.only is not None:
        inputs = [one for one in inputs if one.name == terms.only] or [source(terms.only)]
    if not inputs:
        raise BuildError(f"there is nothing to build: name a source of {', '.join(source_names())}")
    allowed = [one for one in inputs if terms.use is None or not forbids(one.licence, terms.use)]
    without = tuple(f"{one.name} ({one.licence})" for one in inputs if one not in allowed)
    if not allowed:
        raise BuildError(f"there is nothing to build: {terms.use} use is forbidden by {', '.join(without)}")
    return allowed, without


def _checked(rows: Sequence[Rows], terms: Terms, there: Graph | None, progress: Progress) -> tuple[Graph, Audit]:
    graph, audit = assemble(rows, onto=there, use=terms.use, progress=progress)
    for release in audit.releases:
        if audit.reject_share(release.name) > terms.max_reject_share:
            raise BuildError(_too_many(release, terms.max_reject_share, audit), audit)
    return graph, audit


def _refused(store: Path) -> Path:
    """Return what the audit of a build that was refused is called after."""
    return store.with_name(f"{store.name}.refused")


def _refuse_to_lose(store: Store, built: set[str]) -> None:
    """Raise `BuildError` if the store holds releases that are no source's, such as imported patients."""
    try:
        held = read_releases(store)
    except StoreError:  # there is no graph yet
        return
    if lost := [
        f"{release.name} {release.version}" for release in held if release.name not in {*built, *source_names()}
    ]:
        raise BuildError(
            f"the store holds {', '.join(lost)}, which nothing that this build reads can bring back and it would drop: "
            "name a source of your own in the manifest too (--sources), build into another store, or allow it "
            "(--discard-patients) and import patients again"
        )


def _refuse_empty(audit: Audit, nodes_only: Collection[str]) -> None:
    """Raise `BuildError` if a source gave no node or no edge: a file that ends after its header, most often.

    Sources of `nodes_only` have no edges to give.
    """
    for release in audit.releases:
        good = {tally.table: tally.rows - tally.rejected for tally in audit.tallies if tally.source == release.name}
        if good.keys() == {EQUIVALENTS} and good[EQUIVALENTS]:
            continue
        for what, tables in (("node", NODE_KINDS), ("edge", RELATIONS)):
            if not any(good.get(table) for table in tables) and not (what == "edge" and release.name in nodes_only):
                raise BuildError(_nothing(release, what, audit), audit)


def _nothing(release: SourceRelease, what: str, audit: Audit) -> str:
    files = ", ".join(release.files) or "none is named"
    return "\n".join(
        [
            f"{release.name} {release.version} gives no {what}, and nothing was stored: is one of its files "
            f"cut off? Get them anew ({files}), or allow it (--allow-empty)",
            *(f"  left out: {n:,} x {why}" for (source, why), n in audit.left_out.items() if source == release.name),
        ]
    )


def _too_many(release: SourceRelease, limit: float, audit: Audit) -> str:
    share = audit.reject_share(release.name)
    return "\n".join(
        [
            f"{100 * share:.3g} % of the rows of {release.name} {release.version} were rejected, more than the allowed "
            f"{100 * limit:.3g} %; nothing was stored. Mend the rows, or allow a larger share:",
            *rejection_lines(audit),
        ]
    )
