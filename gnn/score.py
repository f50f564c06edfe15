"""Score: what a Model says of the pairs of some subjects and objects, known to it or not."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from gnn.checkpoint import Member, Model
from gnn.likeness import FUSED, Matrix, Newcomer, Rows
from gnn.model import Input, Outset, filtered, fixed_inputs, heard, learned_inputs, outset, reached, scaled, sent
from gnn.outlook import Outlook, Rectangle, Sharing, Whole, crossed, outlook, sharing, whole, whole_bytes
from gnn.prior import pair_prior
from gnn.task import COLD_OBJECT, COLD_SUBJECT, NEW, WARM, End

LEVEL = 0.9
"""Of the interval around a score."""

_LEAST = np.float32(1e-6)
"""How near to 0 and 1 the bounds of a score are looked at: beyond, log-odds have no end."""

WHOLE_BYTES = 64 << 20
"""What all objects are alike, and the chains of all pairs, are kept where they take no more."""

ROWS, COLUMNS = 512, 200
"""How many subjects and objects are looked at at once."""


@dataclass(frozen=True)
class Heard:
    """What reaches the pairs of a rectangle, one array a member. Shapes: inputs [row * column, input]."""

    seen: Rectangle
    inputs: tuple[Matrix, ...]


@dataclass(frozen=True)
class Begun:
    """All that some subjects hear before any object is looked at; of their likenesses only the fused ones are kept.

    Shapes: learned[member][relation] [head, row, sending object]; of a member without a learned likeness, nothing.
    """

    mine: Outlook
    said: Outset
    learned: tuple[dict[str, Matrix], ...]


def joined(model: Model, subjects: Sequence[Newcomer] = (), objects: Sequence[Newcomer] = ()) -> Model:
    """Return the model with nodes that it has not seen at the end of its subjects and objects; of none, itself."""
    if not (subjects or objects):
        return model
    around = replace(
        model.around,
        subjects=model.around.subjects.joined_by(subjects),
        objects=model.around.objects.joined_by(objects),
    )
    names = tuple(
        (*known, *(newcomer.name for newcomer in more))
        for known, more in zip(model.names, (subjects, objects), strict=True)
    )
    return replace(model, around=around, names=names)


def input_names(model: Model) -> list[Input]:
    """Return what each input of the readouts is."""
    heads = model.config.heads if "attention" in model.config.parts else 0
    return fixed_inputs(model.around, model.config.parts) + learned_inputs(model.task, heads)


def look(model: Model, rows: Rows, columns: Rows) -> Rectangle:
    """Look at the pairs of these subjects and objects (`gnn.outlook.rectangle`)."""
    return crossed(_look(model, "subject", rows), _look(model, "object", columns), _whole(model))


def prepare(model: Model) -> None:
    """Work out what all rankings for an object begin with, and keep it beside the model, where it is not too large."""
    if not all(model.around.shape):
        return
    if whole_bytes(model.around, model.senders) <= WHOLE_BYTES:
        model.workings.of("whole", lambda: whole(model.around, model.senders, _sharing(model)))
    logits(model, np.arange(model.around.shape[0]), np.zeros(1, np.int64))


def _look(model: Model, end: End, nodes: Rows) -> Outlook:
    """Look at nodes of one end; what those share that have an answer is worked out once for a model."""
    known = _whole(model)
    if end == "object" and known is not None:
        return Outlook(nodes, known.alike.take(nodes, axis=2), ())
    return outlook(model.around, model.senders, end, nodes, _sharing(model))


def _sharing(model: Model) -> Sharing:
    return model.workings.of("shared", lambda: sharing(model.around, model.senders))


def _whole(model: Model) -> Whole | None:
    found: Whole | None = model.workings.held("whole")
    return found


def _begun(model: Model, rows: Rows) -> Begun:
    """Look at subjects; how the answers are filtered is worked out once for a model."""
    around, senders, parts = model.around, model.senders, model.config.parts
    waves = model.workings.of("filtered", lambda: filtered(around, senders, model.answers, parts))
    mine = _look(model, "subject", rows)
    said = outset(around, senders, mine, model.answers, parts, waves)
    learned = []
    for member in model.members:
        over = None if member.learned is None else member.learned[0](mine.alike, model.config.neighbours)
        learned.append({} if over is None else {name: sent(one, over) for name, one in model.answers.known.items()})
    return Begun(replace(mine, alike=mine.alike[-len(FUSED) :].copy()), said, tuple(learned))


def _heard(model: Model, begun: Begun, theirs: Outlook) -> Heard:
    seen = crossed(begun.mine, theirs, _whole(model))
    fixed = scaled(
        reached(model.around, model.senders, seen, model.answers, model.config.parts, begun.said), model.sizes
    )
    members = zip(model.members, begun.learned, strict=True)
    return Heard(seen, tuple(_member_inputs(model, member, seen, fixed, told) for member, told in members))


def _member_inputs(model: Model, member: Member, seen: Rectangle, fixed: Matrix, told: dict[str, Matrix]) -> Matrix:
    found = fixed
    if member.learned is not None:
        across = member.learned[1](seen.from_objects.transpose(0, 2, 1), model.config.neighbours).transpose(0, 2, 1)
        found = np.concatenate([fixed, heard(model.task, model.senders, seen, model.answers, told, across)])
    inputs = np.ascontiguousarray(found.reshape(len(found), -1).T)
    here, there = _place_in(seen.rows, member.pairs[0]), _place_in(seen.columns, member.pairs[1])
    inside = (here >= 0) & (there >= 0)
    inputs[here[inside] * len(seen.columns) + there[inside]] = member.heard[inside]
    return inputs


def logits(model: Model, rows: Rows, columns: Rows, relation: str = "") -> Matrix:
    """Return the log-odds of pairs, of the relation that is predicted where none is named. Shapes: [row, column]."""
    found = np.empty((len(rows), len(columns)), np.float32)
    for told, above, left in swept(model, rows, columns):
        found[above : above + len(told.seen.rows), left : left + len(told.seen.columns)] = judged(model, told, relation)
    return found


def logits_within(model: Model, rows: Rows, columns: Rows) -> tuple[Matrix, Matrix, Matrix]:
    """Return the log-odds of pairs, and from where to where their scores lie (`interval`). Shapes: [row, column]."""
    found, low, high = (np.empty((len(rows), len(columns)), np.float32) for _ in range(3))
    for told, above, left in swept(model, rows, columns):
        part = slice(above, above + len(told.seen.rows)), slice(left, left + len(told.seen.columns))
        found[part] = judged(model, told)
        low[part], high[part] = interval(model, told)
    return found, low, high


def candidate_scores(model: Model, end: End, node: int) -> Matrix:
    """Return what `logits_within` says of all candidates for one node of an end, worked out once for a model.

    Shapes: [3, candidate].
    """

    def work() -> Matrix:
        candidates, asked = np.arange(model.trained[1 if end == "subject" else 0]), np.array([node])
        pairs = (asked, candidates) if end == "subject" else (candidates, asked)
        found = np.stack(logits_within(model, *pairs)).reshape(3, -1)
        found.flags.writeable = False  # whoever asks next is told the same
        return found

    return model.told.of((end, node), work)


def swept(
    model: Model,
    rows: Rows,
    columns: Rows,
    wanted: Callable[[int, int], bool] = lambda top, left: True,
) -> Iterator[tuple[Heard, int, int]]:
    """Yield what reaches the pairs of a rectangle of any size, a block at a time, and where the block begins.

    An answered pair hears the messages of the inner fold that hid it.
    What subjects hear is worked out once for all objects, so that time goes into pairs and memory is bounded; for few
    objects and all subjects, whom a model is asked again and again, it is kept beside the model. Blocks that are not
    `wanted`, by where they begin, are left out. Shapes: rows [row], columns [column].
    """
    few = len(columns) <= COLUMNS
    ends = [_look(model, "object", columns)] if few and len(columns) else []
    keep = few and np.array_equal(rows, np.arange(model.around.shape[0]))
    for top in range(0, len(rows), ROWS):
        lefts = [left for left in range(0, len(columns), COLUMNS) if wanted(top, left)]
        if not lefts:
            continue
        block = rows[top : top + ROWS]
        begun = model.workings.of(top, partial(_begun, model, block)) if keep else _begun(model, block)
        for left in lefts:
            theirs = ends[0] if ends else _look(model, "object", columns[left : left + COLUMNS])
            yield _heard(model, begun, theirs), top, left


def _swept_pairs(model: Model, rows: Rows, columns: Rows) -> Iterator[tuple[Heard, Rows, Rows]]:
    """Yield the rectangles that any pairs lie in, which of the pairs lie there, and at which of its cells."""
    across, down = np.unique(rows), np.unique(columns)
    above, left = np.searchsorted(across, rows), np.searchsorted(down, columns)
    width = -(-len(down) // COLUMNS)
    blocks = above // ROWS * width + left // COLUMNS
    order = np.argsort(blocks, kind="stable")
    starts = np.searchsorted(blocks[order], np.arange(-(-len(across) // ROWS) * width + 1))

    def inside(top: int, first: int) -> Rows:
        block = top // ROWS * width + first // COLUMNS
        return order[starts[block] : starts[block + 1]]

    for told, top, first in swept(model, across, down, lambda top, first: len(inside(top, first)) > 0):
        pairs = inside(top, first)
        yield told, pairs, (above[pairs] - top) * len(told.seen.columns) + left[pairs] - first


def pair_scores(model: Model, rows: Rows, columns: Rows) -> tuple[Matrix, Matrix, Matrix]:
    """Return the log-odds of any pairs, and both ends of their scores' `interval`, in the memory that they take.

    Shapes: rows, columns [pair] -> [pair] each.
    """
    found = np.empty((3, len(rows)), np.float32)
    for told, pairs, cells in _swept_pairs(model, rows, columns):
        found[0, pairs] = judged(model, told).ravel()[cells]
        found[1, pairs], found[2, pairs] = _interval_of(model, told, cells)
    return found[0], found[1], found[2]


def judged(model: Model, told: Heard, relation: str = "") -> Matrix:
    """Return the log-odds of the pairs of a rectangle. Shapes: [row, column]."""
    shape = len(told.seen.rows), len(told.seen.columns)
    found = np.zeros(shape[0] * shape[1], np.float32)
    regimes = regime_of(model, told.seen.rows, told.seen.columns).ravel()
    for regime in np.unique(regimes):
        cells = regimes == regime
        for member, inputs in zip(model.members, told.inputs, strict=True):
            readout = member.readouts[f"{regime}/{relation or model.task.relation}"]
            found[cells] += readout(inputs[cells]) / len(model.members)
    return found.reshape(shape)


def probabilities(model: Model, rows: Rows, columns: Rows, logits: Matrix) -> Matrix:
    """Return calibrated probabilities (see `calibrated`). Shapes: logits [pair]."""
    return np.asarray(expit(calibrated(model, rows, columns, logits)), logits.dtype)


def calibrated(model: Model, rows: Rows, columns: Rows, logits: Matrix) -> Matrix:
    """Return calibrated log-odds, each by the calibrator of its regime; warm ones of a new node by that of new nodes.

    Shapes: rows, columns of any that go together, logits of theirs -> as logits.
    """
    ways, found = pair_regimes(model, rows, columns), np.empty_like(logits)
    new = np.isin((rows, columns)[1 - model.task.asked_place], model.new)
    ways[(ways == WARM) & new] = NEW
    for way in np.unique(ways):
        found[ways == way] = model.calibrators[way].logits(logits[ways == way])
    return found


def shortlisted(model: Model, rows: Rows, columns: Rows, logits: Matrix) -> NDArray[np.bool_]:
    """Return which candidates are on the shortlist of the asked node. Shapes: logits [pair]."""
    regimes, found = pair_regimes(model, rows, columns), np.empty(logits.shape, bool)
    for regime in np.unique(regimes):
        found[regimes == regime] = model.shortlists[regime].holds(logits[regimes == regime])
    return found


def interval(model: Model, told: Heard, relation: str = "") -> tuple[Matrix, Matrix]:
    """Return where the scores lie in `LEVEL` of all draws of the readouts' data, over all members: [row, column]."""
    shape = len(told.seen.rows), len(told.seen.columns)
    low, high = _interval_of(model, told, np.arange(shape[0] * shape[1]), relation)
    return low.reshape(shape), high.reshape(shape)


