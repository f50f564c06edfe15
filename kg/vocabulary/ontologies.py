"""Ontologies: how the terms of one kind hang together, so that a broad term leads to the narrow ones."""

from kg.vocabulary.terms import Relation

_PROCESS, _COMPONENT, _FUNCTION = "BiologicalProcess", "CellularComponent", "MolecularFunction"

RELATIONS = (
    Relation("biological_process_is_a_biological_process", _PROCESS, _PROCESS, "biolink:subclass_of"),
    Relation("biological_process_part_of_biological_process", _PROCESS, _PROCESS, "biolink:part_of"),
    Relation(
        "biological_process_regulates_biological_process",
        _PROCESS,
        _PROCESS,
        "biolink:regulates",
        attributes={"direction": "string"},
    ),
    Relation("cellular_component_is_a_cellular_component", _COMPONENT, _COMPONENT, "biolink:subclass_of"),
    Relation("cellular_component_part_of_cellular_component", _COMPONENT, _COMPONENT, "biolink:part_of"),
    Relation("molecular_function_is_a_molecular_function", _FUNCTION, _FUNCTION, "biolink:subclass_of"),
    Relation("molecular_function_part_of_molecular_function", _FUNCTION, _FUNCTION, "biolink:part_of"),
)
"""From the narrow term to the broad one; the network does not learn from them. `direction` is "positive", "negative",
or nothing where the ontology does not say."""
