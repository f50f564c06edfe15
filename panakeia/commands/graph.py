"""The commands that ask the graph."""

from pathlib import Path
from typing import Annotated

import typer

from panakeia.ask import Session
from panakeia.options import (
    DataOption,
    JsonOption,
    KindOption,
    ShareOption,
    SourceOption,
    StoreOption,
    TopOption,
)
from panakeia.terminal import print_answer
from panakeia.verbs.held import STORE

app = typer.Typer()


@app.command()
def build(
    data: DataOption = None,
    store: StoreOption = STORE,
    source: SourceOption = None,
    sources: Annotated[
        Path | None,
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
        typer.Option("--neo4j-home", help="Import into the stopped Neo4j server in this folder, fast.", metavar="DIR"),
    ] = None,
    max_reject_share: ShareOption = 0.01,
    discard_patients: Annotated[
        bool, typer.Option("--discard-patients", help="Build even where the store holds imported patients.")
    ] = False,
    allow_empty: Annotated[
        bool, typer.Option("--allow-empty", help="Build even a graph without nodes, or without edges.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Build the graph from public files and put it in place of what the store holds.

    Without --source and --sources it is every data set that the mirror or the cache has, Hetionet also from the
    network, else the starter graph.

    Example: panakeia build --data ../shared/data --store out/graph.lbdb
    """
    with Session(store, data=data) as session:
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
        print_answer(audit, as_json=as_json, rows=False)


@app.command()
def audit(store: StoreOption = STORE, as_json: JsonOption = False) -> None:
    """Look the whole graph over: what became of each source's rows, licences, orphans, hubs, undecided identifiers.

    Example: panakeia audit --json
    """
    with Session(store) as session:
        print_answer(session.audit(), as_json=as_json, rows=False)


@app.command()
def diff(
    a: Annotated[str, typer.Argument(help="The graph that was: a file or a URL.", metavar="A")],
    b: Annotated[str, typer.Argument(help="The graph that is.", metavar="B")],
    as_json: JsonOption = False,
) -> None:
    """Compare two builds: nodes and edges gained, lost and changed, by source and relation.

    Example: panakeia diff out/before.lbdb out/graph.lbdb
    """
    print_answer(Session().diff(a, b), as_json=as_json)


@app.command()
def info(store: StoreOption = STORE, as_json: JsonOption = False) -> None:
    """Count the graph's nodes and edges and name its sources.

    Example: panakeia info --json
    """
    with Session(store) as session:
        print_answer(session.info(), as_json=as_json)


@app.command()
def show(node: str, store: StoreOption = STORE, kind: KindOption = None, as_json: JsonOption = False) -> None:
    """Show a node: its attributes, its edges by relation, and its first neighbours with their evidence.

    NODE is a CURIE, a name or a synonym. Example: panakeia show warfarin
    """
    with Session(store) as session:
        print_answer(session.show(node, kind=kind), as_json=as_json)


@app.command()
def search(
    text: Annotated[str, typer.Argument(help="A part of a name or a synonym; may be left out with --kind.")] = "",
    store: StoreOption = STORE,
    kind: KindOption = None,
    top: TopOption = 20,
    as_json: JsonOption = False,
) -> None:
    """Search nodes by a part of their name or synonyms; --kind alone lists the nodes of a kind.

    Example: panakeia search diabetes
    """
    with Session(store) as session:
        print_answer(session.search(text, kind=kind, top=top), as_json=as_json)
