"""The commands that give the graph to others."""

from pathlib import Path
from typing import Annotated

import typer

from panakeia.ask import Session
from panakeia.options import JsonOption, StoreOption, whole
from panakeia.terminal import print_answer
from panakeia.verbs.formats import AROUND
from panakeia.verbs.held import STORE

app = typer.Typer()


@app.command()
def sparql(
    query: Annotated[str, typer.Argument(help="A query, or a file of one (.rq, .sparql).", metavar="QUERY|FILE.rq")],
    store: StoreOption = STORE,
    evidence: Annotated[
        bool, typer.Option("--evidence", help="Ask also the edges' own nodes, where the query names nothing of them.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Ask the graph in SPARQL; prefixes biolink:, kg: (our relations) and those of all CURIEs are predefined.

    Example: panakeia sparql "SELECT ?gene { DOID:9352 kg:disease_associates_gene ?gene }"
    """
    with Session(store) as session:
        print_answer(session.sparql(query, evidence=evidence or None), as_json=as_json)


@app.command()
def export(
    out: Annotated[Path, typer.Option(help="Folder for the files.", metavar="DIR")],
    format: Annotated[
        str,
        typer.Option(
            "--format",
            help="kgx-tsv, kgx-jsonl, nquads, turtle, nquads-rdf12, turtle-rdf12, parquet or graphml.",
            metavar="FORMAT",
        ),
    ],
    store: StoreOption = STORE,
    around: Annotated[
        list[str] | None, typer.Option("--around", help="Only what lies around this node; repeatable.", metavar="NODE")
    ] = None,
    radius: Annotated[
        int, typer.Option("--radius", parser=whole(1), help="How many edges around it.", metavar="N")
    ] = 2,
    most: Annotated[
        int, typer.Option("--most", parser=whole(1), help="How many nodes around it, at most.", metavar="N")
    ] = AROUND,
    patients: Annotated[bool, typer.Option("--patients", help="Write imported patients too.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Write the graph, or a part of it, into a folder in an open format.

    Example: panakeia export --format turtle --around warfarin --radius 1 --out out/warfarin
    """
    with Session(store) as session:
        done = session.export(format, out, around=around or (), radius=radius, most=most, patients=patients)
        print_answer(done, as_json=as_json)
