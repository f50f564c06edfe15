"""What is wrong is told by the parameters of a request: a name of several nodes with what may stand in its place."""

import pytest

from kg.search import AmbiguousName, Node
from panakeia.commands.every import EVERY
from panakeia.desk.wording import by_parameters, in_words_of

BOTH = (Node("DOID:1", "Disease", "Nausea"), Node("UMLS:C1", "SideEffect", "nausea"))
CHOICES = "'nausea' names 2 nodes: DOID:1 (Disease Nausea); UMLS:C1 (SideEffect nausea). Give one of these identifiers"


@pytest.mark.parametrize(
    ("verb", "given", "told"),
    [
        (
            "paths",
            {"a": "x", "b": "nausea"},
            f"b: {CHOICES} as b, or the kind that is meant as kind: Disease or SideEf",
        ),
        ("metapath", {"node": "nausea"}, f"node: {CHOICES} as node"),
        ("export", {"around": ["warfarin", "nausea"]}, f"around: {CHOICES} as around"),
        ("rank", {}, CHOICES),
    ],
)
def test_a_name_of_several_nodes(verb: str, given: dict[str, object], told: str) -> None:
    with pytest.raises(AmbiguousName) as refused, in_words_of(EVERY[verb], given):
        raise AmbiguousName("nausea", BOTH)
    assert str(refused.value).startswith(told) and "--" not in str(refused.value)
    assert refused.value.choices == BOTH


def test_options_are_parameters_but_for_those_of_a_command_line_that_is_told() -> None:
    told = by_parameters(EVERY["twin_dose"], "give --patient ID, or --what-not: `panakeia build --source x`")
    assert told == "give patient ID, or --what-not: `panakeia build --source x`"
    assert by_parameters(EVERY["neighbours"], "leave out --of-kind") == "leave out of_kind"
