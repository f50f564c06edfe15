"""The commands that give the graph to others."""

from pathlib import Path
from typing import Annotated

import typer

from panakeia.answer import Answer
from panakeia.ask import Session
from panakeia.options import As, whole
from panakeia.verb import verb
from panakeia.verbs.formats import AROUND

app = typer.Typer()


@verb(app, "sparql", right="graph", needs=("store",))
def sparql(
    session: Session,
    query: Annotated[
        str, As("named"), typer.Argument(help="A query, or a file of one (.rq, .sparql).", metavar="QUERY|FILE.rq")
    ],
    evidence: Annotated[
        bool, typer.Option("--evidence", help="Ask also the edges' own nodes, where the query names nothing of them.")
    ] = False,
) -> Answer:
    """Ask the graph in SPARQL; prefixes biolink:, kg: (our relations) and those of all CURIEs are predefined.

    Example: panakeia sparql "SELECT ?gene { DOID:9352 kg:disease_associates_gene ?gene }"
    """
    return session.sparql(query, evidence=evidence or None)


@verb(app, "export", right="graph", needs=("store",), long=True)
def export(
    session: Session,
    out: Annotated[Path, As("out"), typer.Option(help="Folder for the files.", metavar="DIR")],
    format: Annotated[
        str,
        typer.Option(
            "--format",
            help="kgx-tsv, kgx-jsonl, nquads, turtle, nquads-rdf12, turtle-rdf12, parquet or graphml.",
            metavar="FORMAT",
        ),
    ],
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
) -> Answer:
    """Write the graph, or a part of it, into a folder in an open format.

    Example: panakeia export --format turtle --around warfarin --radius 1 --out out/warfarin
    """
    done = session.export(format, out, around=around or (), radius=radius, most=most, patients=patients)
    return done
