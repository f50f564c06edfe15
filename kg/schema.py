"""The vocabulary of the graph: node kinds, relations, who may point to whom, the steps along them, and Biolink terms.

Biolink terms are those of the Biolink Model 4 (https://biolink.github.io/biolink-model). Identifier prefixes are
Bioregistry's (https://bioregistry.io), in the capitalisation that Biolink uses; `PANAKEIA` marks our own identifiers.
"""

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

AttributeType = Literal["string", "double", "int64", "string[]", "int64[]"]

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

NODE_COLUMNS: dict[str, AttributeType] = {"id": "string", "name": "string", "synonyms": "string[]"}
"""The columns that every node table begins with."""

EVIDENCE_COLUMNS: dict[str, AttributeType] = {
    "source": "string",
    "source_version": "string",
    "licence": "string",
    "knowledge_level": "string",
    "agent_type": "string",
    "references": "string[]",
}
"""The evidence that every edge carries: by whom, from which release, under which licence, how it is known."""


@dataclass(frozen=True)
class NodeKind:
    """What a node may be.

    `prefixes` are the CURIE prefixes that identify such a node, the preferred one first; `attributes` are the columns
    that this kind has beside `NODE_COLUMNS`.
    """

    name: str
    biolink: str
    prefixes: tuple[str, ...]
    attributes: dict[str, AttributeType] = field(default_factory=dict)


@dataclass(frozen=True)
class Relation:
    """What an edge may be: from one kind of node to another.

    `symmetric` relations are stored once a source and read both ways; `predicted` ones come from a model and are never
    learned from; `attributes` are the columns beside the ends and `EVIDENCE_COLUMNS`; `identity` are those of them that
    tell two edges apart which one source states between the same ends (see `edge_identity`).
    """

    name: str
    subject: str
    object: str
    biolink: str
    symmetric: bool = False
    predicted: bool = False
    attributes: dict[str, AttributeType] = field(default_factory=dict)
    identity: tuple[str, ...] = ()


NODE_KINDS: dict[str, NodeKind] = {
    kind.name: kind
    for kind in (
        NodeKind("Gene", "biolink:Gene", ("NCBIGene",)),
        NodeKind("Variant", "biolink:SequenceVariant", ("DBSNP", "PANAKEIA"), {"gene": "string", "allele": "string"}),
        NodeKind("Drug", "biolink:Drug", ("DRUGBANK", "RXNORM"), {"inchi": "string"}),
        NodeKind("Disease", "biolink:Disease", ("DOID", "SNOMEDCT")),
        NodeKind(
            "Patient",
            "biolink:Case",
            ("PANAKEIA",),
            {"sex": "string", "age_years": "double", "genotyped_genes": "string[]", "genotypes": "string[]"},
        ),
        NodeKind("Anatomy", "biolink:AnatomicalEntity", ("UBERON",)),
        NodeKind("BiologicalProcess", "biolink:BiologicalProcess", ("GO",)),
        NodeKind("CellularComponent", "biolink:CellularComponent", ("GO",)),
        NodeKind("MolecularFunction", "biolink:MolecularActivity", ("GO",)),
        NodeKind("Pathway", "biolink:Pathway", ("WIKIPATHWAYS", "PANAKEIA")),
        NodeKind("PharmacologicClass", "biolink:ChemicalRole", ("NDFRT",)),
        NodeKind("SideEffect", "biolink:PhenotypicFeature", ("UMLS",)),
        NodeKind("Symptom", "biolink:PhenotypicFeature", ("MESH",)),
        NodeKind("Phenotype", "biolink:PhenotypicFeature", ("HP", "SNOMEDCT")),
        NodeKind("Measurement", "biolink:ClinicalMeasurement", ("LOINC",)),
    )
}

LABELS: dict[str, str] = {"genotypes": "genotyped_genes"}
"""A list among a kind's attributes -> the list that says, in the same order, what each of its values is of."""

_SCORED: dict[str, AttributeType] = {"score": "double", "prior": "double", "model": "string"}
_DATED: dict[str, AttributeType] = {"day": "int64", "record": "string"}
_EVENT = tuple(_DATED)
"""What tells two events of a patient apart: the day, and the record that tells of it (each may be null)."""

