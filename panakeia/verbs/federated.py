"""The verbs of federations: be a site that answers sums, and fit a model over sites whose rows stay there."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

from panakeia.answer import Table
from panakeia.verbs.held import Held, names

if TYPE_CHECKING:
    import pandas as pd

    from twin.prognosis.federated.access import Access
    from twin.prognosis.federated.fit import FitSettings
    from twin.prognosis.federated.leave import LeftOut
    from twin.prognosis.federated.result import FederatedFit
    from twin.prognosis.federated.rounds import Link
    from twin.prognosis.federated.site import Site
    from twin.prognosis.federated.transports.served import Served
    from twin.prognosis.federated.wire import Question


class FederatedVerbs(Held):
    """Fit models over sites."""

    def federated_site(
        self,
        data: "str | Path | pd.DataFrame",
        where: "Served | str | Path",
        *,
        columns: str | Sequence[str] = (),
        units: Mapping[str, str] | None = None,
        like: "Site | None" = None,
        ready: Callable[[str], None] = print,
    ) -> None:
        """Answer a coordinator from a table's rows until interrupted, over HTTP or through a folder.

        `columns` are those that the site offers, by default all, or those without a gap where fewer than
        half of the rows are complete; rows that lack one are never used. `like` is a site
        whose rules, budget and keys hold. `ready` is told what is served, where, once it can be asked.
        """
        from dataclasses import replace

        import pandas as pd

        from twin.prognosis.federated.guard import check_rows
        from twin.prognosis.federated.rows import read_rows, rows_of
        from twin.prognosis.federated.site import Site
        from twin.prognosis.federated.transports.folder import serve_folder
        from twin.prognosis.federated.transports.served import Served, serve

        offered = tuple(names(columns))
        if isinstance(data, pd.DataFrame):
            rows = rows_of(data, offered, units=units)
        else:
            rows = read_rows(data, offered, units)
        site = Site(rows) if like is None else replace(like, rows=rows)
        check_rows(len(rows.table), site.rules)
        told = f"{len(rows.table)} patients, {rows.left_out} left out as incomplete, minimum {site.rules.minimum}"
        if rows.gaps:
            told += f"; columns with gaps are offered only if named: {', '.join(rows.gaps)}"
        if isinstance(where, Served):
            serve(site, where, lambda url: ready(f"{url} answers: {told}"))
            return
        if not Path(where).is_dir():
            raise ValueError(f"{where} is no folder; expected one that the coordinator reads and writes too")
        ready(f"{where} answers: {told}")
        serve_folder(site, Path(where), lambda: False)

    @overload
    def federated_fit(
        self,
        sites: "str | Sequence[str] | Sequence[Link]",
        question: "Question | Mapping[str, Any]",
        *,
        settings: "FitSettings | None" = None,
        access: "Access | None" = None,
        leave_one_out: Literal[False] = False,
    ) -> "FederatedFit": ...

    @overload
    def federated_fit(
        self,
        sites: "str | Sequence[str] | Sequence[Link]",
        question: "Question | Mapping[str, Any]",
        *,
        settings: "FitSettings | None" = None,
        access: "Access | None" = None,
        leave_one_out: bool,
    ) -> "FederatedFit | LeftOut": ...

    def federated_fit(
        self,
        sites: "str | Sequence[str] | Sequence[Link]",
        question: "Question | Mapping[str, Any]",
        *,
        settings: "FitSettings | None" = None,
        access: "Access | None" = None,
        leave_one_out: bool = False,
    ) -> "FederatedFit | LeftOut":
        """Fit a model over sites from their sums: the fit of all rows together, which nobody ever holds.

        A site is a URL, a folder, or a CSV file, whose site is then played here, to rehearse. A mapping of some
        of a question's keys, the model at least, is completed by what the sites offer. Who cannot be asked, or
        answers what cannot be, is refused by name, and the rounds go on with the others. `leave_one_out` says instead
        how well a model fitted on the other sites foretells each site's outcomes; each measures it itself.
        """
        from twin.prognosis.federated.fit import FitSettings, fit
        from twin.prognosis.federated.leave import leave_one_out as each_left_out
        from twin.prognosis.federated.offers import offered_question, stated_question
        from twin.prognosis.federated.wire import Question

        whole = question if isinstance(question, Question) else stated_question(question)
        links = _links(sites, whole, settings, access)
        with self._telling() as progress:
            question = whole or offered_question(links, dict(question), (settings or FitSettings()).seconds)
            return (each_left_out if leave_one_out else fit)(links, question, settings, progress)

    def federated_patients(
        self,
        stores: str | Sequence[str],
        out: str | Path,
        *,
        minimum: int = 10,
        seed: int | None = None,
        config: "str | Path | None" = None,
    ) -> Table:
        """Train the network's patient part over the patients of several stores, from sums; write the model to `out`.

        Each store is a site, played here: it tells sums, and names of what at least `minimum` of its patients have. A
        site of fewer patients, or of other public knowledge, is refused by name.
        """
        import pandas as pd

        from gnn import checkpoint
        from gnn.ask import save, write_card
        from gnn.config import load_config
        from kg.output import require_folder
        from kg.stores.opening import open_store
        from panakeia.federated_patients import fit_patients
        from panakeia.verbs.held import check_output

        places = names(stores)
        if len(set(places)) != len(places):
            raise ValueError("a store is named twice: expected each site once")
        settings = load_config(config, task="benefits", seed=seed)
        require_folder(out)
        check_output(checkpoint.model_file(out), config, *places)
        graphs = {}
        with self._telling() as progress:
            for place in places:
                with open_store(place) as store:
                    graphs[place] = store.read()
            found = fit_patients(graphs, settings, minimum=minimum, progress=progress)
        save(found.model, out)
        write_card(found.model, out)
        content = found.model.summary() | {
            "sites": list(found.sites),
            "refused": dict(found.refused),
            "messages": sum(found.messages.values()),
            "bytes_of_a_site": sum(found.sent.values()),
        }
        rows = pd.DataFrame([(name, str(value)) for name, value in content.items()], columns=["name", "value"])
        notes = tuple(f"refused: {name}: {why}" for name, why in found.refused.items())
        return Table(f"model of {len(found.sites)} sites written to {out}", rows, notes, content=content)


def _links(
    sites: "str | Sequence[str] | Sequence[Link]",
    question: "Question | None",
    settings: "FitSettings | None",
    access: "Access | None",
) -> "list[Link]":
    from twin.prognosis.federated.access import Access
    from twin.prognosis.federated.fit import FitSettings
    from twin.prognosis.federated.guard import Rules

    rules = Rules(minimum=(settings or FitSettings()).minimum)
    access = access or Access.of()
    if isinstance(sites, str):
        return [access.link(sites, question, rules)]
    return [access.link(one, question, rules) if isinstance(one, str) else one for one in sites]
