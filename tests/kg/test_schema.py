"""The vocabulary holds together, and its identifiers are Bioregistry's."""

import bioregistry
import pytest

from kg.curie import OWN, CurieError, from_uri, parse, prefixes, to_uri
from kg.schema import NODE_KINDS, RELATIONS
from kg.vocabulary import biology

PUBLIC = sorted(prefixes().keys() - {OWN})


@pytest.mark.parametrize("prefix", PUBLIC)
def test_patterns_are_bioregistrys(prefix: str) -> None:
    resource = bioregistry.get_resource(bioregistry.normalize_prefix(prefix))
    assert resource is not None
    stated = resource.get_pattern() or r"^\S+$"
    assert stated.replace(r"\_", "_").replace("$)", ")").removesuffix("$") == f"^{prefixes()[prefix].pattern}"


@pytest.mark.parametrize("prefix", PUBLIC)
def test_spellings_and_uris_are_bioregistrys(prefix: str) -> None:
    known = prefixes()[prefix]
    assert {bioregistry.normalize_prefix(name) for name in (prefix, *known.synonyms)} <= {
        bioregistry.normalize_prefix(prefix),
        "orphanet.ordo",
    }
    for uri in (known.uri, *known.other_uris):
        assert from_uri(f"{uri}1") == f"{prefix}:1"
    assert from_uri(to_uri(f"{prefix}:1")) == f"{prefix}:1"


def test_every_prefix_of_a_kind_has_a_pattern() -> None:
    assert {prefix for kind in NODE_KINDS.values() for prefix in kind.prefixes} <= prefixes().keys()


def test_every_relation_joins_two_kinds() -> None:
    assert {end for relation in RELATIONS.values() for end in (relation.subject, relation.object)} == NODE_KINDS.keys()
    assert len(RELATIONS) == len(set(RELATIONS))


def test_a_symmetric_relation_joins_a_kind_to_itself() -> None:
    assert all(relation.subject == relation.object for relation in RELATIONS.values() if relation.symmetric)


def test_hetionets_relations_are_all_there() -> None:
    assert len(biology.RELATIONS) == 24


@pytest.mark.parametrize("text", ["", "DB00682", "FOO:1", "DOID:", "DOID:x", "drugbank:682"])
def test_what_is_no_curie_is_refused(text: str) -> None:
    with pytest.raises(CurieError):
        parse(text)
