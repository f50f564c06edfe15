"""Task: which relation is predicted, between which kinds, by which walks. A new task is one entry here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from gnn.walks import Walk

End = Literal["subject", "object"]

WARM, COLD_SUBJECT, COLD_OBJECT = "warm", "cold subject", "cold object"
REGIMES = (WARM, COLD_SUBJECT, COLD_OBJECT)
"""What a readout is fitted for: pairs of nodes that may both have labels, or pairs of which one end has none."""

NEW = "new"
"""Warm pairs of a node that nothing was learned of, calibrated apart: that it has no label does not say a thing."""


class TaskError(ValueError):
    """A task that there is not."""


@dataclass(frozen=True)
class Task:
    """A relation to predict, and what is looked at to predict it.

    `labels` are the relations whose edges are known answers, that to be predicted first: each is sent as messages, and
    has a readout of its own. `subject_walks`, `object_walks` say by which walks or attributes (`gnn.attributes`) two
    nodes of a kind are alike, `chains` which two walks, or attributes, one from each end, may meet. None of them takes
    a label. In `judged` stand pairs that were looked at and refused: never learned from, measured against.

    `asked` is the end that a ranking is usually asked for: its node decides whether a pair is warm or cold. `two_sided`
    says for which of the subject's likenesses what like subjects of like objects have is looked at too (all of them
    where it is empty). `settings` are those of a TrainConfig that suit this task better than the usual ones.
    """

    name: str
    labels: tuple[str, ...]
    subject: str
    object: str
    subject_walks: Mapping[str, Walk | str]
    object_walks: Mapping[str, Walk | str]
    chains: Mapping[str, tuple[Walk | str, Walk | str]]
    asked: End
    judged: str = ""
    two_sided: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def relation(self) -> str:
        """The relation that is predicted."""
        return self.labels[0]

    def walks_from(self, end: End) -> dict[str, Walk | str]:
        """Return all walks and attributes of one end, those of the chains among them, by name."""
        walks, place = (self.subject_walks, 0) if end == "subject" else (self.object_walks, 1)
        return {**walks, **{name: pair[place] for name, pair in self.chains.items()}}

    @property
    def relations(self) -> frozenset[str]:
        """All relations that are looked at: the labels, and those of the walks."""
        walks = (*self.walks_from("subject").values(), *self.walks_from("object").values())
        return frozenset(self.labels).union(*(walk for walk in walks if isinstance(walk, tuple)))

    def kind_at(self, end: End) -> str:
        """Return the kind of the nodes at an end."""
        return self.subject if end == "subject" else self.object

    @property
    def asked_place(self) -> int:
        """Where the end that is asked for stands in a pair: 0 or 1."""
        return 0 if self.asked == "subject" else 1

    @property
    def kinds(self) -> tuple[str, str]:
        """The kinds of subject and object."""
        return self.subject, self.object

    @property
    def columns(self) -> tuple[str, str]:
        """What the two ends are called in a table of pairs: their kinds in lower case."""
        return self.subject.lower(), self.object.lower()


DRUG_WALKS: Mapping[str, Walk | str] = {
    "resembles": ("drug_resembles_drug",),
    "binds": ("binds",),
    "upregulates": ("drug_upregulates_gene",),
    "downregulates": ("drug_downregulates_gene",),
    "side effect": ("causes_side_effect",),
    "class": ("class_includes_drug",),
    "binds, pathway": ("binds", "gene_participates_in_pathway"),
    "binds, process": ("binds", "gene_participates_in_biological_process"),
    **{name: name for name in ("ATC group", "drug category", "fingerprint")},
}
"""Name -> steps from a drug to what it shares with other drugs, or the name of an attribute."""

DISEASE_WALKS: Mapping[str, Walk | str] = {
    "resembles": ("disease_resembles_disease",),
    "associates": ("disease_associates_gene",),
    "upregulates": ("disease_upregulates_gene",),
    "downregulates": ("disease_downregulates_gene",),
    "anatomy": ("disease_localizes_to_anatomy",),
    "symptom": ("disease_presents_symptom",),
    "associates, pathway": ("disease_associates_gene", "gene_participates_in_pathway"),
    "associates, process": ("disease_associates_gene", "gene_participates_in_biological_process"),
    **{name: name for name in ("words of its name", "letters of its name", "ICD block")},
}
"""Name -> steps from a disease to what it shares with other diseases, or the name of an attribute."""

GENE_WALKS: Mapping[str, Walk | str] = {
    "interacts": ("gene_interacts_gene",),
    "pathway": ("gene_participates_in_pathway",),
    "process": ("gene_participates_in_biological_process",),
    "function": ("gene_participates_in_molecular_function",),
    "component": ("gene_participates_in_cellular_component",),
    **{name: name for name in ("family of its symbol", "words of its full names")},
}
"""Name -> steps from a gene to what it shares with other genes, or the name of an attribute.

