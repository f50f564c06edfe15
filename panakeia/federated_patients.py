"""Federated patients: the network's patient part trained over sites, in step, from their sums and names alone.

Each site runs the same training (`gnn.patients.train`) on its own patients; whatever that needs of all patients goes
through an `Exchange`, which adds up what the sites send and gives every site the sum. Bonawitz K et al. Practical
secure aggregation. CCS 2017 calls this a sum over users; here it is over sites, and not masked.
"""

import hashlib
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from gnn.shared import Shared
from kg.progress import Progress, silent
from kg.schema import PERSON, RELATIONS
from twin.prognosis.federated.guard import Rules, check_rows
from twin.prognosis.federated.refusal import FederatedError, SiteRefused, SiteRefuses, TooFewSites

if TYPE_CHECKING:
    from gnn.config import TrainConfig
    from gnn.patients.model import PatientModel
    from kg.graph import Graph

LEAST_SITES = 2
_UNLIKE = "the drugs, diseases or public edges are not those of {}: build from the same sources"
Found = TypeVar("Found")


@dataclass(frozen=True)
class OverSites:
    """A model fitted over sites, which took part, who was refused and why, and what each site sent.

    `sent` is how many bytes a site sent of each kind of message, by its label, and `messages` how many of each.
    """

    model: "PatientModel"
    sites: tuple[str, ...]
    refused: Mapping[str, str]
    sent: Mapping[str, int]
    messages: Mapping[str, int]


@dataclass(frozen=True)
class Exchange:
    """Where sites that train in step meet: `sites` are their names, each of which sends and gets the same sums.

    `sent` counts the bytes that a site sends, by label, and `messages` how often each label was sent.
    """

    sites: tuple[str, ...]
    sent: Counter[str] = field(default_factory=Counter)
    messages: Counter[str] = field(default_factory=Counter)
    _here: dict[int, Any] = field(default_factory=dict)
    _barrier: threading.Barrier = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_barrier", threading.Barrier(len(self.sites)))

    def all_of(self, site: int, label: str, told: Any) -> list[Any]:
        """Return what all sites tell at this step, in their order; raises `SiteRefused` where one is out of step."""
        self._here[site] = (label, told)
        self._barrier.wait()
        found = [self._here[place] for place in range(len(self.sites))]
        self._barrier.wait()
        for name, (other, _) in zip(self.sites, found, strict=True):
            if other != found[0][0]:
                raise SiteRefused(f"site {name} is at {other!r}, expected {found[0][0]!r}: its version differs")
        if site == 0:
            self.messages[label] += 1
        return [one for _, one in found]

    def stop(self) -> None:
        """Let nobody wait for a site that failed."""
        self._barrier.abort()


@dataclass(frozen=True)
class OfSite(Shared):
    """A site's end of an exchange."""

    site: int = 0
    exchange: Exchange = field(default_factory=lambda: Exchange(("",)))

    @property
    def alone(self) -> bool:
        """Say that other sites hold rows too."""
        return False

    def secret(self, random: np.random.Generator) -> np.random.Generator:
        """Return a stream of the system's own randomness."""
        return np.random.default_rng()

    def total(self, label: str, *sums: Any) -> list[NDArray[np.float64]]:
        """Return the sums over all sites; raises `SiteRefused` for one that sends another shape, or no number."""
        mine = [np.asarray(one, np.float64) for one in sums]
        if self.site == 0:
            self.exchange.sent[label] += sum(one.nbytes for one in mine)
        every = self.exchange.all_of(self.site, label, mine)
        for name, told in zip(self.exchange.sites, every, strict=True):
            if [one.shape for one in told] != [one.shape for one in every[0]]:
                raise SiteRefused(f"site {name} sends {label!r} in another shape than the others")
            if not all(np.isfinite(one).all() for one in told):
                raise SiteRefused(f"site {name} sends {label!r} with what is no number")
        return [np.asarray(sum(parts[1:], parts[0].copy())) for parts in zip(*every, strict=True)]

    def names(self, label: str, names: Iterable[str]) -> tuple[str, ...]:
        """Return the names that any site has, sorted."""
        mine = sorted(set(names))
        if self.site == 0:
            self.exchange.sent[label] += sum(len(name.encode()) for name in mine)
        return tuple(sorted(set().union(*self.exchange.all_of(self.site, label, mine))))


