"""The schema of the graph: node kinds, relations, who may point to whom, the steps along them, and their columns.

What there is to say stands in `kg.vocabulary`, area by area. Biolink terms are those of the Biolink Model 4
(https://biolink.github.io/biolink-model). Identifier prefixes are Bioregistry's (https://bioregistry.io), in the
capitalisation that Biolink uses; `PANAKEIA` marks our own identifiers.
"""

from typing import NamedTuple

from kg.vocabulary import (
    anything,
    biology,
    clinic,
    judgements,
    oncology,
    ontologies,
    pharmacogenomics,
    phenotypes,
    predictions,
    variation,
)
from kg.vocabulary.terms import AttributeType, NodeKind, Relation

__all__ = ["AttributeType", "NodeKind", "Relation"]

KNOWLEDGE_LEVELS = frozenset(
    {
        "knowledge_assertion",
        "logical_entailment",
        "prediction",
        "statistical_association",
        "observation",
        "not_provided",
    }
)
"""Biolink's `KnowledgeLevelEnum`."""

AGENT_TYPES = frozenset(
    {
        "manual_agent",
        "automated_agent",
        "data_analysis_pipeline",
        "computational_model",
        "text_mining_agent",
        "image_processing_agent",
        "manual_validation_of_automated_agent",
        "not_provided",
    }
)
"""Biolink's `AgentTypeEnum`."""

NODE_COLUMNS: dict[str, AttributeType] = {
    "id": "string",
    "name": "string",
    "synonyms": "string[]",
    "xrefs": "string[]",
    "provided_by": "string[]",
}
"""The columns that every node table begins with: `xrefs` are the CURIEs that other databases have for the same thing,
`provided_by` the sources that state the node."""

EVIDENCE_COLUMNS: dict[str, AttributeType] = {
    "source": "string",
    "source_version": "string",
    "licence": "string",
    "knowledge_level": "string",
    "agent_type": "string",
    "references": "string[]",
}
"""The evidence that every edge carries: by whom, from which release, under which licence, how it is known."""


NODE_KINDS: dict[str, NodeKind] = {
    kind.name: kind
    for kind in (
        *biology.KINDS,
        *variation.KINDS,
        *pharmacogenomics.KINDS,
        *phenotypes.KINDS,
        *oncology.KINDS,
        *clinic.KINDS,
        *anything.KINDS,
    )
}

RELATIONS: dict[str, Relation] = {
    relation.name: relation
    for relation in (
        *biology.RELATIONS,
        *variation.RELATIONS,
        *pharmacogenomics.RELATIONS,
        *phenotypes.RELATIONS,
        *oncology.RELATIONS,
        *clinic.RELATIONS,
        *predictions.RELATIONS,
        *judgements.RELATIONS,
        *ontologies.RELATIONS,
        *anything.RELATIONS,
    )
}


PERSON = "Patient"
"""The kind of node that no path leads through: one person's record is no evidence about two other nodes."""
GIVEN, WITHDRAWN = "given", "withdrawn"
"""What a patient's consent may be; who withdrew it is in no answer to research."""


def consenting(patient: str) -> str:
    """Return what must be true, in Cypher, of a patient (or any other node) to be in an answer to research.

    >>> consenting("p")
    "(p.consent IS NULL OR p.consent <> 'withdrawn')"
    """
    return f"({patient}.consent IS NULL OR {patient}.consent <> '{WITHDRAWN}')"


def negatable(relation: str) -> bool:
    """Say whether an edge of this relation may be `negated`: say that what it leads to is absent."""
    return "negated" in RELATIONS[relation].attributes


