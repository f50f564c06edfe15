"""Train: the visible loop from a graph and a TrainConfig to a Model, the same for every task."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.sparse as sp
import torch
from numpy.typing import NDArray
from torch.nn.functional import binary_cross_entropy_with_logits

from gnn import resume
from gnn.calibrate import Calibrator, Shortlist, fit_calibrator, fit_shortlist
from gnn.candidates import Candidates, candidates, deal
from gnn.checkpoint import Member, Model
from gnn.config import TrainConfig, load_config
from gnn.factorise import factorise
from gnn.known import listed, sending, surroundings, walked
from gnn.learned import Edges, Hits, LikenessNet, edges_of, hits_of, moments, pace
from gnn.likeness import Matrix, Rows
from gnn.model import Answers, fixed_inputs, learned_inputs, outset, reached, scaled, sized
from gnn.negatives import left_out, left_out_whole
from gnn.outlook import Rectangle, Senders, Surroundings, rectangles
from gnn.pairs import digest
from gnn.readout import Examples, Fitted, fit
from gnn.regress import regress
from gnn.split import assert_no_leak, without
from gnn.task import COLD_OBJECT, COLD_SUBJECT, NEW, REGIMES, WARM
from gnn.view import learned_from, view
from kg.graph import Graph, SourceRelease
from kg.progress import Progress, part, silent

__all__ = ["Model", "TrainConfig", "load_config", "train"]

SHORTLIST_LEVEL = 0.9
"""Which share of a node's true partners a shortlist promises to have, on average."""


@dataclass(frozen=True)
class Fold:
    """One inner fold: which candidates it hides, and what reaches them when their answers are hidden.

    Shapes: chosen [pair of the fold]; fixed [pair, input]; `told[relation]` the messages over learned likenesses.
    """

    chosen: Rows
    fixed: Matrix
    told: Mapping[str, Hits]


def train(
    graph: Graph,
    config: TrainConfig,
    progress: Progress = silent,
    held_out: pd.DataFrame | None = None,
    work: str | Path | None = None,
) -> Model:
    """Train on a graph.

    `held_out` pairs (the columns of `config.about.columns`) are taken out of the graph in every form and are no
    negatives either. The same config, graph and number of threads give the same model, bit by bit. Where `work` is a
    folder, each finished member is kept there, and a run that was stopped goes on from them (`gnn.resume`). Raises
    `ConfigError` for a graph with fewer than two answers of the task.
    """
    progress("walk", 0.0)
    told = _situation(graph, config, held_out)
    around, task = told.around, config.about
    whole = seen_answers(told.known, told.senders, config, told.alike)
    members, crossed = zip(*_members(told, work, progress), strict=True)
    progress("calibrate", 0.98)
    calibrators, shortlists = _promises(told, crossed)
    progress("trained", 1.0)
    return Model(
        config=config,
        sources=told.sources,
        listed_by=told.listed_by,
        names=told.names,
        trained=around.shape,
        around=around,
        senders=told.senders,
        answers=whole,
        sizes=_reached(told, whole, np.empty(0, np.int64))[1],
        members=tuple(members),
        calibrators=calibrators,
        shortlists=shortlists,
        new=told.new,
        held_out=digest(held_out, task),
    )


@dataclass(frozen=True)
class Situation:
    """What all members learn from; `alike` is the mean likeness among the senders of each end.

    `sources`, `listed_by`, `names` and `new` are those of the `Model` to come.
    """

    around: Surroundings
    senders: Senders
    known: Mapping[str, sp.csr_array]
    candidates: Candidates
    rectangles: list[Rectangle]
    alike: tuple[Matrix, Matrix]
    config: TrainConfig
    sources: tuple[SourceRelease, ...]
    listed_by: tuple[str, ...]
    names: tuple[tuple[str, ...], tuple[str, ...]]
    new: Rows


def _situation(graph: Graph, config: TrainConfig, held_out: pd.DataFrame | None) -> Situation:
    """Look at a graph without the held-out pairs; raises `ConfigError`."""
    task = config.about
    graph = walked(graph, config)
    if held_out is not None:
        graph = without(graph, held_out, task.kinds)
        assert_no_leak(graph, held_out, task.kinds)
    seen = view(graph, config.label_sources)
    around = surroundings(seen, task)
    known, listed_by = listed(graph, config)
    senders = sending(known)
    hidden = left_out(seen, held_out, task)
    chosen, new = candidates(around, known, hidden, config), left_out_whole(hidden, around.shape, 1 - task.asked_place)
    looked = [*rectangles(around, senders, chosen.rows, chosen.columns)]
    alike = around.subjects.mean_among(senders.subjects), around.objects.mean_among(senders.objects)
    names = seen.names.get(task.subject, ()), seen.names.get(task.object, ())
    sources = learned_from(graph)
    return Situation(around, senders, known, chosen, looked, alike, config, sources, listed_by, names, new)


