"""Embedding: TransE, DistMult, ComplEx and RotatE of PyTorch Geometric, trained until they stop improving."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import normalize

from gnn.baselines.stopping import Budget, By, Limits, Link, Rows, filtered_mrr, log_joint, until_best, until_it_stops
from gnn.pyg import ComplEx, DistMult, KGEModel, RotatE, TransE
from gnn.view import View

METHODS: Mapping[str, Callable[[int, int, int], KGEModel]] = {
    "transe": lambda nodes, relations, dim: TransE(nodes, relations, dim, p_norm=2.0, sparse=True),
    "distmult": lambda nodes, relations, dim: DistMult(nodes, relations, dim, sparse=True),
    "complex": lambda nodes, relations, dim: ComplEx(nodes, relations, dim, sparse=True),
    "rotate": lambda nodes, relations, dim: RotatE(nodes, relations, dim, margin=0.0, sparse=True),
}


@dataclass(frozen=True)
class EmbeddingConfig:
    """How a knowledge graph embedding is trained.

    A batch has one relation, one way. A softmax tells each tail from `negatives` random nodes of its kind, in the
    predicted relation from all of them; other true tails of that one are no rivals. `per_relation` is how many triples
    of another relation an epoch has at most, `penalty` weighs the nuclear 3-norm (Lacroix et al. 2018,
    arXiv:1806.07297), `scale` turns a score into a logit. Relations that touch neither kind of the link are left out
    unless `all_relations`. `device` is where it is learned; what is drawn is drawn on the processor, the same anywhere.
    """

    dim: int = 128
    negatives: int = 256
    batch: int = 2048
    per_relation: int = 20_000
    learning_rate: float = 0.1
    scale: float = 1.0
    penalty: float = 0.0
    all_relations: bool = False
    share: float = 0.2
    by: By = "pair"
    limits: Limits = field(default_factory=Limits)
    seed: int = 0
    device: str = "cpu"


CONFIGS: Mapping[str, EmbeddingConfig] = {
    "transe": EmbeddingConfig(scale=10.0),
    "distmult": EmbeddingConfig(penalty=0.1),
    "complex": EmbeddingConfig(penalty=0.1, dim=64),
    "rotate": EmbeddingConfig(scale=10.0),
}
"""Chosen on inner folds of training pairs."""


@dataclass(frozen=True)
class Triples:
    """The edges of a view that are learned from, each relation one way and the other.

    Relation 2 i is the i-th edge type, 2 i + 1 its reverse; a node is its row behind the nodes of the kinds before.
    """

    link: Link
    heads: tuple[Tensor, ...]
    tails: tuple[Tensor, ...]
    spans: tuple[tuple[int, int], ...]
    target: int
    subjects: tuple[int, int]
    objects: tuple[int, int]
    known: Tensor

    @property
    def nodes(self) -> int:
        """The number of nodes of every kind."""
        return max(last for _, last in (*self.spans, self.subjects, self.objects))


def triples(view: View, link: Link, all_relations: bool, device: str = "cpu") -> Triples:
    """Return the triples of a view, on a device: of all its relations, or of those that touch a kind of the link."""
    sizes = [view.count(kind) for kind in view.curies]
    spans = {
        kind: (first, first + size)
        for kind, size, first in zip(view.curies, sizes, np.cumsum([0, *sizes])[:-1].tolist(), strict=True)
    }
    near = {link.subject, link.object}
    types = [ends for ends in view.data.edge_types if all_relations or near & {ends[0], ends[2]}]
    heads, tails, where = [], [], []
    for subject, relation, target in types:
        left, right = view.data[subject, relation, target].edge_index.to(device)
        left, right = left + spans[subject][0], right + spans[target][0]
        heads += [left, right]
        tails += [right, left]
        where += [spans[target], spans[subject]]
    known = torch.from_numpy(view.pairs(link.relation)).to(device)
    target = [relation for _, relation, _ in types].index(link.relation)
    ends = spans[link.subject], spans[link.object]
    return Triples(link, tuple(heads), tuple(tails), tuple(where), target, *ends, known)


@dataclass(frozen=True)
class Embedding:
    """A trained embedding: scores every object for some subjects. `budget` is what the training took."""

    triples: Triples
    model: KGEModel
    scale: float
    budget: Budget

    def __call__(self, subjects: Rows) -> NDArray[np.float32]:
        """Return the logarithm of a pair's estimated share of all pairs, up to a constant.

        The mean of log p(object | subject) + log p(subject), and the same the other way round: p by a softmax over all
        nodes of the kind, by degrees for the given end.

        Shapes: [subject] -> [subject, object].
        """
        return joint(self.model, self.triples, self.scale, subjects)


def embed(view: View, link: Link, method: str, config: EmbeddingConfig) -> Embedding:
    """Train an embedding on a view from which the held-out pairs are gone already.

    The number of epochs is found on an inner fold of the training pairs, by their filtered MRR; then all training pairs
    are learned for as many.
    """

    def fit(seen: View, config: EmbeddingConfig, hidden: NDArray[np.int64] | None) -> Embedding:
        return _fit(triples(seen, link, config.all_relations, config.device), method, config, hidden)

    return until_best(view, link, config, fit)


def _fit(edges: Triples, method: str, config: EmbeddingConfig, hidden: NDArray[np.int64] | None) -> Embedding:
    generator = torch.Generator().manual_seed(config.seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)  # the classes draw their first weights from the global stream
        model = METHODS[method](edges.nodes, len(edges.heads), config.dim).to(config.device)
    optimizer = torch.optim.Adagrad(model.parameters(), lr=config.learning_rate)
    known = np.stack(np.nonzero(edges.known.cpu().numpy()))

    def epoch() -> None:
        for relation, rows in _batches(edges, config, generator):
            optimizer.zero_grad()
            loss(model, edges, relation, rows, config, generator).backward()
            optimizer.step()

    def figure() -> float:
        if hidden is None:
            return 0.0
        return filtered_mrr(lambda subjects: joint(model, edges, config.scale, subjects), known, hidden)

    limits = config.limits if hidden is not None else replace(config.limits, every=config.limits.epochs)
    return Embedding(edges, model, config.scale, until_it_stops(model, epoch, figure, limits))


def _batches(edges: Triples, config: EmbeddingConfig, generator: torch.Generator) -> Iterator[tuple[int, Tensor]]:
    """Yield an epoch's batches, a relation and some of its triples each, in random order."""
    found = []
    for relation, heads in enumerate(edges.heads):
        order = torch.randperm(len(heads), generator=generator).to(heads.device)
        if relation // 2 == edges.target:
            found += [(relation, rows) for rows in order.split(min(config.batch // 4, max(64, len(order) // 4)))]
        else:
            found += [(relation, rows) for rows in order[: config.per_relation].split(config.batch)]
    for place in torch.randperm(len(found), generator=generator).tolist():
        yield found[place]


def loss(
    model: KGEModel, edges: Triples, relation: int, rows: Tensor, config: EmbeddingConfig, generator: torch.Generator
) -> Tensor:
    """Return the mean cross entropy of a batch's tails among their rivals, with its penalty."""
    heads, tails = edges.heads[relation][rows], edges.tails[relation][rows]
    first, last = edges.spans[relation]
    asked, answer = queries(model, heads, relation), answers(model, tails)
    own = config.scale * alike(model, asked[:, None], answer[:, None]).flatten()
    if relation // 2 == edges.target:
        true = edges.known if relation % 2 == 0 else edges.known.T
        rivals = config.scale * alike(model, asked, answers(model, torch.arange(first, last, device=rows.device)))
        rivals = rivals.masked_fill(true[heads - (edges.subjects if relation % 2 == 0 else edges.objects)[0]], -1e9)
    else:
        drawn = torch.randint(first, last, (min(config.negatives, last - first),), generator=generator).to(rows.device)
        rivals = config.scale * alike(model, asked, answers(model, drawn)) + float(np.log((last - first) / len(drawn)))
        rivals = rivals.masked_fill(drawn == tails[:, None], -1e9)
    found = (torch.logaddexp(rivals.logsumexp(1), own) - own).mean()
    if config.penalty:
        found = found + config.penalty * (_size(model, answers(model, heads)) + _size(model, answer))
    return found


def queries(model: KGEModel, heads: Tensor, relation: int) -> Tensor:
    """Return where tails of these heads should be. Shapes: [head] -> [head, part]."""
    index = torch.tensor([relation], device=heads.device)
    real, turn = model.node_emb(heads), model.rel_emb(index)
    if isinstance(model, DistMult):
        return real * turn
    if isinstance(model, TransE):
        return normalize(real, dim=-1) + turn
    imaginary = model.node_emb_im(heads)
    across, along = (turn, model.rel_emb_im(index)) if isinstance(model, ComplEx) else (turn.cos(), turn.sin())
    return torch.cat([real * across - imaginary * along, real * along + imaginary * across], -1)


def answers(model: KGEModel, tails: Tensor) -> Tensor:
    """Return where these tails are. Shapes: [tail] -> [tail, part]."""
    if isinstance(model, DistMult):
        return model.node_emb(tails)
    if isinstance(model, TransE):
        return normalize(model.node_emb(tails), dim=-1)
    return torch.cat([model.node_emb(tails), model.node_emb_im(tails)], -1)


def alike(model: KGEModel, asked: Tensor, found: Tensor) -> Tensor:
    """Return the model's own scores, by one matrix product: what its `forward` gives for each head and tail.

    Shapes: asked [..., head, part], found [..., tail, part] -> [..., head, tail].
    """
    product = asked @ found.transpose(-1, -2)
    if isinstance(model, (DistMult, ComplEx)):
        return product
    squares = asked.square().sum(-1)[..., None] + found.square().sum(-1)[..., None, :]
    return -(squares - 2 * product).clamp(min=1e-8).sqrt()


def _size(model: KGEModel, parts: Tensor) -> Tensor:
    """Return the mean nuclear 3-norm, of complex numbers by their moduli."""
    if isinstance(model, DistMult):
        return parts.abs().pow(3).sum(-1).mean()
    real, imaginary = parts.chunk(2, -1)
    return (real.square() + imaginary.square() + 1e-12).pow(1.5).sum(-1).mean()


@torch.no_grad()
def joint(model: KGEModel, edges: Triples, scale: float, subjects: Rows) -> NDArray[np.float32]:
    """Score all objects for some subjects, as `Embedding` says. Shapes: [subject] -> [subject, object]."""
    device = edges.known.device
    everyone, things = (torch.arange(*ends, device=device) for ends in (edges.subjects, edges.objects))
    rows = torch.from_numpy(subjects).to(device)
    there = scale * alike(model, queries(model, everyone[rows], 2 * edges.target), answers(model, things))
    asked, found = queries(model, things, 2 * edges.target + 1), answers(model, everyone)
    size = torch.cat([(scale * alike(model, part, found)).logsumexp(1) for part in asked.split(1024)])
    return log_joint(there, scale * alike(model, found[rows], asked), size, rows, edges.known)
