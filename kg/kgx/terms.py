"""Terms: which of our kinds a Biolink category is, and which of our relations a predicate between two kinds."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import NamedTuple

from kg.biolink import VERSION, categories, predicates
from kg.schema import NODE_KINDS, RELATIONS
from kg.vocabulary.anything import JOINED, related
from kg.vocabulary.judgements import CONTRAINDICATED

ENTITY = "Entity"
"""The kind of what is none of our other kinds."""

HUMAN = "NCBITaxon:9606"

_KINDS = {
    "Gene": "Gene",
    "Transcript": "Gene",
    "Polypeptide": "Gene",
    "GeneProductMixin": "Gene",
    "GeneOrGeneProduct": "Gene",
    "SequenceVariant": "Variant",
    "ChemicalEntity": "Drug",
    "NucleicAcidEntity": ENTITY,
    "Food": ENTITY,
    "Disease": "Disease",
    "DiseaseOrPhenotypicFeature": "Disease",
    "PhenotypicFeature": "Phenotype",
    "AnatomicalEntity": "Anatomy",
    "CellularComponent": "CellularComponent",
    "BiologicalProcess": "BiologicalProcess",
    "Pathway": "Pathway",
    "MolecularActivity": "MolecularFunction",
}
"""A category -> our kind; one that is not here is what the nearest of its ancestors here is, else an `Entity`.

