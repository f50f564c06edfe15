"""Rounds: every site is asked the same at the same time; who does not answer well is refused by name, and left out.

A masked round that a site fails is asked anew of those who are left, since only all answers together say anything.
"""

import secrets
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Protocol, TypeVar

import numpy as np

from twin.model import Floats
from twin.prognosis.federated.masks import unmasked
from twin.prognosis.federated.refusal import FederatedError, SiteRefused, TooFewSites
from twin.prognosis.federated.wire import Ask, Content, Question, Sums, digest, read_answer, written

_AT_ONCE = 32
"""Sites that are asked at once."""

Read = TypeVar("Read")
Check = Callable[[tuple[str, ...], Floats], None]
"""Raises `ValueError` for sums that cannot be those of these sites."""


class Link(Protocol):
    """A way to a site."""

    @property
    def name(self) -> str:
        """Return what the site is called."""
        ...

    def ask(self, message: bytes, seconds: float) -> bytes:
        """Return its answer; raises `SiteRefused` where there is none in this time."""
        ...


@dataclass(frozen=True)
class Round:
    """What was asked, by whom it was answered, who was refused and why, and the bytes of all messages."""

    number: int
    ask: str
    attempt: int
    masked: bool
    sites: tuple[str, ...]
    refused: Mapping[str, str]
    sent_bytes: int
    received_bytes: int

    def to_json(self) -> dict[str, Any]:
        """Return the round as JSON values."""
        return {**asdict(self), "sites": list(self.sites), "refused": dict(self.refused)}


@dataclass(frozen=True)
class Talk:
    """Who is still asked, what of, and what came of it so far; once it is masked, `masks` holds sites' public keys."""

    links: tuple[Link, ...]
    question: Question
    least_sites: int = 2
    seconds: float = 30.0
    study: str = field(default_factory=lambda: secrets.token_hex(16))
    rounds: tuple[Round, ...] = ()
    masks: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """Return who is still asked."""
        return tuple(link.name for link in self.links)

    def without(self, refused: Mapping[str, str]) -> "Talk":
        """Return it without some sites, which count as refused in the last round; raises `TooFewSites`."""
        last = self.rounds[-1]
        took_part = tuple(name for name in last.sites if name not in refused)
        last = replace(last, sites=took_part, refused={**last.refused, **refused})
        links = tuple(link for link in self.links if link.name not in refused)
        talk = replace(self, links=links, rounds=(*self.rounds[:-1], last))
        if len(links) < self.least_sites:
            told = "; ".join(f"{name}: {reason}" for one in talk.rounds for name, reason in one.refused.items())
            raise TooFewSites(
                f"{len(links)} sites are left, expected {self.least_sites} or more; refused: {told or 'none'}"
            )
        return talk


def ask_each(talk: Talk, ask: Ask, read: Callable[[str, Content], Read]) -> tuple[Talk, dict[str, Read]]:
    """Ask every site, and return what was read of the answers of those who answered well.

    `read` raises `SiteRefused` for an answer of no use. Raises `TooFewSites`.
    """
    message = written(ask)
    to = digest(message)

    def one(link: Link) -> tuple[Read | SiteRefused, int]:
        try:
            answer = link.ask(message, talk.seconds)
        except SiteRefused as failure:
            return failure, 0
        try:
            return read(link.name, read_answer(answer, to)), len(answer)
        except SiteRefused as failure:
            return failure, len(answer)

    with ThreadPoolExecutor(max_workers=min(_AT_ONCE, max(len(talk.links), 1))) as pool:
        came = dict(zip(talk.names, pool.map(one, talk.links), strict=True))
    refused = {name: str(found) for name, (found, _) in came.items() if isinstance(found, SiteRefused)}
    good = {name: found for name, (found, _) in came.items() if not isinstance(found, SiteRefused)}
    sizes = len(message) * len(came), sum(size for _, size in came.values())
    done = Round(ask.round, ask.ask, ask.attempt, ask.peers is not None, talk.names, {}, *sizes)
    return replace(talk, rounds=(*talk.rounds, done)).without(refused), good


def next_ask(talk: Talk, what: Any, **more: Any) -> Ask:
    """Return the next round's ask."""
    number = talk.rounds[-1].number + 1 if talk.rounds else 1
    return Ask(study=talk.study, round=number, ask=what, question=talk.question, **more)


def ask_sum(talk: Talk, ask: Ask, size: int, check: Check) -> tuple[Talk, Floats]:
    """Ask every site for so many sums, and return their sum over the sites that the talk goes on with.

    Raises `TooFewSites`, and `FederatedError` where masked sums cannot be.
    """
    if not talk.masks:
        talk, sums = ask_each(talk, ask, lambda name, content: _checked(name, content, size, check))
        return talk, np.sum([*sums.values()], axis=0)
    while True:
        peers = tuple(sorted(talk.masks[name] for name in talk.names))
        asked = talk.names
        talk, words = ask_each(talk, ask.model_copy(update={"peers": peers}), lambda _, content: _words(content, size))
        if talk.names == asked:
            break
        ask = ask.model_copy(update={"attempt": ask.attempt + 1})
    try:
        total = unmasked([*words.values()])
        check(talk.names, total)
    except ValueError as failure:
        raise FederatedError(
            f"the masked sums are of no use ({failure}): which site is at fault cannot be seen; ask without masks"
        ) from None
    return talk, total


def _checked(name: str, content: Content, size: int, check: Check) -> Floats:
    values = _sums(content, size).values.numbers()
    try:
        check((name,), values)
    except ValueError as failure:
        raise SiteRefused(str(failure)) from None
    return values


def _words(content: Content, size: int) -> list[int]:
    return _sums(content, size).values.words()


def _sums(content: Content, size: int) -> Sums:
    if not isinstance(content, Sums):
        raise SiteRefused(f"it answers with a {content.kind}, expected sums")
    if content.values.length != size:
        raise SiteRefused(f"it answers with {content.values.length} sums, expected {size}")
    return content