def _members(told: Situation, work: str | Path | None, progress: Progress) -> Iterator[resume.Finished]:
    """Yield each member, trained now or in an earlier run that was stopped."""
    config = told.config
    run = resume.key(config, _seen_arrays(told)) if work else ""
    for number in range(config.members):
        stage = part(progress, 0.1 + 0.9 * number / config.members, 0.1 + 0.9 * (number + 1) / config.members)
        finished = resume.kept(work, run, number, config.about) if work else None
        if finished is None:
            finished = _member(told, number, stage)
            if work:
                resume.keep(work, run, number, finished)
        yield finished


def _seen_arrays(told: Situation) -> Iterator[NDArray]:
    """Yield all numbers that a member is fitted from."""
    chosen = told.candidates
    yield from (chosen.rows, chosen.columns, chosen.pairs, chosen.weight, *chosen.target.values())
    walked = [way.reached for side in (told.around.subjects, told.around.objects) for way in side.meets.values()]
    shared = [one for side in (told.around.subjects, told.around.objects) for one in side.shared.values()]
    for matrix in (*told.known.values(), *shared, *walked):
        yield from (matrix.data, matrix.indices, matrix.indptr)


def _member(told: Situation, number: int, progress: Progress) -> tuple[Member, dict[tuple[str, str], Matrix]]:
    """Train one member: fit its learned likeness by gradient steps, then its readouts to their optimum.

    Returns the log-odds of all candidates too, by regime and relation, each by a readout that did not see its fold.
    One regime follows the other, so that the inputs of one alone are held at a time.
    """
    config, task = told.config, told.around.task
    random = np.random.default_rng([config.seed, 2, number])
    deals = {regime: deal(told.candidates, regime, config.inner_folds, random) for regime in REGIMES}
    readouts, crossed = {}, {}
    for place, regime in enumerate(REGIMES):
        stage = part(progress, place / len(REGIMES), (place + 1) / len(REGIMES))
        inputs, order, net = _heard(told, regime, deals[regime], random, part(stage, 0.0, 0.8))
        if regime == WARM:
            learned, heard = net and net.learned(), _known(told, inputs, order)
        stage("fit the readouts", 0.8)
        for relation in task.labels:
            examples = Examples(
                inputs,
                told.candidates.target[relation][order],
                told.candidates.weight[order],
                deals[regime][order],
                told.candidates.pairs[task.asked_place, order],
            )
            ridge = config.ridge if regime == WARM else config.cold_ridge
            fitted = fit(examples, ridge, config.draws, random)
            readouts[f"{regime}/{relation}"] = fitted.readout
            crossed[regime, relation] = np.empty(len(order), np.float32)
            crossed[regime, relation][order] = fitted.crossed
            if regime == WARM and relation == task.relation and len(told.new):
                dealt = deals[(COLD_SUBJECT, COLD_OBJECT)[1 - task.asked_place]]
                crossed[NEW, relation] = _as_new(told, fitted, order, dealt, net)
    return Member(learned, readouts, *heard), crossed


def _heard(
    told: Situation,
    regime: str,
    dealt: Rows,
    random: np.random.Generator,
    progress: Progress,
    net: LikenessNet | None = None,
) -> tuple[Matrix, Rows, LikenessNet | None]:
    """Return what reaches each candidate when its fold is hidden, in the order of the folds, and what was learned.

    A likeness that is learned already is listened to as it is.

    Shapes: dealt [pair] -> [pair, input], [pair].
    """
    config, task = told.config, told.around.task
    attentive = "attention" in config.parts
    edges = edges_of(told.rectangles, config.neighbours) if attentive and regime == WARM else None
    count = len(fixed_inputs(told.around, config.parts))
    learned = len(learned_inputs(task, config.heads)) if attentive else 0
    inputs = np.zeros((len(dealt), count + learned), np.float32)
    folds, start = [], 0
    for fold in range(config.inner_folds):
        progress("reach pairs", 0.6 * fold / config.inner_folds)
        hidden = np.flatnonzero(dealt == fold)
        fixed = inputs[start : start + len(hidden), :count]
        folds.append(_fold(told, regime, hidden, fixed, edges))
        start += len(hidden)
    order = np.concatenate([fold.chosen for fold in folds])
    if edges is None:
        return inputs, order, None
    net = net or _learn(told, folds, edges, random, part(progress, 0.6, 1.0))
    with torch.no_grad():
        np.concatenate([net.heard(fold.told, len(fold.chosen)).numpy() for fold in folds], out=inputs[:, count:])
    return inputs, order, net


