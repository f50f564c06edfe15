"""The commands that go along the graph's edges."""

from typing import TYPE_CHECKING, Annotated

import typer

from panakeia.answer import Answer
from panakeia.ask import Session
from panakeia.options import KindOption, LengthOption, TopOption
from panakeia.verb import verb

if TYPE_CHECKING:
    from kg.filter import Filter

app = typer.Typer()

Texts = list[str] | None

StatedOption = Annotated[
    Texts, typer.Option("--source", help="Count only what this source states; repeatable.", metavar="NAME")
]
LicenceOption = Annotated[
    Texts, typer.Option("--licence", help="Count only statements under this licence; repeatable.", metavar="SPDX")
]
LevelOption = Annotated[
    Texts,
    typer.Option("--level", help="Count only statements of this knowledge level; repeatable.", metavar="LEVEL"),
]
RelationOption = Annotated[
    Texts, typer.Option("--relation", help="Go along this relation only; repeatable.", metavar="RELATION")
]


@verb(app, "neighbours", right="graph", needs=("store",))
def neighbours(
    session: Session,
    node: str,
    kind: KindOption = None,
    relation: RelationOption = None,
    of_kind: Annotated[
        Texts, typer.Option("--of-kind", help="List neighbours of this kind only; repeatable.", metavar="KIND")
    ] = None,
    source: StatedOption = None,
    licence: LicenceOption = None,
    level: LevelOption = None,
    top: TopOption = 100,
) -> Answer:
    """List the neighbours of a node, relation by relation, each with the evidence of its edge.

    Example: panakeia neighbours metformin --relation binds
    """
    where = _where(source, licence, level)
    found = session.neighbours(node, kind=kind, relations=relation or (), kinds=of_kind or (), where=where, top=top)
    return found


@verb(app, "paths", right="graph", needs=("store",))
def paths(
    session: Session,
    a: str,
    b: str,
    kind: Annotated[
        Texts,
        typer.Option(
            "--kind", help="Kind of either node, where a name is that of several; repeatable.", metavar="KIND"
        ),
    ] = None,
    through: Annotated[
        Texts, typer.Option("--through", help="A node that each path leads through; repeatable.", metavar="NODE")
    ] = None,
    without_node: Annotated[
        Texts, typer.Option("--without-node", help="A node that no path leads through; repeatable.", metavar="NODE")
    ] = None,
    relation: RelationOption = None,
    without: Annotated[
        Texts, typer.Option("--without", help="A relation that no path has; repeatable.", metavar="RELATION")
    ] = None,
    source: StatedOption = None,
    licence: LicenceOption = None,
    level: LevelOption = None,
    max_length: LengthOption = 4,
    top: TopOption = 10,
) -> Answer:
    """Rank the paths between two nodes; paths through generic hubs come last.

    Example: panakeia paths metformin DOID:9352 --through NCBIGene:5563 --without treats
    """
    from kg.paths import Route

    route = Route(through or (), without_node or (), relation or (), without or (), _where(source, licence, level))
    found = session.paths(a, b, kinds=kind or (), max_length=max_length, top=top, route=route)
    return found


@verb(app, "metapath", right="graph", needs=("store",))
def metapath(
    session: Session,
    node: str,
    relations: Annotated[
        list[str],
        typer.Argument(help="Relations in order; one with a direction may need :out or :in.", metavar="RELATION..."),
    ],
    to: Annotated[str | None, typer.Option("--to", help="Count the paths to this node only.", metavar="NODE")] = None,
    source: StatedOption = None,
    licence: LicenceOption = None,
    level: LevelOption = None,
    top: TopOption = 20,
) -> Answer:
    """Count the paths along some relations, in this order, from a node to each other one, the heaviest first.

    Example: panakeia metapath pioglitazone binds disease_associates_gene
    """
    where = _where(source, licence, level)
    return session.metapath(node, relations, to=to, where=where, top=top)


@verb(app, "mechanisms", right="graph", needs=("store", "data"))
def mechanisms(session: Session, drug: str, disease: str) -> Answer:
    """Show how a drug acts on a disease in the words of DrugMechDB's curators, to hold an explanation against.

    Example: panakeia mechanisms metformin "type 2 diabetes mellitus" --data DIR
    """
    return session.mechanisms(drug, disease)


def _where(source: Texts, licence: Texts, level: Texts) -> "Filter":
    from kg.filter import Filter

    return Filter(source or (), licence or (), level or ())