def _interval_of(model: Model, told: Heard, wanted: Rows, relation: str = "") -> tuple[Matrix, Matrix]:
    """Return both ends of the `interval` of some cells of a rectangle. Shapes: wanted [cell] -> [cell]."""
    regimes = regime_of(model, told.seen.rows, told.seen.columns).ravel()[wanted]
    draws = []
    for member, inputs in zip(model.members, (one[wanted] for one in told.inputs), strict=True):
        drawn = np.empty((model.config.draws, len(inputs)), np.float32)
        for regime in np.unique(regimes):
            cells = regimes == regime
            readout = member.readouts[f"{regime}/{relation or model.task.relation}"]
            drawn[:, cells] = readout.spread(inputs[cells])
        draws.append(drawn)
    low, high = np.quantile(expit(np.concatenate(draws)), [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    return low.astype(np.float32), high.astype(np.float32)


def probability_interval(
    model: Model, rows: Rows, columns: Rows, bounds: tuple[Matrix, Matrix]
) -> tuple[Matrix, Matrix]:
    """Return the calibrated probabilities at both ends of the scores' `interval`, the calibration taken as it is.

    Shapes: rows, columns [pair] or any that go together, bounds of theirs -> as bounds.
    """
    low, high = (
        probabilities(model, rows, columns, logit(np.clip(bound, _LEAST, 1.0 - _LEAST).astype(np.float32)))
        for bound in bounds
    )
    return low, high


def regime_of(model: Model, rows: Rows, columns: Rows) -> NDArray[np.str_]:
    """Return by which readout each pair of a rectangle is judged (see `pair_regimes`). Shapes: [row, column]."""
    return pair_regimes(model, rows[:, None], columns[None, :])


def pair_regimes(model: Model, rows: Rows, columns: Rows) -> NDArray[np.str_]:
    """Return by which readout each pair is judged: that of the node which the task is usually asked for (`Task.asked`).

    Where it has no answer, the pair is cold; where the other end has none, that is known of it, unless the model has
    never seen it. So a pair has one score, from whichever end it is ranked and among whichever others it is scored.

    Shapes: rows, columns of any, the same.
    """
    with_answer = np.isin(rows, model.senders.subjects), np.isin(columns, model.senders.objects)
    strange = rows >= model.trained[0], columns >= model.trained[1]
    asked, other = (1, 0) if model.task.asked == "object" else (0, 1)
    cold = (COLD_SUBJECT, COLD_OBJECT)
    found = np.full(np.broadcast_shapes(rows.shape, columns.shape), WARM, dtype=f"<U{len(COLD_SUBJECT)}")
    found[np.broadcast_to(strange[other], found.shape)] = cold[other]
    found[np.broadcast_to(~with_answer[asked], found.shape)] = cold[asked]
    return found


def prior(model: Model, rows: Rows, columns: Rows) -> Matrix:
    """Return the prior of each pair of a rectangle (see `pair_priors`). Shapes: [row, column]."""
    return pair_priors(model, rows[:, None], columns[None, :])


def pair_priors(model: Model, rows: Rows, columns: Rows) -> Matrix:
    """Return each pair's probability of an edge, given its two degrees alone. Shapes: rows, columns: any, the same."""
    known = model.answers.known[model.task.relation]
    degrees = []
    for counts, senders, count in (
        (known.sum(axis=1), model.senders.subjects, model.around.shape[0]),
        (known.sum(axis=0), model.senders.objects, model.around.shape[1]),
    ):
        degrees.append(np.zeros(count))
        degrees[-1][senders] = counts
    return pair_prior(degrees[0], degrees[1], rows, columns)


def _place_in(nodes: Rows, wanted: Rows) -> Rows:
    """Return the place of each wanted node among these, -1 where it is none of them."""
    order = np.argsort(nodes, kind="stable")
    if not len(nodes):
        return np.full(len(wanted), -1)
    places = order[np.minimum(np.searchsorted(nodes[order], wanted), len(nodes) - 1)]
    return np.where(nodes[places] == wanted, places, -1)