def _as_new(told: Situation, fitted: Fitted, order: Rows, dealt: Rows, net: LikenessNet | None) -> Matrix:
    """Return the warm log-odds of each candidate as if its node at the other end were new, and never learned from.

    Shapes: order [pair], that of the examples; dealt [pair], by whole nodes -> [pair].
    """
    inputs, mine, _ = _heard(told, WARM, dealt, np.random.default_rng(), silent, net)
    found = np.empty(len(order), np.float32)
    for fold in range(told.config.inner_folds):
        inside = dealt[mine] == fold
        found[mine[inside]] = fitted.without(dealt[order] == fold)(inputs[inside])
    return found


def _promises(
    told: Situation, crossed: list[dict[tuple[str, str], Matrix]]
) -> tuple[dict[str, Calibrator], dict[str, Shortlist]]:
    """Fit, for each regime, calibrator and shortlist to what is said of candidates whose fold was not seen.

    And a calibrator for new nodes, where there are some.
    """
    task, chosen, random = told.around.task, told.candidates, np.random.default_rng([told.config.seed, 3])
    asked = chosen.pairs[task.asked_place]
    labels = chosen.target[task.relation] > 0
    calibrators, shortlists = {}, {}
    for regime in REGIMES:
        logits = np.mean([one[regime, task.relation] for one in crossed], axis=0)
        calibrators[regime] = fit_calibrator(logits, labels, random, groups=asked, weights=chosen.weight)
        shortlists[regime] = fit_shortlist(logits[labels], asked[labels], SHORTLIST_LEVEL)
    if len(told.new):
        logits, other = (
            np.mean([one[NEW, task.relation] for one in crossed], axis=0),
            chosen.pairs[1 - task.asked_place],
        )
        calibrators[NEW] = fit_calibrator(logits, labels, random, groups=other, weights=chosen.weight)
    return calibrators, shortlists


def _answers(told: Situation, hidden: Rows, regime: str) -> Answers:
    """Return the answers without those of these candidates, whatever their relation.

    Where one end of each candidate is without any, their factors say nothing and are not made.
    """
    chosen, objects = told.candidates, told.around.shape[1]
    taken = chosen.rows[chosen.pairs[0, hidden]] * objects + chosen.columns[chosen.pairs[1, hidden]]
    left = {}
    for relation, known in told.known.items():
        every = known.tocoo()
        kept = ~np.isin(every.row.astype(np.int64) * objects + every.col, taken)
        left[relation] = sp.csr_array((every.data[kept], (every.row[kept], every.col[kept])), shape=known.shape)
    if regime != WARM:
        return _cold_answers(left, told)
    return seen_answers(left, told.senders, told.config, told.alike)


def _cold_answers(left: Mapping[str, sp.csr_array], told: Situation) -> Answers:
    """Return answers as a node without any hears them: no factors, and what regressions over both ends foretell."""
    seen = seen_answers(left, told.senders, replace(told.config, parts=()), told.alike)
    none = tuple(np.zeros((len(end), 1), np.float32) for end in (told.senders.subjects, told.senders.objects))
    regressed = {}
    if "regressions" in told.config.parts:
        regressed = {name: regress(one, told.alike, over_one=False) for name, one in seen.known.items()}
    return replace(seen, factors={name: (none[0], none[1]) for name in left}, regressed=regressed)


def seen_answers(
    known: Mapping[str, sp.csr_array], senders: Senders, config: TrainConfig, alike: tuple[Matrix, Matrix]
) -> Answers:
    """Return answers between senders, with their factors and regressions.

    Shapes: alike [sender, sender] of both ends.
    """
    between = {name: one[senders.subjects][:, senders.objects].tocsr() for name, one in known.items()}
    factors, regressed = {}, {}
    if "factors" in config.parts:
        factors = {name: factorise(one, config.factors, config.seed) for name, one in between.items()}
    if "regressions" in config.parts:
        regressed = {name: regress(one, alike) for name, one in between.items()}
    return Answers(between, factors, regressed)


