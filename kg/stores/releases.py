"""The releases that a graph was built from, as every store keeps them."""

from collections.abc import Iterable, Mapping
from typing import Any

from kg.graph import SourceRelease
from kg.schema import AttributeType
from kg.stores.held import held_of
from kg.stores.protocol import Store

RELEASE_LABEL = "SourceRelease"
"""Every store keeps its graph's releases as nodes of this label, beside the kinds of `kg.schema`."""

RELEASE_COLUMNS: dict[str, AttributeType] = {
    "id": "string",
    "name": "string",
    "version": "string",
    "licence": "string",
    "citation": "string",
    "url": "string",
    "files": "string[]",
    "account": "string",
}
"""The columns of such a node; `files` are lines as `sha256sum` writes them."""

RELEASES = (
    f"MATCH (s:{RELEASE_LABEL}) RETURN {', '.join(f's.{name} AS {name}' for name in RELEASE_COLUMNS)} "
    "ORDER BY name, version"
)
"""The query for all of them."""


def release_row(release: SourceRelease) -> dict[str, object]:
    """Return a release as a row of `RELEASE_COLUMNS`.

    >>> release_row(SourceRelease("hetionet", "1.0", "CC0-1.0", "", "", {"nodes.tsv": "ff00"}))["files"]
    ['ff00  nodes.tsv']
    """
    return {
        "id": f"{release.name}-{release.version}",
        "name": release.name,
        "version": release.version,
        "licence": release.licence,
        "citation": release.citation,
        "url": release.url,
        "files": [f"{digest}  {name}" for name, digest in release.files.items()],
        "account": release.account,
    }


def read_releases(store: Store) -> tuple[SourceRelease, ...]:
    """Return the releases that the store's graph was built from, ordered by name and version."""
    if (held := held_of(store)) is not None:
        return held.releases
    return releases_of(store.query(RELEASES, {}))


def releases_of(rows: Iterable[Mapping[str, Any]]) -> tuple[SourceRelease, ...]:
    """Return the releases of rows that answer `RELEASES`."""
    return tuple(
        SourceRelease(
            row["name"],
            row["version"],
            row["licence"],
            row["citation"],
            row["url"],
            {name: digest for digest, name in (line.split("  ", 1) for line in row["files"])},
            row["account"],
        )
        for row in rows
    )
