"""Words: what the parts of the model, and its ways to read a pair, are called for a reader, and what each means."""

from collections.abc import Mapping
from typing import NamedTuple

from gnn.task import COLD_OBJECT, COLD_SUBJECT, WARM


class Term(NamedTuple):
    """What is called how, and what that means; `{subject}`, `{objects}` and the like stand for a task's own kinds."""

    name: str
    means: str


PARTS: Mapping[str, Term] = {
    "degrees": Term(
        "how much is known of either",
        "how many known answers the {subject} and the {object} have at all: what has many is likelier to have one more",
    ),
    "subjects": Term("similar {subjects}", "known answers of {subjects} that are like this one, source by source"),
    "objects": Term("similar {objects}", "known answers of {objects} that are like this one, source by source"),
    "both": Term(
        "similar {subjects}, similar {objects}",
        "known answers between {subjects} like this {subject} and {objects} like this {object}",
    ),
    "spectral": Term(
        "kinship over several steps",
        "all likenesses merged into one network of {subjects} and one of {objects}, through which the known answers "
        "spread: kin of kin count too",
    ),
    "factors": Term(
        "patterns of the known answers",
        "what the table of known answers says by itself: {subjects} that share some answers tend to share others",
    ),
    "regressions": Term(
        "answers that go together", "known answers foretold from other known answers: who has these mostly has that one"
    ),
    "shares": Term(
        "similar {subjects}, beside the best",
        "how the support by similar {subjects} stands beside that of the one of the {objects} that has most of it",
    ),
    "chains": Term(
        "paths between the two",
        "ways through the graph that join the {subject} to the {object} without any known answer, such as over a gene",
    ),
    "attention": Term(
        "learned similarity", "a likeness that the network has learned by itself from all others, where it helped"
    ),
}
"""Each part of the model (`gnn.model.PARTS`, and the degrees that all have)."""

REGIMES: Mapping[str, Term] = {
    WARM: Term(
        "a pair with known answers on both ends", "the {subject} and the {object} may both have known answers to go by"
    ),
    COLD_SUBJECT: Term(
        "a pair whose {subject} has no known answer",
        "what is known of similar {subjects} stands in for its own answers",
    ),
    COLD_OBJECT: Term(
        "a pair whose {object} has no known answer", "what is known of similar {objects} stands in for its own answers"
    ),
}
"""Each way to read a pair (`gnn.task.REGIMES`)."""


def worded(term: Term, columns: tuple[str, str]) -> Term:
    """Return a term with what the two ends of a task are called.

    >>> worded(PARTS["objects"], ("drug", "disease")).name
    'similar diseases'
    """
    subject, object_ = columns
    kinds = {"subject": subject, "object": object_, "subjects": f"{subject}s", "objects": f"{object_}s"}
    return Term(*(text.format(**kinds) for text in term))


def meanings(columns: tuple[str, str]) -> dict[str, str]:
    """Return what each part means, by its name, as an explanation of the task has it."""
    return dict(worded(term, columns) for term in PARTS.values())
