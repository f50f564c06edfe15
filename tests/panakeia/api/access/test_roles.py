"""Roles: who may what, and what a 403 says."""

import pytest

from panakeia.api.access.roles import Caller, Forbidden, Right, Role

TABLE = """
reader      graph
designer    graph trials
researcher  graph patients trials
clinician   graph patients trials
admin       graph patients trials write
"""


@pytest.mark.parametrize("line", TABLE.strip().splitlines())
def test_rights(line: str) -> None:
    role, *rights = line.split()
    every: tuple[Right, ...] = ("graph", "patients", "trials", "write")
    asked: Role = role  # type: ignore[assignment]
    assert [right for right in every if Caller("a", asked, "key").may(right)] == rights


def test_a_refusal_names_the_roles_that_would_do() -> None:
    with pytest.raises(Forbidden, match="researcher, clinician or admin; yours is reader") as refused:
        Caller("a", "reader", "key").require("patients")
    assert refused.value.roles == ("researcher", "clinician", "admin")
    assert refused.value.problem()["status"] == 403
    Caller("a", "clinician", "key").require("patients")