A gene's product counts as the gene, as in the Node Normalizer's conflation: our relations name the gene for both.
"""

_PHENOTYPES = ("HP", "MP")
"""Prefixes of phenotypes, whatever else a disease or phenotypic feature may be."""

_UP, _DOWN = ("increased", "upregulated"), ("decreased", "downregulated")

SHIFTS = {
    "drug_upregulates_gene": _UP,
    "drug_downregulates_gene": _DOWN,
    "disease_upregulates_gene": _UP,
    "disease_downregulates_gene": _DOWN,
}
"""Our relations that are `affects` with a direction -> the values of `object_direction_qualifier` that say so."""

_ALSO = {
    "binds": ("binds",),
    "gene_interacts_gene": ("interacts_with", "directly_physically_interacts_with"),
    "disease_associates_gene": ("condition_associated_with_gene", "genetically_associated_with", "genetic_association"),
    "anatomy_expresses_gene": ("expresses",),
    "gene_participates_in_biological_process": ("actively_involved_in",),
    "gene_participates_in_cellular_component": ("active_in",),
}
"""Our relation -> what other graphs also call it, beside its own Biolink predicate; deprecated words among them."""


DENIED = "negated=true"
"""The qualifier that makes an edge say the opposite."""

_DENIED = {
    "anatomy_does_not_express_gene": "biolink:expresses",
    "disease_lacks_phenotype": "biolink:has_phenotype",
}
"""Our negated relation -> what Biolink says of it, with the qualifier `negated`."""


_CONTRAINDICATIONS = {
    (relation.subject, relation.object): relation.name
    for relation in RELATIONS.values()
    if relation.biolink == CONTRAINDICATED
}
"""The kinds of a contraindication's ends -> our relation for it, foretold or not, with whatever qualifiers: a drug is
not for the disease, whichever of the two predicates a graph puts between them."""

HOMES = {"frequency_qualifier": "frequency_text", "onset_qualifier": "onset", "sex_qualifier": "sex"}
"""Qualifiers of a phenotype that an attribute of ours says."""


class Said(NamedTuple):
    """What an edge says: the predicate, the kinds of its ends, and its qualifiers as `slot=value|slot=value`."""

    predicate: str
    subject: str
    object: str
    qualifiers: str = ""


def biolink(term: str) -> str:
    """Return a term in Biolink's spelling, whatever its capitals, with the prefix, which some graphs leave out.

    >>> biolink("treats"), biolink("biolink:Treats"), biolink("https://w3id.org/biolink/vocab/Gene")
    ('biolink:treats', 'biolink:treats', 'biolink:Gene')
    """
    named = term.removeprefix("https://w3id.org/biolink/vocab/")
    named = named if ":" in named else f"biolink:{named}"
    return _spelt().get(named.lower(), named)


@cache
def _spelt() -> Mapping[str, str]:
    """Return every category and predicate by its spelling in small letters."""
    return {term.lower(): term for term in (*categories(), *predicates())}


def most_specific(terms: Iterable[str]) -> str | None:
    """Return the most special of several categories, or None where Biolink has none of them.

    Graphs list a category with all of its ancestors, of whatever release of Biolink they were made by: those that are
    no longer there say nothing.

    >>> most_specific(["biolink:NamedThing", "biolink:SmallMolecule", "biolink:ChemicalSubstance"])
    'biolink:SmallMolecule'
    """
    known = [term for term in map(biolink, terms) if term in categories()]
    return max(known, key=lambda term: len(categories()[term]), default=None)


def kind_of(category: str, prefix: str, taxon: str = "") -> str:
    """Return our kind for a node of this category whose CURIE has this prefix.

    Where our kind is not identified by such a prefix, and for a gene that is not a human's, it is an `Entity`.

    >>> kind_of("biolink:Protein", "UniProtKB"), kind_of("biolink:Gene", "NCBIGene", "NCBITaxon:10090")
    ('Gene', 'Entity')
    """
    lineage = (category, *categories()[category])
    named = (term.removeprefix("biolink:") for term in lineage)
    kind = next((_KINDS[term] for term in named if term in _KINDS), ENTITY)
    if kind == "Disease" and prefix in _PHENOTYPES and category != "biolink:Disease":
        kind = "Phenotype"
    if kind == "Gene" and taxon not in ("", HUMAN):
        return ENTITY
    return kind if prefix in NODE_KINDS[kind].prefixes else ENTITY


def relation_of(said: Said, *, predicted: bool = False) -> tuple[str, bool]:
    """Return our relation for what an edge says, and whether its ends change places in it.

    Without a relation of ours that says just this, and for a model's prediction, it is the one for anything between
    the two kinds, which keeps predicate and qualifiers. What is denied or contraindicated is never that one, which
    asserts, and along which paths lead. A predicate that Biolink lacks, and a denial or contraindication that we have
    no relation for, come back as a name that no relation has.

    >>> relation_of(Said("biolink:treated_by", "Disease", "Drug"))
    ('treats', True)
    >>> relation_of(Said("biolink:coexists_with", "Disease", "Gene"))
    ('disease_related_to_gene', False)
    """
    if said.predicate not in predicates():
        return f"{said.predicate} (not in Biolink {VERSION})" if said.predicate else "no predicate", False
    turned = Said(predicates()[said.predicate], said.object, said.subject, said.qualifiers)
    if not predicted:
        for words, turn in ((said, False), (turned, True)):
            if found := _relation(words):
                return found, turn
    if DENIED in said.qualifiers.split("|"):
        return f"not {said.predicate} (no relation of ours denies it)", False
    if CONTRAINDICATED in (said.predicate, turned.predicate):
        for ends, turn in (((said.subject, said.object), False), ((said.object, said.subject), True)):
            if ends in _CONTRAINDICATIONS:
                return _CONTRAINDICATIONS[ends], turn
        return f"{said.predicate} (no relation of ours says it of {said.subject} and {said.object})", False
    return related(said.subject, said.object), False


def qualified(relation: str) -> dict[str, str]:
    """Return which qualifiers of a relation of ours stand in which of its attributes.

    >>> qualified("disease_has_phenotype")["onset_qualifier"], qualified("treats")
    ('onset', {})
    """
    told = RELATIONS[relation]
    return {slot: name for slot, name in HOMES.items() if told.object == "Phenotype" and name in told.attributes}


def words_of(relation: str) -> tuple[str, dict[str, str]]:
    """Return the Biolink predicate of a relation of ours, and the qualifiers that it has beside.

    >>> words_of("treats"), words_of("drug_upregulates_gene")[1]["object_direction_qualifier"]
    (('biolink:treats', {}), 'increased')
    """
    if relation in _DENIED:
        return _DENIED[relation], {"negated": "true"}
    qualifiers = _shift(SHIFTS[relation][0])[0].split("|") if relation in SHIFTS else []
    return RELATIONS[relation].biolink, dict(told.split("=") for told in qualifiers)


def _relation(said: Said) -> str | None:
    """Return the relation of ours that says this, in its attributes if need be."""
    if said in _relations() or not said.qualifiers:
        return _relations().get(said)
    slots = {told.partition("=")[0]: told for told in said.qualifiers.split("|")}
    rest = "|".join(told for slot, told in slots.items() if slot not in HOMES)
    found = _relations().get(said._replace(qualifiers=rest))
    homes = {HOMES[slot] for slot in slots if slot in HOMES}
    return found if found and homes <= RELATIONS[found].attributes.keys() else None


@cache
def _relations() -> Mapping[Said, str]:
    """Return what an edge may say -> the relation of ours that says just this.

    A relation's own predicate means it where no second relation has that predicate between the same kinds.
    """
    said: dict[Said, list[str]] = {}
    for relation in RELATIONS.values():
        ends = (relation.subject, relation.object)
        vague = relation.predicted or relation.negated or relation.biolink == "biolink:related_to"
        if not vague and {*ends} <= {*JOINED} and relation.name not in SHIFTS:
            said.setdefault(Said(relation.biolink, *ends), []).append(relation.name)
    found = {words: names[0] for words, names in said.items() if len(names) == 1}
    for name, others in _ALSO.items():
        found |= {Said(f"biolink:{word}", RELATIONS[name].subject, RELATIONS[name].object): name for word in others}
    for name, predicate in _DENIED.items():
        found[Said(predicate, RELATIONS[name].subject, RELATIONS[name].object, DENIED)] = name
    for name, directions in SHIFTS.items():
        ends = (RELATIONS[name].subject, RELATIONS[name].object)
        found |= {Said("biolink:affects", *ends, text): name for word in directions for text in _shift(word)}
    return found


def _shift(direction: str) -> tuple[str, str]:
    """Return the qualifiers that say that an expression is shifted this way, with and without the word for why."""
    told = f"object_aspect_qualifier=expression|object_direction_qualifier={direction}"
    return f"{told}|qualified_predicate=biolink:causes", told
