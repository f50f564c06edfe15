"""The commands that ask the graph."""

from pathlib import Path
from typing import Annotated

import typer

from panakeia.answer import Answer
from panakeia.ask import Session
from panakeia.options import (
    As,
    KindOption,
    ShareOption,
    SourceOption,
    TopOption,
)
from panakeia.verb import print_text, verb

app = typer.Typer()


@verb(app, "build", right="write", needs=("store", "data"), long=True, show=print_text)
def build(
    session: Session,
    source: SourceOption = None,
    sources: Annotated[
        Path | None,
        As("here"),
        typer.Option("--sources", help="Manifest of data sets and files of one's own.", metavar="FILE.toml"),
    ] = None,
    only: Annotated[
        str | None, typer.Option("--only", help="Read this source anew, leave the rest as it is.", metavar="NAME")
    ] = None,
    licence: Annotated[
        str | None, typer.Option("--licence", help="Leave out what forbids this use: commercial.", metavar="USE")
    ] = None,
    neo4j_home: Annotated[
        Path | None,
        As("here"),
        typer.Option("--neo4j-home", help="Import into the stopped Neo4j server in this folder, fast.", metavar="DIR"),
    ] = None,
    max_reject_share: ShareOption = 0.01,
    discard_patients: Annotated[
        bool, typer.Option("--discard-patients", help="Build even where the store holds imported patients.")
    ] = False,
    allow_empty: Annotated[
        bool, typer.Option("--allow-empty", help="Build even a graph without nodes, or without edges.")
    ] = False,
) -> Answer:
    """Build the graph from public files and put it in place of what the store holds.

    Without --source and --sources it is every data set that the mirror or the cache has, Hetionet also from the
    network, else the starter graph.

    Example: panakeia build --data ../shared/data --store out/graph.lbdb
    """
    audit = session.build(
        source or (),
        manifest=sources,
        only=only,
        licence=licence,
        neo4j_home=neo4j_home,
        max_reject_share=max_reject_share,
        discard_patients=discard_patients,
        allow_empty=allow_empty,
    )
    return audit


@verb(app, "audit", right="graph", needs=("store",), long=True, show=print_text)
def audit(session: Session) -> Answer:
    """Look the whole graph over: what became of each source's rows, licences, orphans, hubs, undecided identifiers.

    Example: panakeia audit --json
    """
    return session.audit()


@verb(app, "diff", right="graph", here="it reads graphs from this machine's files")
def diff(
    session: Session,
    a: Annotated[str, typer.Argument(help="The graph that was: a file or a URL.", metavar="A")],
    b: Annotated[str, typer.Argument(help="The graph that is.", metavar="B")],
) -> Answer:
    """Compare two builds: nodes and edges gained, lost and changed, by source and relation.

    Example: panakeia diff out/before.lbdb out/graph.lbdb
    """
    return session.diff(a, b)


@verb(app, "info", right="graph", needs=("store",))
def info(session: Session) -> Answer:
    """Count the graph's nodes and edges and name its sources.

    Example: panakeia info --json
    """
    return session.info()


@verb(app, "show", right="graph", needs=("store",))
def show(session: Session, node: str, kind: KindOption = None) -> Answer:
    """Show a node: its attributes, its edges by relation, and its first neighbours with their evidence.

    NODE is a CURIE, a name or a synonym. Example: panakeia show warfarin
    """
    return session.show(node, kind=kind)


@verb(app, "search", right="graph", needs=("store",))
def search(
    session: Session,
    text: Annotated[str, typer.Argument(help="A part of a name or a synonym; may be left out with --kind.")] = "",
    kind: KindOption = None,
    top: TopOption = 20,
) -> Answer:
    """Search nodes by a part of their name or synonyms; --kind alone lists the nodes of a kind.

    Example: panakeia search diabetes
    """
    return session.search(text, kind=kind, top=top)
