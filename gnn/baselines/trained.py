"""Trained: every baseline that is trained until it stops improving, by name."""

from dataclasses import replace

from gnn.baselines import embedding, relational
from gnn.baselines.embedding import Embedding, embed
from gnn.baselines.relational import Relational, encode
from gnn.baselines.stopping import By, Limits, Link
from gnn.view import View

NAMES = (*embedding.METHODS, *relational.CONFIGS)
"""TransE, DistMult, ComplEx, RotatE, R-GCN and HGT."""

LIMITS = Limits(epochs=300, patience=8, every=2, seconds=3600.0)

MANY_PAIRS = 5_000
"""From so many training pairs on, a step of a relational network takes more of them, and a smaller inner fold will do
(assumption)."""


def trained(
    name: str,
    view: View,
    link: Link,
    by: By = "pair",
    limits: Limits = LIMITS,
    seed: int = 0,
    device: str = "cpu",
) -> Embedding | Relational:
    """Train a baseline on a view from which the held-out pairs are gone already.

    `by` says how its inner fold hides pairs: as the pairs are held out that it will be judged by. `device` is PyTorch's
    name of where it is learned: `cpu`, `cuda`. Raises `KeyError` for a name that is not in `NAMES`.
    """
    many = view.edges(link.relation).shape[1] > MANY_PAIRS
    share = 0.1 if many else 0.2
    if name in embedding.METHODS:
        config = replace(embedding.CONFIGS[name], by=by, limits=limits, seed=seed, share=share, device=device)
        return embed(view, link, name, config)
    chosen = relational.CONFIGS[name]
    chosen = replace(chosen, encoder=replace(chosen.encoder, seed=seed), batch=1024 if many else chosen.batch)
    return encode(view, link, replace(chosen, by=by, limits=limits, seed=seed, share=share, device=device))
