"""Outlook: all that the model knows beside the answers, and what of it can reach some pairs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from gnn.likeness import Matrix, Rows, Side
from gnn.task import End, Task


@dataclass(frozen=True)
class Surroundings:
    """All that the model knows beside the answers: both ends, and which of their walks meet."""

    task: Task
    subjects: Side
    objects: Side

    @property
    def shape(self) -> tuple[int, int]:
        """How many subjects and objects there are."""
        return len(self.subjects.nodes), len(self.objects.nodes)


@dataclass(frozen=True)
class Senders:
    """The subjects and objects that have an answer, of whatever relation: only they send messages."""

    subjects: Rows
    objects: Rows


@dataclass(frozen=True)
class Rectangle:
    """What can reach the pairs of some subjects and some objects.

    Shapes: rows [row], columns [column]; from_subjects [channel, row, sending subject]; from_objects [channel, sending
    object, column]; chains [chain, row, column].
    """

    rows: Rows
    columns: Rows
    from_subjects: Matrix
    from_objects: Matrix
    chains: Matrix

    @property
    def mine(self) -> "Outlook":
        """The likenesses of its subjects, without their walks."""
        return Outlook(self.rows, self.from_subjects, ())


@dataclass(frozen=True)
class Outlook:
    """What some nodes of one end are alike, and where their walks may meet the other end.

    Shapes: nodes [node]; alike as in a rectangle; met[chain] [subject, thing] or [thing, object].
    """

    nodes: Rows
    alike: Matrix
    met: Sequence[sp.csr_array]


Sharing = tuple[Sequence[sp.csr_array], Sequence[sp.csr_array]]
"""What senders share: subjects [thing, sender], objects [sender, thing], by each likeness."""


def sharing(around: Surroundings, senders: Senders) -> Sharing:
    """Return what the senders share, the same for all nodes that hear them."""
    return [one.T.tocsr() for one in around.subjects.of(senders.subjects)], around.objects.of(senders.objects)


def outlook(around: Surroundings, senders: Senders, end: End, nodes: Rows, shared: Sharing | None = None) -> Outlook:
    """Look at nodes of one end; `shared`, where it is known already what senders share."""
    subjects, objects = sharing(around, senders) if shared is None else shared
    if end == "subject":
        alike = around.subjects.alike_by((nodes, around.subjects.of(nodes)), (senders.subjects, subjects))
        return Outlook(nodes, alike, [around.subjects.meets[name].reached[nodes] for name in met(around)])
    alike = around.objects.alike_by(
        (senders.objects, objects), (nodes, [one.T.tocsr() for one in around.objects.of(nodes)])
    )
    return Outlook(nodes, alike, [around.objects.meets[name].reached[nodes].T.tocsr() for name in met(around)])


@dataclass(frozen=True)
class Whole:
    """What all objects are alike, and what the walks of all pairs that meet come to: parts of it are any rectangle's.

    Shapes: alike [channel, sending object, object]; chains [chain, subject, object].
    """

    alike: Matrix
    chains: Matrix


def whole(around: Surroundings, senders: Senders, shared: Sharing) -> Whole:
    """Look at all objects and pairs at once."""
    objects = outlook(around, senders, "object", np.arange(around.shape[1]), shared)
    subjects = [around.subjects.meets[name].reached for name in met(around)]
    return Whole(objects.alike, _chains(subjects, objects.met, around.shape))


def whole_bytes(around: Surroundings, senders: Senders) -> int:
    """Return how many bytes the `whole` takes."""
    subjects, objects = around.shape
    return 4 * objects * (len(around.objects.channels) * len(senders.objects) + len(met(around)) * subjects)


def crossed(one: Outlook, other: Outlook, known: Whole | None = None) -> Rectangle:
    """Look at the pairs of some subjects and some objects; `known`, where the whole is known already."""
    if known is None:
        chains = _chains(one.met, other.met, (len(one.nodes), len(other.nodes)))
    else:
        chains = known.chains[:, one.nodes[:, None], other.nodes[None, :]]
    return Rectangle(one.nodes, other.nodes, one.alike, other.alike, chains)


def _chains(one: Sequence[sp.csr_array], other: Sequence[sp.csr_array], shape: tuple[int, int]) -> Matrix:
    found = np.zeros((len(one), *shape), np.float32)
    for place, (here, there) in enumerate(zip(one, other, strict=True)):
        found[place] = (here @ there).toarray()
    return found


def rectangle(around: Surroundings, senders: Senders, rows: Rows, columns: Rows) -> Rectangle:
    """Look at the pairs of these subjects and objects."""
    return crossed(outlook(around, senders, "subject", rows), outlook(around, senders, "object", columns))


def rectangles(
    around: Surroundings, senders: Senders, rows: Rows, columns: Rows, size: int = 512
) -> Iterator[Rectangle]:
    """Yield a rectangle in parts of at most `size` columns: what reaches all of them need not be held at once."""
    mine = outlook(around, senders, "subject", rows)
    for start in range(0, len(columns), size):
        yield crossed(mine, outlook(around, senders, "object", columns[start : start + size]))


def met(around: Surroundings) -> list[str]:
    """Return the chains that both ends walk."""
    subjects, objects = around.subjects.meets, around.objects.meets
    return [name for name in around.task.chains if subjects[name].reached.nnz and objects[name].reached.nnz]
