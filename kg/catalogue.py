"""Catalogue: the data sets that a build can read, each with its head and with what a graph has of it, as a page.

`python -m kg.catalogue out/graph.lbdb > docs/sources.md` writes the page anew after a build.
"""

import importlib
import sys
from collections.abc import Sequence

from kg.licence import NOT_STATED, USES, forbids
from kg.manifest import source_names
from kg.query import Review, review
from kg.source import Source
from kg.stores.opening import open_store

_HEAD = """# Data sets

One file each in `kg/sources/`. `panakeia build` reads those that the mirror folder (`--data`) or the cache has;
`--source NAME` chooses. This page is written by `python -m kg.catalogue`, from the files' heads and the counts of a
build of all that were there{version}. Rows that say what another row said are merged; nodes and edges are what the
graph has of a source, a node of several sources being counted with each. An edge may have a licence of its own.

| source | gives | version | licence | commercial use | rows | rejected | left out on purpose | nodes | edges |
| --- | --- | --- | --- | --- | ---: | ---: | ---: | ---: | ---: |
"""


def heads() -> list[Source]:
    """Return the heads of all data sets, by name.

    >>> [head.version for head in heads() if head.name == "hetionet"]
    ['1.0']
    """
    found: list[Source] = [importlib.import_module(f"kg.sources.{name}").SOURCE for name in source_names()]
    return found


def page(told: Review, sources: Sequence[Source]) -> str:
    """Return the page of these data sets, with the counts of a graph; one that is not in it has none."""
    accounts, edges = told.accounts(), told.statements.groupby("source")["edges"].sum()
    versions = ", ".join(f"{release.name} {release.version}" for release in told.releases)
    lines = []
    for head in sources:
        cells = [f"[{head.name}](#{head.name})", head.gives, head.version, head.licence, _use(head.licence)]
        account = accounts.get(head.name)
        if account is None:
            cells += [""] * 5
        else:
            rows, rejected = (sum(row[what] for row in account["tables"]) for what in ("rows", "rejected"))
            left_out = sum(row["rows"] for row in account["left_out"])
            nodes = told.stated.get(head.name, 0)
            cells += [f"{count:,}" for count in (rows, rejected, left_out, nodes, int(edges.get(head.name, 0)))]
        lines.append(f"| {' | '.join(cells)} |")
    parts = [_part(head, accounts.get(head.name)) for head in sources]
    return _HEAD.format(version=f" ({versions})" if versions else "") + "\n".join(lines) + "\n\n" + "\n".join(parts)


def _use(licence: str) -> str:
    if licence in NOT_STATED:
        return "nothing stated"
    return "forbidden" if forbids(licence, USES[0]) else "not forbidden"


def _part(head: Source, account: dict[str, list[dict[str, object]]] | None) -> str:
    """Return a data set's own paragraph: where it comes from, whom to cite, its files, its tables, what is left out."""
    files = ", ".join(f"`{file.path}`" for file in head.files)
    extras = ", ".join(f"`{file.path}`" for file in head.extras)
    lines = [f"## {head.name}", "", f"{head.citation} {f'<{head.url}>' if head.url else ''}".rstrip(), ""]
    if files:
        lines.append(f"- files: {files}")
    if extras:
        lines.append(f"- where they are there: {extras}")
    for row in (account or {}).get("tables", ()):
        told = [f"{row['kept']:,} {row['table']}"]
        told += [f"{row[what]:,} {words}" for what, words in _WORDS.items() if row[what]]
        lines.append(f"- {', '.join(told)}")
    for row in (account or {}).get("reasons", ()):
        lines.append(f"- rejected: {row['rows']:,} rows of {row['table']}, {row['reason']}")
    for row in (account or {}).get("left_out", ()):
        lines.append(f"- left out on purpose: {row['rows']:,} rows, {row['reason']}")
    return "\n".join([*lines, ""])


_WORDS = {"merged": "merged", "mapped": "mapped from other identifiers"}


def main() -> None:
    """Print the page, with the counts of the graph at the path that is given."""
    if len(sys.argv) != 2:
        raise SystemExit("usage: python -m kg.catalogue STORE")
    with open_store(sys.argv[1]) as store:
        print(page(review(store), heads()), end="")


if __name__ == "__main__":
    main()