class Step(NamedTuple):
    """A way to leave a node of some kind: a relation, along its arrow or (not `forward`) against it.

    A symmetric relation has one step, `forward`, that goes both ways. As text, a step is the relation with its arrow.

    >>> str(Step("binds", True)), str(Step("binds", False)), str(Step("gene_interacts_gene", True))
    ('-binds->', '<-binds-', '-gene_interacts_gene-')
    """

    relation: str
    forward: bool

    def __str__(self) -> str:
        return self.arrow(self.relation)

    @property
    def symmetric(self) -> bool:
        """Whether the step leads back as well: its relation has no other."""
        return RELATIONS[self.relation].symmetric

    @property
    def start(self) -> str:
        """The kind of node that the step leaves."""
        return _ENDS[self][0]

    @property
    def end(self) -> str:
        """The kind of node that the step leads to."""
        return _ENDS[self][1]

    @property
    def reverse(self) -> "Step":
        """The step that leads back."""
        return _REVERSES[self]

    def pattern(self, variable: str = "") -> str:
        """Return the step as Cypher, to stand between two nodes.

        >>> Step("binds", False).pattern("r")
        '<-[r:binds]-'
        """
        return self.arrow(f"[{variable}:{self.relation}]")

    def holds(self, edge: str, end: str) -> tuple[str, ...]:
        """Return what must be true, in Cypher, of an edge and of the node that it leads to: else nobody is led there.

        An edge that is `negated` says what is not so; a patient who withdrew consent is in no answer.

        >>> Step("patient_has_condition", True).holds("r", "y"), Step("binds", True).holds("r", "y")
        (('(r.negated IS NULL OR NOT r.negated)',), ())
        """
        negated = (f"({edge}.negated IS NULL OR NOT {edge}.negated)",) if negatable(self.relation) else ()
        withdrawn = (consenting(end),) if self.end == PERSON else ()
        return (*negated, *withdrawn)

    def arrow(self, edge: str) -> str:
        """Return the Cypher of an edge with an arrow that points as the step goes.

        >>> Step("binds", False).arrow("[r:binds|treats]")
        '<-[r:binds|treats]-'
        """
        if self.symmetric:
            return f"-{edge}-"
        return f"-{edge}->" if self.forward else f"<-{edge}-"


STEPS: dict[str, Step] = {
    str(step): step
    for relation in RELATIONS.values()
    for step in (Step(relation.name, forward) for forward in ((True,) if relation.symmetric else (True, False)))
}
"""Every step, by its text."""

_REVERSES = {step: step if step.symmetric else Step(step.relation, not step.forward) for step in STEPS.values()}
_ENDS = {
    step: (ends.subject, ends.object) if step.forward else (ends.object, ends.subject)
    for step in STEPS.values()
    for ends in (RELATIONS[step.relation],)
}
"""Whoever walks the graph asks for these a hundred thousand times."""


def steps_from(kind: str) -> tuple[Step, ...]:
    """Return the steps that may leave a node of this kind.

    >>> steps_from("Symptom")
    (Step(relation='disease_presents_symptom', forward=False),)
    """
    return tuple(step for step in STEPS.values() if step.start == kind)


def node_columns(kind: str) -> dict[str, AttributeType]:
    """Return the columns of a kind's node table, in order.

    >>> list(node_columns("Symptom"))
    ['id', 'name', 'synonyms', 'xrefs', 'provided_by']
    """
    return NODE_COLUMNS | NODE_KINDS[kind].attributes


def edge_columns(relation: str) -> dict[str, AttributeType]:
    """Return the columns of a relation's edge table, in order.

    >>> list(edge_columns("palliates"))[:3]
    ['subject', 'object', 'source']
    """
    ends: dict[str, AttributeType] = {"subject": "string", "object": "string"}
    return ends | EVIDENCE_COLUMNS | RELATIONS[relation].attributes


def edge_identity(relation: str) -> tuple[str, ...]:
    """Return the columns that make two edges of a relation the same one; a missing value counts as a value.

    What two sources state are two edges, each with its own evidence. Two releases of one source state one edge. The
    ends of a symmetric relation may come in either order.

    >>> edge_identity("treats")
    ('subject', 'object', 'source')
    >>> edge_identity("patient_takes_drug")
    ('subject', 'object', 'source', 'day', 'minute', 'record', 'negated')
    """
    return ("subject", "object", "source", *RELATIONS[relation].identity)
