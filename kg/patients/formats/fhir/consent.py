"""Consent in FHIR: whether a patient lets their record be used for research, by the newest Consent that says so."""

from collections.abc import Iterable, Iterator
from datetime import date

from kg.patients.formats.fhir.codes import hl7_code
from kg.patients.formats.fhir.elements import Json, codings, member, must_be_known, objects
from kg.patients.formats.fhir.statuses import HOLDS, check
from kg.patients.formats.fhir.times import when
from kg.patients.moment import Moment
from kg.patients.record import LeftOut
from kg.schema import GIVEN, WITHDRAWN

Decision = tuple[date, int, str]
"""From when, at which minute, and what was decided."""

_STATUS = {
    **dict.fromkeys(("active", "inactive", "rejected"), HOLDS),
    **dict.fromkeys(("draft", "proposed"), "not decided yet"),
    "entered-in-error": "entered in error",
}
_SCOPES = ("research", "patient-privacy")
_RESEARCH = frozenset(("HRESCH", "CLINTRCH", "BIORCH", "CLINTRCHNPC", "CLINTRCHPC", "DSRCH", "POARCH", "TRANSRCH"))
"""HL7's purposes of use (v3-ActReason) that are research."""
_POLICIES = {"OPTIN": "permit", "OPTOUT": "deny", "OPTOUTE": "deny"}


def decision(consent: Json) -> Decision:
    """Return what a Consent decides of research; raises `LeftOut` if nothing, `Refused` if it cannot be read.

    A consent that was rejected or is no longer active is withdrawn. One about the record's privacy as a whole can
    withdraw, and cannot give: only one about research does.
    """
    must_be_known(consent)
    status = check(consent.get("status"), _STATUS, "status")
    scope = hl7_code(consent.get("scope"), "consentscope", "scope")
    if scope not in _SCOPES:
        raise LeftOut("a consent that is not about research")
    at = when(consent, "dateTime")[0]
    first, minute = (at.first, at.minute or 0) if isinstance(at, Moment) else (date.min, 0)
    allowed = _allowed(consent) if status == "active" else False
    if allowed is None or (allowed and scope != "research"):
        raise LeftOut("a consent that does not say what it is of research")
    return first, minute, GIVEN if allowed else WITHDRAWN


def newest(decisions: Iterable[Decision]) -> str | None:
    """Return the newest decision; of two of the same moment, that which withdraws."""
    return max(decisions, key=lambda found: (*found[:2], found[2] == WITHDRAWN), default=(None, None, None))[2]


def _allowed(consent: Json) -> bool | None:
    """Say whether an active consent allows research: by its provision, the exceptions to it, else its policy."""
    provision = consent.get("provision")
    root = member(provision, "type")
    if root is None:
        policies = {code for code in (coding.get("code") for coding in codings(consent.get("policyRule")))}
        stated = {_POLICIES[code] for code in policies if code in _POLICIES}
        root = stated.pop() if len(stated) == 1 else None
    if root not in ("permit", "deny"):
        return None
    allowed = bool(root == "permit")
    if allowed and _purposes(provision) and not _purposes(provision) & _RESEARCH:
        return None
    for exception in _exceptions(provision):
        must_be_known(exception, "provision.")
        purposes = _purposes(exception)
        if exception.get("type") == "deny" and (not purposes or purposes & _RESEARCH):
            return False
        if exception.get("type") == "permit" and purposes & _RESEARCH:
            allowed = True
    return allowed


def _exceptions(provision: object) -> Iterator[Json]:
    for inner in objects(member(provision, "provision")):
        yield inner
        yield from _exceptions(inner)


def _purposes(provision: object) -> frozenset[str]:
    return frozenset(str(purpose.get("code")) for purpose in objects(member(provision, "purpose")))