def _fold(told: Situation, regime: str, hidden: Rows, fixed: Matrix, edges: tuple[Edges, Edges] | None) -> Fold:
    """Look at candidates with their answers hidden, and write what reaches them into `fixed`.

    Shapes: fixed [pair, input].
    """
    seen = _answers(told, hidden, regime)
    found, sizes = _reached(told, seen, hidden)
    fixed[:] = scaled(found.T, sizes).T
    return Fold(hidden, fixed, hits_of(told.candidates, told.senders, seen, hidden, edges) if edges else {})


def _reached(told: Situation, seen: Answers, wanted: Rows) -> tuple[Matrix, Matrix]:
    """Return what reaches these candidates, and the mean size of each input over the whole rectangle.

    Shapes: [pair, input], [input].
    """
    pairs, start = told.candidates.pairs[:, wanted], 0
    found = np.empty((len(wanted), len(fixed_inputs(told.around, told.config.parts))), np.float32)
    total = np.zeros(found.shape[1])
    around, senders, parts = told.around, told.senders, told.config.parts
    said = outset(around, senders, told.rectangles[0].mine, seen, parts)  # the rows of all blocks are the same
    for block in told.rectangles:
        values = reached(around, senders, block, seen, parts, said)
        total += np.abs(values).sum((1, 2), dtype=np.float64)
        inside = np.flatnonzero((pairs[1] >= start) & (pairs[1] < start + len(block.columns)))
        found[inside] = values[:, pairs[0, inside], pairs[1, inside] - start].T
        start += len(block.columns)
    cells = len(told.candidates.rows) * len(told.candidates.columns)
    return found, sized(told.around, told.config.parts, np.maximum(total / cells, 1e-9).astype(np.float32))


def _learn(
    told: Situation, folds: list[Fold], edges: tuple[Edges, Edges], random: np.random.Generator, progress: Progress
) -> LikenessNet:
    """Fit the learned likeness by gradient steps, one inner fold of warm pairs a step.

    Likeness learned from the answers of some nodes is no guide to nodes without any: cold readouts that listened to it
    found fewer of a new disease's treatments (Recall@100 .62 for .70), so theirs stay without a weight on it.
    """
    config, relations = told.config, told.around.task.labels
    generator = torch.Generator().manual_seed(int(random.integers(2**62)))
    sizes = config.hidden, config.heads, folds[0].fixed.shape[1]
    net = LikenessNet(edges, *sizes, relations, generator)
    mean, spread = moments([fold.fixed for fold in folds])
    optimizer = torch.optim.AdamW(net.parameters(), lr=config.learning_rate, weight_decay=0.01)
    targets = np.stack([told.candidates.target[relation] for relation in relations], axis=1)
    with torch.no_grad():
        for place, relation in enumerate(relations):
            share = np.average(targets[:, place], weights=told.candidates.weight)
            for regime in REGIMES:
                net.readouts[f"{regime}/{relation}"].bias.fill_(float(np.log(max(share, 1e-9))))
    for step in range(config.steps):
        progress("learn likeness", step / config.steps)
        fold = folds[int(random.integers(len(folds)))]
        logits = net(WARM, torch.from_numpy((fold.fixed - mean) / spread), fold.told)
        target = torch.from_numpy(targets[fold.chosen])
        weight = torch.from_numpy(told.candidates.weight[fold.chosen])[:, None]
        losses = binary_cross_entropy_with_logits(logits, target, weight=weight, reduction="sum")
        loss = losses / target[:, 0].sum().clamp(min=1)
        for group in optimizer.param_groups:
            group["lr"] = config.learning_rate * pace(step, config.steps)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return net


def _known(told: Situation, inputs: Matrix, order: Rows) -> tuple[Rows, Matrix]:
    """Return the answered pairs, and what reached them when their own fold was hidden: [2, pair], [pair, input]."""
    chosen = told.candidates
    answered = np.flatnonzero(sum(chosen.target.values())[order] > 0)
    places = order[answered]
    pairs = np.stack([chosen.rows[chosen.pairs[0, places]], chosen.columns[chosen.pairs[1, places]]])
    sorted_ = np.lexsort((pairs[1], pairs[0]))
    return pairs[:, sorted_], inputs[answered[sorted_]]
