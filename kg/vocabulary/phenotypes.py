"""Phenotypes: the signs of diseases, in the terms of the Human Phenotype Ontology."""

from kg.vocabulary.terms import NodeKind, Relation

KINDS = (NodeKind("Phenotype", "biolink:PhenotypicFeature", ("HP", "SNOMEDCT", "MP", "UMLS")),)

RELATIONS: tuple[Relation, ...] = ()
