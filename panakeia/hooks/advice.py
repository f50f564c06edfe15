"""Advice: what `Session.pgx` says of an ordered drug, as cards: one a source; and what was not tested, never normal."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from kg.pharmacogenomics.calls import GeneResult
from kg.pharmacogenomics.grade import speaks_against, unusual
from kg.pharmacogenomics.recommend import Advice
from panakeia.hooks.cards import Action, Card, Source, Suggestion, markdown, shortened
from panakeia.hooks.orders import Order

TOPIC = ("pharmacogenomics", "Pharmacogenomics")
_NAMES = {"cpic": "CPIC", "dpwg": "DPWG", "pypgx": "CPIC (PyPGx)"}
_PUBMED = "https://pubmed.ncbi.nlm.nih.gov/"


def advice_cards(
    order: Order, drug: str, advice: Sequence[Advice], results: Mapping[str, GeneResult], genes: Sequence[str]
) -> Iterator[Card]:
    """Yield the cards on a drug (by name) of an order: that of each source, or that a gene is not known.

    `genes` are those by which guidelines advise on the drug.
    """
    unknown = [results[gene] for gene in genes if gene in results and not results[gene].called]
    for _, group in groupby(advice, key=lambda one: one.source):
        yield _card(order, drug, list(group), unknown)
    if not advice and genes:
        yield _unknown(order, drug, [results[gene] for gene in genes if gene in results])


def indicator(advice: Sequence[Advice]) -> str:
    """Return how urgent pieces of advice are: critical where an unusual result speaks against the drug."""
    told = [one for one in advice if unusual(one)]
    if any(speaks_against(one.recommendation) for one in told):
        return "critical"
    return "warning" if told else "info"


def _card(order: Order, drug: str, advice: list[Advice], unknown: Sequence[GeneResult]) -> Card:
    urgent = indicator(advice)
    first = next((one for one in advice if unusual(one)), advice[0])
    found = "; ".join(f"{gene} {said}" for gene, said in first.results.items())
    name = _NAMES.get(first.source, first.source)
    alone = len({one.recommendation for one in advice}) == 1
    says = first.recommendation if alone else f"{first.recommendation} ({first.population or 'see the details'})"
    removal = _removal(order, drug) if urgent == "critical" else ()
    return Card(
        summary=shortened(f"{drug}, {found}: {says.removeprefix('- ')}"),
        detail="\n\n".join([*_paragraphs(advice), *_gaps(unknown)]),
        indicator=urgent,
        source=Source(f"{name}: {first.guideline or drug}", TOPIC, _address(first.url)),
        drug=first.drug_id,
        order=order.reference or "",
        suggestions=removal,
        links=tuple(_links(advice)),
    )


def _paragraphs(advice: Sequence[Advice]) -> Iterator[str]:
    for one in advice:
        said = "; ".join(f"{gene} {told}" for gene, told in one.results.items())
        of = [*([one.population] if one.population else []), *([one.strength] if one.strength else [])]
        yield f"**{markdown(said)}**" + (f" ({markdown(', '.join(of))})" if of else "")
        yield markdown(one.recommendation)
        if one.implications:
            yield f"Because: {markdown(one.implications)}"
        if one.only_for:
            yield f"Only if the diplotype is {markdown(' and '.join(one.only_for))}; others are possible."
        if one.in_doubt:
            yield f"In doubt: not excluded, for it was not looked at: {markdown('; '.join(one.in_doubt))}."
    first = advice[0]
    yield f"{markdown(_NAMES.get(first.source, first.source))}, edition {markdown(first.version)}."


def _gaps(unknown: Sequence[GeneResult]) -> Iterator[str]:
    if unknown:
        named = ", ".join(one.gene for one in unknown)
        yield f"Not known: {markdown(named)}. Not tested is not normal."


def _unknown(order: Order, drug: str, results: Sequence[GeneResult]) -> Card:
    """Return the card that says that nothing can be advised, and of which genes nothing is known."""
    named = ", ".join(one.gene for one in results if not one.called)
    silent = [one for one in results if one.called]
    lines = [f"Guidelines on {markdown(drug)} go by {markdown(', '.join(one.gene for one in results))}."]
    if named:
        lines.append(f"No result that is understood is in the record of: {markdown(named)}. Not tested is not normal.")
    for one in silent:
        said = ", ".join(filter(None, (" or ".join(one.diplotypes), one.phenotype)))
        lines.append(f"{markdown(one.gene)} {markdown(said)}: no guideline here has advice for this result.")
    summary = f"{drug}: {named} not known; guidelines go by it, and not tested is not normal"
    if not named:
        summary = f"{drug}: no guideline here has advice for the result of {', '.join(one.gene for one in silent)}"
    source = Source("Panakeia: pharmacogenomics", TOPIC)
    return Card(
        summary, "\n\n".join(lines), "info", source, drug=next(iter(order.drugs), ""), order=order.reference or ""
    )


def _removal(order: Order, drug: str) -> tuple[Suggestion, ...]:
    if order.reference is None:
        return ()
    return (Suggestion(f"Remove the order of {drug}", Action(f"Remove the order of {drug}", deletes=order.reference)),)


def _links(advice: Sequence[Advice]) -> Iterator[tuple[str, str]]:
    seen = set()
    for one in advice:
        for label, url in (
            (one.guideline or "The guideline", _address(one.url)),
            *((paper, f"{_PUBMED}{paper.removeprefix('PMID:')}/") for paper in one.references if "PMID:" in paper),
        ):
            if url and url not in seen:
                seen.add(url)
                yield label, url


def _address(url: str | None) -> str | None:
    return url if url and url.startswith(("https://", "http://")) else None
