"""The commands of federations: a site that answers, and a fit over sites."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from kg.files.number import number
from panakeia.answer import Answer
from panakeia.ask import Session
from panakeia.commands.disclosure import epsilon
from panakeia.options import As, decimal, pairs, share, whole
from panakeia.verb import verb

app = typer.Typer(help="Fit models over sites whose patients' rows stay where they are.", no_args_is_help=True)

OutcomeOption = Annotated[str | None, typer.Option(help="Column of the outcome.", metavar="COL")]
FeatureOption = Annotated[
    list[str] | None,
    typer.Option("--feature", "--features", help="Column of a feature; repeatable, or with commas.", metavar="COL"),
]
TimeOption = Annotated[str | None, typer.Option("--time", help="Column of times to event or end.", metavar="COL")]
UnitOption = Annotated[
    list[str] | None, typer.Option("--unit", help="Unit of a number column; repeatable.", metavar="COL=UNIT")
]
TokenOption = Annotated[
    Path | None,
    typer.Option(help="File with the token; else PANAKEIA_SITE_TOKEN. To ask, also lines of a site and its token."),
]
MinimumOption = Annotated[int, typer.Option(parser=whole(1), help="Fewest patients, and in any cell.", metavar="N")]


@app.command("site")
def federated_site(
    data: Annotated[Path, typer.Option(help="The site's patients, one a row.", metavar="FILE.csv")],
    port: Annotated[
        int | None, typer.Option(parser=whole(0, 65535), help="Port to answer at; 0 is any.", metavar="N")
    ] = None,
    folder: Annotated[Path | None, typer.Option(help="Answer through this folder instead.", metavar="DIR")] = None,
    outcome: OutcomeOption = None,
    feature: FeatureOption = None,
    time: TimeOption = None,
    unit: UnitOption = None,
    minimum: MinimumOption = 10,
    share_: Annotated[
        float, typer.Option("--share", parser=share, help="Coefficients a patient at most, unmasked.", metavar="X")
    ] = 1.0 / 3.0,
    least_peers: Annotated[
        int, typer.Option(parser=whole(2), help="Sites that a masked sum is over at least.", metavar="N")
    ] = 3,
    masks_only: Annotated[bool, typer.Option("--masks-only", help="Answer masked sums only.")] = False,
    pledge_file: Annotated[
        Path | None, typer.Option(help="A secret that the sites share and the coordinator does not know.")
    ] = None,
    budget: Annotated[
        Path | None,
        As("here"),
        typer.Option(help="Answer with noise only, of the budget in this file.", metavar="FILE"),
    ] = None,
    total: Annotated[
        float, typer.Option("--budget-total", parser=epsilon, help="Sum of all epsilons, set once.", metavar="X")
    ] = 1.0,
    host: Annotated[str, typer.Option(help="Address to answer at.", metavar="HOST")] = "127.0.0.1",
    token_file: TokenOption = None,
    cert: Annotated[Path | None, typer.Option(help="The site's certificate, as PEM.", metavar="FILE")] = None,
    key: Annotated[Path | None, typer.Option(help="The certificate's key, as PEM.", metavar="FILE")] = None,
) -> None:
    """Answer a coordinator with sums over this site's patients, until interrupted.

    Only patients with all of the columns that are offered (--outcome, --time, --feature; by default all) are used.
    Where fewer than half are complete, and no column is named, only columns without a gap are offered.

    Example: panakeia federated site --data patients.csv --port 8101 --outcome dead --feature age,sex
    """
    from kg.patients.journal import key as budget_key
    from twin.prognosis.federated.access import pledge, site_token
    from twin.prognosis.federated.guard import Rules
    from twin.prognosis.federated.masks import Keys
    from twin.prognosis.federated.rows import no_rows
    from twin.prognosis.federated.site import Site, Spending
    from twin.prognosis.federated.transports.served import Served

    if (port is None) == (folder is None):
        raise ValueError("a site answers at a port or through a folder: give --port N or --folder DIR, one of them")
    like = Site(
        no_rows(),
        Rules(minimum, share_, least_peers, masks_only),
        None if budget is None else Spending(budget, total, budget_key()),
        Keys.new(pledge(pledge_file)),
        outcome,
        time,
    )
    where = folder if port is None else Served(port, host, site_token(token_file), cert, key)
    offered = [name for name in (outcome, time) if name is not None] + _listed(feature)
    try:
        Session().federated_site(data, where or "", columns=offered, units=pairs(unit, "--unit"), like=like, ready=_say)
    except KeyboardInterrupt:
        raise typer.Exit(0) from None


@verb(app, "federated fit", right="patients", long=True, here="it reads files and asks machines that its user names")
def federated_fit(
    session: Session,
    sites: Annotated[
        list[str],
        typer.Option(help="URLs, folders, or CSV files to rehearse with; repeatable, or with commas.", metavar="SITE"),
    ],
    model: Annotated[Literal["logistic", "cox", "linear"], typer.Option(help="What is fitted.")],
    outcome: Annotated[
        str | None, typer.Option(help="Column of the outcome; by itself the one that the sites offer.", metavar="COL")
    ] = None,
    feature: Annotated[
        list[str] | None,
        typer.Option(
            "--feature",
            "--features",
            help="Column of a feature, by itself all that the sites offer; repeatable, or with commas.",
            metavar="COL",
        ),
    ] = None,
    time: TimeOption = None,
    event: Annotated[str | None, typer.Option(help="The outcome's level that is the event.", metavar="LEVEL")] = None,
    unit: UnitOption = None,
    minimum: MinimumOption = 10,
    least_sites: Annotated[int, typer.Option(parser=whole(1), help="Sites to the end at least.", metavar="N")] = 2,
    seconds: Annotated[float, typer.Option(parser=decimal, help="Time for each answer.", metavar="S")] = 30.0,
    masks: Annotated[
        bool | None, typer.Option("--masks/--no-masks", help="Sums masked. Default: with three sites or more.")
    ] = None,
    ridge: Annotated[float, typer.Option(parser=decimal, help="Penalty on scaled coefficients.", metavar="X")] = 0.0,
    spend: Annotated[
        float | None, typer.Option("--epsilon", parser=epsilon, help="Noise, at this cost at each site.", metavar="X")
    ] = None,
    scale: Annotated[
        list[str] | None,
        typer.Option(help="With noise: a number column's centre and spread; repeatable.", metavar="COL=72,12"),
    ] = None,
    leave_one_out: Annotated[
        bool, typer.Option("--leave-one-out", help="Measure at each site the model of the others.")
    ] = False,
    token_file: TokenOption = None,
    ca: Annotated[
        Path | None, typer.Option(help="Certificates to check sites' own by, as PEM.", metavar="FILE")
    ] = None,
) -> Answer:
    """Fit a model over sites from their sums, as if all patients were in one place.

    Columns that are not named are those that the sites offer: each says which is its outcome (--outcome, or a column
    `outcome`) and, for Cox's model, the time; the features are the other columns that all offer.

    Example: panakeia federated fit --sites a.csv,b.csv,c.csv --model logistic --outcome dead --feature age,sex --json
    """
    from twin.prognosis.federated.access import Access
    from twin.prognosis.federated.fit import FitSettings

    given = {
        "outcome": outcome,
        "time": time,
        "event": event,
        "features": _listed(feature),
        "units": pairs(unit, "--unit"),
    }
    stated = {"model": model} | {key: value for key, value in given.items() if value}
    settings = FitSettings(
        minimum=minimum,
        least_sites=least_sites,
        seconds=seconds,
        masked=masks,
        ridge=ridge,
        epsilon=spend,
        scales={name: _scale(name, text) for name, text in pairs(scale, "--scale").items()},
    )
    access = Access.of(token_file, ca)
    return session.federated_fit(_listed(sites), stated, settings=settings, access=access, leave_one_out=leave_one_out)


@verb(app, "federated patients", right="write", long=True, here="it opens stores that its user names")
def federated_patients(
    session: Session,
    stores: Annotated[list[str], typer.Option(help="The sites' stores; repeatable, or with commas.", metavar="STORE")],
    out: Annotated[Path, typer.Option(help="Folder for the trained model.", metavar="DIR")],
    minimum: MinimumOption = 10,
    seed: Annotated[int | None, typer.Option(parser=whole(0), help="Seed of all random streams.", metavar="N")] = None,
    config: Annotated[Path | None, typer.Option(help="Training settings (TOML).", metavar="FILE.toml")] = None,
) -> Answer:
    """Train which drugs are for which patients over several stores, from their sums, and write the model.

    Example: panakeia federated patients --stores a.lbdb,b.lbdb --out out/model-benefits
    """
    return session.federated_patients(_listed(stores), out, minimum=minimum, seed=seed, config=config)


def _say(text: str) -> None:
    typer.echo(text)


def _listed(given: list[str] | None) -> list[str]:
    return [name for text in given or () for part in text.split(",") if (name := part.strip())]


def _scale(name: str, text: str) -> tuple[float, float]:
    found = [number(part.strip()) for part in text.split(",")]
    if len(found) != 2 or found[0] is None or found[1] is None:
        raise typer.BadParameter(f"--scale {name}: got {text!r}, expected its centre and spread, as in {name}=72,12")
    return found[0], found[1]