def fit_patients(
    sites: "Mapping[str, Graph]", config: "TrainConfig", *, minimum: int = 10, progress: Progress = silent
) -> OverSites:
    """Train over sites, by name, each with the graph of its patients: as if all patients were in one.

    A site with fewer patients than the minimum in each fold, or with other public knowledge than most, is refused by
    name. What fewer of a site's patients have than the minimum is left out there. Raises `TooFewSites` where fewer than
    two are left, `FederatedError` where sites differ with no majority or one fails on the way, and what
    `gnn.patients.train.train` raises.
    """
    from gnn.patients.train import learn, study

    refused = _too_few(sites, minimum)
    refused |= _other_knowledge({name: graph for name, graph in sites.items() if name not in refused}, config)
    kept = tuple(name for name in sites if name not in refused)
    if len(kept) < LEAST_SITES:
        why = "; ".join(f"{name}: {reason}" for name, reason in refused.items())
        raise TooFewSites(f"{len(kept)} sites are left, expected {LEAST_SITES} or more ({why})")

    def trained(place: int, shared: Shared) -> "PatientModel":
        tell = silent if place else progress
        return learn(study(sites[kept[place]], config, shared=shared), config, tell)

    exchange = Exchange(kept)
    models = in_step(exchange, trained, minimum)
    return OverSites(models[0], kept, refused, dict(exchange.sent), dict(exchange.messages))


def in_step(exchange: Exchange, job: Callable[[int, Shared], Found], minimum: int = 1) -> list[Found]:
    """Do a job at all sites at once, each given its place and its end of the exchange; return what each found.

    Raises what a site raises, first of all that it refuses or is refused; `FederatedError` for another failure.
    """

    def at_site(place: int) -> Found:
        try:
            return job(place, OfSite(minimum, place, exchange))
        except BaseException:
            exchange.stop()
            raise

    with ThreadPoolExecutor(len(exchange.sites)) as pool:
        running = [pool.submit(at_site, place) for place in range(len(exchange.sites))]
    for name, one in zip(exchange.sites, running, strict=True):
        failure = one.exception()
        if isinstance(failure, ValueError):
            raise failure
        if failure is not None and not isinstance(failure, threading.BrokenBarrierError):
            raise FederatedError(f"site {name} failed: {type(failure).__name__}") from failure
    return [one.result() for one in running]


def _too_few(sites: "Mapping[str, Graph]", minimum: int) -> dict[str, str]:
    """Return which sites' folds would have fewer patients than the minimum: a fold is told by sums with and without."""
    from gnn.patients.events import read_events
    from gnn.patients.hear import FOLDS

    refused = {}
    for name, graph in sites.items():
        try:
            check_rows(len(read_events(graph).people) // FOLDS if minimum > 1 else minimum, Rules(minimum))
        except SiteRefuses as why:
            refused[name] = f"in each of {FOLDS} folds {why}"
    return refused


def _other_knowledge(sites: "Mapping[str, Graph]", config: "TrainConfig") -> dict[str, str]:
    """Return which sites have another public part than most: models of unlike drugs cannot be added up."""
    from gnn.patients.train import public_part

    found = {name: _digest(public_part(graph, config)) for name, graph in sites.items()}
    ranked = Counter(found.values()).most_common(2)
    if len(ranked) == 2 and ranked[0][1] == ranked[1][1]:
        sides = [", ".join(name for name, one in found.items() if one == side) for side, _ in ranked]
        raise FederatedError(f"{_UNLIKE.format('each other')}, with no majority: {sides[0]} against {sides[1]}")
    return {name: _UNLIKE.format("most sites") for name, one in found.items() if one != ranked[0][0]}


def _digest(public: "Graph") -> str:
    """Return what drugs, diseases and edges between what is no patient are, whatever their order."""
    from pandas.util import hash_array

    theirs = {name for name, ends in RELATIONS.items() if PERSON in (ends.subject, ends.object)}
    found = hashlib.sha256()
    for kind in ("Drug", "Disease"):
        if kind in public.nodes:
            found.update("\n".join(sorted(public.nodes[kind]["id"].to_pylist())).encode())
    for name in sorted(public.edges.keys() - theirs):
        ends = [public.edges[name][end].to_numpy(zero_copy_only=False) for end in ("subject", "object")]
        subject, object_ = (hash_array(one.astype(object)) for one in ends)
        found.update(f"{name} {len(subject)} {int((subject * np.uint64(3) + object_).sum())}".encode())
    return found.hexdigest()
