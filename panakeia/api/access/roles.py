"""Roles: what a caller of the desk may do."""

from dataclasses import dataclass
from typing import Literal, get_args

from panakeia.api.access.refusal import Refusal
from panakeia.verb import DOES, Right

Role = Literal["reader", "designer", "researcher", "clinician", "admin"]
Way = Literal["key", "token", "cookie"]

RIGHTS: dict[Role, frozenset[Right]] = {
    "reader": frozenset({"graph"}),
    "designer": frozenset({"graph", "trials"}),
    "researcher": frozenset({"graph", "patients", "trials"}),
    "clinician": frozenset({"graph", "patients", "trials"}),
    "admin": frozenset(get_args(Right)),
}
"""Every role, from the narrowest to the widest."""


@dataclass(frozen=True)
class Caller:
    """Who asks, as what, and how they showed it; `name` is of the caller, never of a patient.

    `id` is a key's public number: a later key under the same name is another caller.
    """

    name: str
    role: Role
    way: Way
    id: str = ""

    @property
    def owner(self) -> str:
        """Whose jobs and requests theirs are: the same for a key and its page's session, another for an issuer's name.

        >>> Caller("Trial planning", "designer", "cookie", "0a1b2c3d").owner
        'key:0a1b2c3d'
        """
        return f"{'token' if self.way == 'token' else 'key'}:{self.id or self.name}"

    def may(self, right: Right) -> bool:
        """Return whether the caller's role has this right.

        >>> Caller("Trial planning", "designer", "key").may("patients")
        False
        """
        return right in RIGHTS[self.role]

    def require(self, right: Right) -> None:
        """Raise `Forbidden` if the caller's role does not have this right."""
        if not self.may(right):
            raise Forbidden(self.role, right)


class Forbidden(Refusal):
    """A caller who is known and may not; `roles` are those that would do.

    >>> print(Forbidden("reader", "trials"))
    to plan trials takes the role designer, researcher, clinician or admin; yours is reader: ask whoever runs the desk
    """

    status = 403
    slug = "forbidden"

    def __init__(self, role: Role | None, right: Right) -> None:
        self.right, self.roles = right, roles_with(right)
        *others, last = self.roles
        would = f"{', '.join(others)} or {last}" if others else last
        yours = f"yours is {role}" if role else "you have none"
        super().__init__(f"to {DOES[right]} takes the role {would}; {yours}: ask whoever runs the desk")


def roles_with(right: Right) -> tuple[Role, ...]:
    """Return the roles that have a right, from the narrowest to the widest.

    >>> roles_with("write")
    ('admin',)
    """
    return tuple(role for role, rights in RIGHTS.items() if right in rights)


def widest(roles: "frozenset[Role] | set[Role]") -> Role:
    """Return the role that may most; of equals, the last in the list of roles.

    >>> widest({"reader", "designer"})
    'designer'
    """
    return max(roles, key=lambda role: (len(RIGHTS[role]), list(RIGHTS).index(role)))