What covaries with it or regulates it, where it is expressed and what it is associated with say nothing of what binds
it: ranked by any of these alone, known targets have a mean reciprocal rank below .06.
"""

DRUG_DISEASE_CHAINS: Mapping[str, tuple[Walk | str, Walk | str]] = {
    "binds > associates": (("binds",), ("disease_associates_gene",)),
    "binds > upregulates": (("binds",), ("disease_upregulates_gene",)),
    "binds > downregulates": (("binds",), ("disease_downregulates_gene",)),
    "upregulates > upregulates": (("drug_upregulates_gene",), ("disease_upregulates_gene",)),
    "upregulates > downregulates": (("drug_upregulates_gene",), ("disease_downregulates_gene",)),
    "downregulates > upregulates": (("drug_downregulates_gene",), ("disease_upregulates_gene",)),
    "downregulates > downregulates": (("drug_downregulates_gene",), ("disease_downregulates_gene",)),
    "binds > interacts > associates": (("binds", "gene_interacts_gene"), ("disease_associates_gene",)),
    "binds > regulates > associates": (("binds", "gene_regulates_gene"), ("disease_associates_gene",)),
    "binds > covaries > associates": (("binds", "gene_covaries_gene"), ("disease_associates_gene",)),
    "binds > pathway > associates": (
        ("binds", "gene_participates_in_pathway"),
        ("disease_associates_gene", "gene_participates_in_pathway"),
    ),
    "binds > process > associates": (
        ("binds", "gene_participates_in_biological_process"),
        ("disease_associates_gene", "gene_participates_in_biological_process"),
    ),
    "binds > anatomy > localizes": (("binds", "anatomy_expresses_gene"), ("disease_localizes_to_anatomy",)),
    "category named as disease": ("category words", "name words"),
}
"""Name -> a walk from a drug and one from a disease that meet: metapaths that pass no other drug or disease.

The last are attributes, which meet in the same words: a drug's categories may name the disease that it is given
against, which is no answer of the graph but states a use as one does.
"""

TREATS = Task(
    name="treats",
    labels=("treats", "palliates"),
    subject="Drug",
    object="Disease",
    subject_walks=DRUG_WALKS,
    object_walks=DISEASE_WALKS,
    chains=DRUG_DISEASE_CHAINS,
    asked="object",
    judged="not_indicated_for",
)

BINDS = Task(
    name="binds",
    labels=("binds",),
    subject="Drug",
    object="Gene",
    subject_walks={
        **{name: walk for name, walk in DRUG_WALKS.items() if not name.startswith("binds")},
        "stem of its name": "stem of its name",
    },
    object_walks=GENE_WALKS,
    chains={"treats > associates": (("treats",), ("disease_associates_gene",))},
    asked="subject",
    two_sided=("mean", "sharp"),
    # Ten thousand answers leave little to average away, and two members would take twice the time. Learned likeness
    # adds nothing that the regressions do not say.
    settings={
        "members": 1,
        "inner_folds": 5,
        "draws": 10,
        "parts": ("messages", "spectral", "chains", "factors", "regressions", "shares"),
    },
)

BENEFITS = Task(
    name="benefits",
    labels=("patient_takes_drug",),
    subject="Patient",
    object="Drug",
    subject_walks={},  # a patient is no node among others but a record in time: see `gnn.patients`
    object_walks=DRUG_WALKS,
    chains={"has > treats": (("patient_has_condition",), ("treats",))},
    asked="subject",
)

TASKS: Mapping[str, Task] = {task.name: task for task in (TREATS, BINDS, BENEFITS)}
"""All tasks, by name."""


def task_named(name: str) -> Task:
    """Return a task by its name; raises `TaskError`."""
    if name not in TASKS:
        raise TaskError(f"task: got {name!r}, expected one of {', '.join(TASKS)}")
    return TASKS[name]


CANDIDATES: Mapping[str, str] = {"drugs": "Drug", "diseases": "Disease", "targets": "Gene", "patients": "Patient"}
"""What can be asked for, and of which kind that is."""


def asking_for(candidates: str) -> list[tuple[Task, End]]:
    """Return the tasks that rank such candidates, and the end that the node is then at for which they are ranked.

    >>> [(task.name, end) for task, end in asking_for("targets")]
    [('binds', 'subject')]
    """
    if candidates not in CANDIDATES:
        raise TaskError(f"got {candidates!r}, expected one of {', '.join(CANDIDATES)}")
    kind, found = CANDIDATES[candidates], []
    for task in TASKS.values():
        if task.object == kind:
            found.append((task, cast(End, "subject")))
        if task.subject == kind:
            found.append((task, cast(End, "object")))
    return found
