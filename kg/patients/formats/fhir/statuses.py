"""Statuses: what a resource says of itself that holds, by the value sets of FHIR R4; anything else is refused.

Stated is what holds: a confirmed condition, a medicine ordered or taken, a result. What is planned, not done or
entered in error is left out with the reason, and a status that cannot be read confirms nothing.
"""

from collections.abc import Mapping

from kg.patients.formats.fhir.codes import hl7_code
from kg.patients.formats.fhir.elements import Json, codings
from kg.patients.record import LeftOut, Refused

HOLDS, ABSENT = "", "absent"

_WRONG = {"entered-in-error": "entered in error"}
_UNKNOWN = {"unknown": "of unknown status"}
_OBSERVED = {
    **dict.fromkeys(("preliminary", "final", "amended", "corrected"), HOLDS),
    **dict.fromkeys(("registered", "unknown"), "not observed yet"),
    "cancelled": "cancelled",
    **_WRONG,
}
_TAKEN = {
    **dict.fromkeys(("active", "on-hold", "completed", "stopped"), HOLDS),
    **dict.fromkeys(("draft", "intended", "cancelled", "not-taken"), "not taken"),
    **_UNKNOWN,
    **_WRONG,
}
_GIVEN = {
    **dict.fromkeys(("in-progress", "on-hold", "completed", "stopped"), HOLDS),
    "not-done": "not done",
    **_UNKNOWN,
    **_WRONG,
}
_HANDED_OVER = {
    "completed": HOLDS,
    **dict.fromkeys(("preparation", "in-progress", "on-hold", "cancelled", "stopped", "declined"), "not handed over"),
    **_UNKNOWN,
    **_WRONG,
}
_DONE = {
    **dict.fromkeys(("completed", "in-progress"), HOLDS),
    **dict.fromkeys(("preparation", "not-done", "on-hold", "stopped"), "not done"),
    **_UNKNOWN,
    **_WRONG,
}
_VISITED = {
    **dict.fromkeys(("arrived", "triaged", "in-progress", "onleave", "finished"), HOLDS),
    **dict.fromkeys(("planned", "cancelled"), "not visited"),
    **_UNKNOWN,
    **_WRONG,
}
_VACCINATED = {"completed": HOLDS, "not-done": "not done", **_WRONG}
_REPORTED = {
    **dict.fromkeys(("partial", "preliminary", "final", "amended", "corrected", "appended"), HOLDS),
    **dict.fromkeys(("registered", "unknown"), "not observed yet"),
    "cancelled": "cancelled",
    **_WRONG,
}
_MEDICATION = {**dict.fromkeys(("active", "inactive"), HOLDS), **_WRONG}

STATUS: Mapping[str, Mapping[str, str]] = {
    "Observation": _OBSERVED,
    "DiagnosticReport": _REPORTED,
    "MedicationRequest": {code: _TAKEN[code] for code in _TAKEN if code not in ("intended", "not-taken")},
    "MedicationStatement": {code: _TAKEN[code] for code in _TAKEN if code not in ("draft", "cancelled")},
    "MedicationAdministration": _GIVEN,
    "MedicationDispense": _HANDED_OVER,
    "Procedure": _DONE,
    "Encounter": _VISITED,
    "Immunization": _VACCINATED,
}
"""A resource type -> the codes of its `status` -> why it is left out, empty for what holds."""

_INTENT = {
    **dict.fromkeys(("order", "original-order", "reflex-order", "filler-order", "instance-order"), HOLDS),
    **dict.fromkeys(("proposal", "plan", "directive", "option"), "planned, not ordered"),
}
_VERIFICATION = {
    "confirmed": HOLDS,
    **dict.fromkeys(("unconfirmed", "provisional", "differential"), "not confirmed"),
    "refuted": ABSENT,
    **_WRONG,
}
_CLINICAL = dict.fromkeys(("active", "recurrence", "relapse", "inactive", "remission", "resolved"), HOLDS)
_CODED = {
    "Condition": (("clinicalStatus", "condition-clinical"), ("verificationStatus", "condition-ver-status")),
    "AllergyIntolerance": (
        ("clinicalStatus", "allergyintolerance-clinical"),
        ("verificationStatus", "allergyintolerance-verification"),
    ),
}


def must_hold(kind: str, resource: Json) -> bool:
    """Say whether a resource states something of its patient: True, or False where it states that it is absent.

    Raises `LeftOut` if it says that it does not hold, `Refused` if what it says cannot be read.
    """
    if kind in _CODED:
        return _verified(kind, resource)
    if kind in STATUS:
        check(resource.get("status"), STATUS[kind], "status")
    if kind == "MedicationRequest":
        check(resource.get("intent"), _INTENT, "intent")
        if resource.get("doNotPerform") not in (None, False):
            raise LeftOut("an order not to give it")
    return True


def medication_must_hold(medication: Json) -> None:
    """Raise `LeftOut` or `Refused` for a Medication that was entered in error, or whose status cannot be read."""
    if medication.get("status") is not None or "_status" in medication:
        check(medication.get("status"), _MEDICATION, "medicationReference.status")


def check(status: object, known: Mapping[str, str], element: str) -> str:
    """Return the status; raises `LeftOut` for one that does not hold, `Refused` for one that FHIR does not know."""
    if not isinstance(status, str) or status not in known:
        raise Refused(element, f"is not one of {', '.join(known)}")
    if known[status] not in (HOLDS, ABSENT):
        raise LeftOut(known[status])
    return status


def _verified(kind: str, resource: Json) -> bool:
    """Say whether a condition or an allergy is confirmed; one that does not say is, as FHIR has it."""
    (clinical, its_codes), (verification, codes) = _CODED[kind]
    present = True
    if _stands(resource, verification):
        status = hl7_code(resource.get(verification), codes, verification)
        present = _VERIFICATION.get(check(status, _VERIFICATION, verification)) == HOLDS
    if _stands(resource, clinical):
        check(hl7_code(resource.get(clinical), its_codes, clinical), _CLINICAL, clinical)
    return present


def _stands(resource: Json, element: str) -> bool:
    return resource.get(element) is not None or f"_{element}" in resource


def data_absent(resource: Json) -> bool:
    """Say whether a result, or a component of it, says that there is no value, and why."""
    reason = resource.get("dataAbsentReason")
    return reason is not None and bool(codings(reason) or reason)