RELATIONS: dict[str, Relation] = {
    relation.name: relation
    for relation in (
        # A drug's own verbs stand alone; a verb that several kinds share is written with both ends.
        Relation("treats", "Drug", "Disease", "biolink:treats"),
        Relation("palliates", "Drug", "Disease", "biolink:ameliorates_condition"),
        Relation(
            "binds",
            "Drug",
            "Gene",
            "biolink:directly_physically_interacts_with",
            attributes={"action": "string", "affinity_nM": "double"},
        ),
        Relation("causes_side_effect", "Drug", "SideEffect", "biolink:has_side_effect"),
        Relation("drug_upregulates_gene", "Drug", "Gene", "biolink:affects"),
        Relation("drug_downregulates_gene", "Drug", "Gene", "biolink:affects"),
        Relation("drug_resembles_drug", "Drug", "Drug", "biolink:chemically_similar_to", symmetric=True),
        Relation("class_includes_drug", "PharmacologicClass", "Drug", "biolink:chemical_role_of"),
        Relation("disease_associates_gene", "Disease", "Gene", "biolink:associated_with"),
        Relation("disease_upregulates_gene", "Disease", "Gene", "biolink:affects"),
        Relation("disease_downregulates_gene", "Disease", "Gene", "biolink:affects"),
        Relation("disease_localizes_to_anatomy", "Disease", "Anatomy", "biolink:disease_has_location"),
        Relation("disease_presents_symptom", "Disease", "Symptom", "biolink:has_phenotype"),
        Relation("disease_resembles_disease", "Disease", "Disease", "biolink:similar_to", symmetric=True),
        Relation("gene_interacts_gene", "Gene", "Gene", "biolink:physically_interacts_with", symmetric=True),
        Relation("gene_covaries_gene", "Gene", "Gene", "biolink:correlated_with", symmetric=True),
        Relation("gene_regulates_gene", "Gene", "Gene", "biolink:regulates"),
        Relation("gene_participates_in_biological_process", "Gene", "BiologicalProcess", "biolink:participates_in"),
        Relation("gene_participates_in_cellular_component", "Gene", "CellularComponent", "biolink:located_in"),
        Relation("gene_participates_in_molecular_function", "Gene", "MolecularFunction", "biolink:enables"),
        Relation("gene_participates_in_pathway", "Gene", "Pathway", "biolink:participates_in"),
        Relation("anatomy_expresses_gene", "Anatomy", "Gene", "biolink:expresses"),
        Relation("anatomy_upregulates_gene", "Anatomy", "Gene", "biolink:expresses"),
        Relation("anatomy_downregulates_gene", "Anatomy", "Gene", "biolink:expresses"),
        Relation("variant_in_gene", "Variant", "Gene", "biolink:is_sequence_variant_of"),
        Relation(
            "variant_affects_drug",
            "Variant",
            "Drug",
            "biolink:affects_response_to",
            attributes={"effect": "string"},
        ),
        Relation("variant_causes_disease", "Variant", "Disease", "biolink:causes"),
        Relation(
            "patient_has_condition",
            "Patient",
            "Disease",
            "biolink:has_disease",
            attributes=_DATED,
            identity=_EVENT,
        ),
        Relation(
            "patient_carries_variant",
            "Patient",
            "Variant",
            "biolink:has_sequence_variant",
            attributes={"copies": "int64"},
        ),
        Relation("patient_takes_drug", "Patient", "Drug", "biolink:treated_by", attributes=_DATED, identity=_EVENT),
        Relation(
            "patient_has_phenotype",
            "Patient",
            "Phenotype",
            "biolink:has_phenotype",
            attributes=_DATED,
            identity=_EVENT,
        ),
        Relation(
            "patient_has_measurement",
            "Patient",
            "Measurement",
            "biolink:has_attribute",
            attributes={"value": "double", "unit": "string", **_DATED},
            identity=_EVENT,
        ),
        Relation("predicted_treats", "Drug", "Disease", "biolink:treats", predicted=True, attributes=_SCORED),
        Relation(
            "predicted_binds",
            "Drug",
            "Gene",
            "biolink:directly_physically_interacts_with",
            predicted=True,
            attributes=_SCORED,
        ),
        Relation("predicted_benefits", "Drug", "Patient", "biolink:treats", predicted=True, attributes=_SCORED),
    )
}


class Step(NamedTuple):
    """A way to leave a node of some kind: a relation, along its arrow or (not `forward`) against it.

    A symmetric relation has one step, `forward`, that goes both ways. As text, a step is the relation with its arrow.

    >>> str(Step("binds", True)), str(Step("binds", False)), str(Step("gene_interacts_gene", True))
    ('-binds->', '<-binds-', '-gene_interacts_gene-')
    """

    relation: str
    forward: bool

    def __str__(self) -> str:
        return self._arrow(self.relation)

    @property
    def symmetric(self) -> bool:
        """Whether the step leads back as well: its relation has no other."""
        return RELATIONS[self.relation].symmetric

    @property
    def start(self) -> str:
        """The kind of node that the step leaves."""
        return self.reverse.end

    @property
    def end(self) -> str:
        """The kind of node that the step leads to."""
        return RELATIONS[self.relation].object if self.forward else RELATIONS[self.relation].subject

    @property
    def reverse(self) -> "Step":
        """The step that leads back."""
        return self if self.symmetric else Step(self.relation, not self.forward)

    def pattern(self, variable: str = "") -> str:
        """Return the step as Cypher, to stand between two nodes.

        >>> Step("binds", False).pattern("r")
        '<-[r:binds]-'
        """
        return self._arrow(f"[{variable}:{self.relation}]")

    def _arrow(self, edge: str) -> str:
        if self.symmetric:
            return f"-{edge}-"
        return f"-{edge}->" if self.forward else f"<-{edge}-"


STEPS: dict[str, Step] = {
    str(step): step
    for relation in RELATIONS.values()
    for step in (Step(relation.name, forward) for forward in ((True,) if relation.symmetric else (True, False)))
}
"""Every step, by its text."""


def steps_from(kind: str) -> tuple[Step, ...]:
    """Return the steps that may leave a node of this kind.

    >>> steps_from("Symptom")
    (Step(relation='disease_presents_symptom', forward=False),)
    """
    return tuple(step for step in STEPS.values() if step.start == kind)


def node_columns(kind: str) -> dict[str, AttributeType]:
    """Return the columns of a kind's node table, in order.

    >>> list(node_columns("Drug"))
    ['id', 'name', 'synonyms', 'inchi']
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
    ('subject', 'object', 'source', 'day', 'record')
    """
    return ("subject", "object", "source", *RELATIONS[relation].identity)
