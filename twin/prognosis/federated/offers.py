"""Offers: the question that sites themselves say they answer, for a coordinator who names no columns.

A site says which column is its outcome, and of times the time; where it does not, a column called `outcome`, or `time`,
is. The features are the columns that all offer, in the first site's order.
"""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from kg.files.checked import check
from twin.prognosis.federated.kind import kind_of
from twin.prognosis.federated.refusal import FederatedError, SiteRefused
from twin.prognosis.federated.rounds import Link
from twin.prognosis.federated.wire import AskOffer, Offer, Question, digest, read_answer, written


def stated_question(stated: Mapping[str, Any]) -> Question | None:
    """Return the question that is stated, None where sites are to complete it.

    Raises `kg.files.checked.DesignError` for what is stated wrongly.
    """
    return check(dict(stated), Question, "the question") if _needed(stated) <= stated.keys() else None


def offered_question(links: Sequence[Link], stated: Mapping[str, Any], seconds: float = 30.0) -> Question:
    """Return a question with the keys that are `stated`, the model at least; sites' offers state the others.

    A site that does not answer is left for the rounds to refuse. Raises `FederatedError` where no site answers, where
    they differ in outcome or time, where none is named, or no column is left for a feature.
    """
    kind_of(str(stated.get("model")))
    offers = _offers(links, seconds)
    keys = sorted(_needed(stated) - {"features"})
    found = {key: stated[key] if key in stated else _agreed(key, offers) for key in keys}
    taken = {*found.values(), "time", *(one.time for one in offers.values())}
    features = tuple(name for name in _shared(offers) if name not in taken)
    if not features and "features" not in stated:
        raise FederatedError("no column beside the outcome is offered by every site: name features with --feature COL")
    return check({"features": features} | found | dict(stated), Question, "the question")


def _needed(stated: Mapping[str, Any]) -> set[str]:
    return {"outcome", "features"} | ({"time"} if stated.get("model") == "cox" else set())


def _offers(links: Sequence[Link], seconds: float) -> dict[str, Offer]:
    offers, refused = {}, {}
    for link in links:
        try:
            offers[link.name] = _asked(link, seconds)
        except SiteRefused as failure:
            refused[link.name] = str(failure)
    if not offers:
        told = "; ".join(f"{site}: {why}" for site, why in refused.items())
        raise FederatedError(f"no site says what it offers: {told or 'none is named'}")
    return offers


def _asked(link: Link, seconds: float) -> Offer:
    message = written(AskOffer(study=secrets.token_hex(16)))
    content = read_answer(link.ask(message, seconds), digest(message))
    if not isinstance(content, Offer):
        raise SiteRefused(f"it answers with a {content.kind}, expected an offer")
    return content


def _agreed(key: str, offers: Mapping[str, Offer]) -> str:
    """Return the column that all sites call their outcome, or time."""
    named = {site: getattr(one, key) or (key if key in one.columns else None) for site, one in offers.items()}
    said = set(named.values())
    if said == {None}:
        raise FederatedError(
            f"no site says which column is its {key}, and none is called {key!r}; they offer"
            f" {', '.join(_shared(offers)) or 'no column that all have'}: give --{key} COL"
        )
    if len(said) > 1:
        told = "; ".join(f"{site}: {name or 'none'}" for site, name in named.items())
        raise FederatedError(f"the sites name different columns as their {key} ({told}): give --{key} COL")
    return str(said.pop())


def _shared(offers: Mapping[str, Offer]) -> list[str]:
    """Return the columns that every site offers."""
    first, *rest = offers.values()
    return [name for name in first.columns if all(name in one.columns for one in rest)]
