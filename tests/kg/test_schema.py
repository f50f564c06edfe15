"""The vocabulary holds together, and its identifiers are Bioregistry's."""

import bioregistry
import pytest

from kg.curie import PATTERNS, CurieError, parse
from kg.schema import NODE_KINDS, RELATIONS

PUBLIC = sorted(PATTERNS.keys() - {"PANAKEIA"})


@pytest.mark.parametrize("prefix", PUBLIC)
def test_patterns_are_bioregistrys(prefix: str) -> None:
    resource = bioregistry.get_resource(prefix.lower())
    assert resource is not None
    assert resource.get_pattern().replace(r"\_", "_") == f"^{PATTERNS[prefix]}$"


def test_every_prefix_of_a_kind_has_a_pattern() -> None:
    assert {prefix for kind in NODE_KINDS.values() for prefix in kind.prefixes} <= PATTERNS.keys()


def test_every_relation_joins_two_kinds() -> None:
    assert {end for relation in RELATIONS.values() for end in (relation.subject, relation.object)} == NODE_KINDS.keys()


def test_a_symmetric_relation_joins_a_kind_to_itself() -> None:
    assert all(relation.subject == relation.object for relation in RELATIONS.values() if relation.symmetric)


def test_hetionets_relations_and_the_patients_are_all_there() -> None:
    patients = [name for name in RELATIONS if name.startswith(("patient_", "variant_"))]
    predicted = [relation for relation in RELATIONS.values() if relation.predicted]
    assert len(patients) == 8
    assert len(RELATIONS) - len(patients) - len(predicted) == 24


@pytest.mark.parametrize("text", ["", "DB00682", "FOO:1", "DOID:", "DOID:x", "drugbank:682"])
def test_what_is_no_curie_is_refused(text: str) -> None:
    with pytest.raises(CurieError):
        parse(text)
