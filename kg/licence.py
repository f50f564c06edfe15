"""Licences: which uses of an edge they forbid."""

import re

USES = ("commercial",)
"""The uses that a build can be made for."""

NOT_STATED = frozenset({"", "NOASSERTION"})
"""What SPDX says where nobody states a licence: it forbids nothing, and permits nothing either."""


class UseError(ValueError):
    """A use that licences are not known for."""


def forbids(licence: str, use: str) -> bool:
    """Return whether a licence, as an SPDX identifier, forbids a use; one that is not stated does not.

    >>> forbids("CC-BY-NC-SA-4.0", "commercial"), forbids("CC-BY-SA-4.0", "commercial")
    (True, False)
    """
    if use not in USES:
        raise UseError(f"{use!r} is no use that licences are looked at for: expected {' or '.join(USES)}")
    return bool(re.search(r"(^|-)NC(-|$)", licence))
