"""Packet: the patient whom a phenopacket is about, and the events of its elements."""

import hashlib
import re
from typing import Any

from kg.patients.formats.phenopacket.elements import LISTS, events
from kg.patients.formats.phenopacket.members import Json, member, needed, objects
from kg.patients.formats.phenopacket.times import as_age, day, died
from kg.patients.formats.phenopacket.told import Told
from kg.patients.moment import Moment
from kg.patients.private import Private, as_words
from kg.patients.record import Account, LeftOut, Person, Place, Refused

SYSTEM = "phenopacket"
"""The system of a patient's identity, which is the packet's id: a subject's id, such as "II-2" of a pedigree, is
another person's in another packet."""

SEXES = {"MALE": "male", "FEMALE": "female", "OTHER_SEX": "other", "UNKNOWN_SEX": None}

_VERSION = re.compile(r"2(\.\d+)*", re.ASCII)
_NOT_READ = ("biosamples", "files")
_MEMBERS = frozenset(("id", "subject", "metaData", *LISTS, *_NOT_READ))


def read_packet(packet: Json, text: str, place: Place, account: Account) -> Person:
    """Return the patient of a phenopacket, which stands in a text of its own.

    An element that cannot be taken is told to the account, and the others are. Raises `Refused` for a packet of
    another version, without id or subject, or whose elements all are refused.
    """
    check_version(packet)
    identity, subject = needed(packet, "id", str), needed(packet, "subject", dict)
    whole = Told(place, "Phenopacket", (), account)
    if unknown := len(packet.keys() - _MEMBERS):
        whole.leave_out("an element that version 2 does not have", unknown)
    for name in _NOT_READ:
        if packet.get(name):
            whole.leave_out(f"{name} are not read", len(objects(packet, name)))
    before = len(account.rejected)
    stated = tuple(events(packet, whole))
    if not stated and len(account.rejected) > before:
        first = account.rejected[before]
        raise Refused("the packet", f"has no element that can be taken; of the first, {first.element} {first.reason}")
    return Person(
        identity=(SYSTEM, identity),
        place=place,
        events=stated,
        **_about(subject, Told(place, "Individual", (), account)),
        whole=True,
        private=_private(identity, subject),
        digest=hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest(),
    )


def check_version(packet: Json) -> None:
    """Raise `Refused` unless a packet says that it is of version 2: version 1 writes absence otherwise."""
    version = needed(needed(packet, "metaData", dict), "phenopacketSchemaVersion", str)
    if not _VERSION.fullmatch(version.strip()):
        raise Refused(
            "metaData.phenopacketSchemaVersion",
            "is not 2 (2.0, 2.0.2): convert the packet, such as with `pxf convert` of phenopacket-tools",
        )


def _about(subject: Json, told: Told) -> dict[str, Any]:
    """Return what a packet says of the person; what does not hold is told to the account and sets nothing."""
    about: dict[str, Any] = {"sex": None, "born": None, "died": None, "last_seen": None}
    with told.judged():
        about["sex"] = _sex(subject)
    with told.judged():
        about["born"] = day(subject, "dateOfBirth")
    with told.judged():
        about["died"] = _died(subject, about["born"], told)
    with told.judged():
        first, last = told.span(subject, "timeAtLastEncounter")
        about["last_seen"] = as_age(last or first, about["born"])
    return about


def _sex(subject: Json) -> str | None:
    written = member(subject, "sex", str) or "UNKNOWN_SEX"
    if written not in SEXES:
        raise Refused("sex", f"is none of {', '.join(SEXES)}")
    return SEXES[written]


def _died(subject: Json, born: Moment | None, told: Told) -> Moment | None:
    status = member(subject, "vitalStatus", dict) or {}
    if status.get("status") != "DECEASED":
        return None
    try:
        day_of_death = died(status, "timeOfDeath", born)
    except LeftOut as reason:
        told.leave_out(str(reason))
        return None
    if day_of_death is None:
        told.leave_out("a death without its day")
    return day_of_death


def _private(identity: str, subject: Json) -> Private:
    """Return what tells who the patient is: the ids of packet and subject, and the day of birth."""
    others = subject.get("alternateIds")
    ids = [identity, subject.get("id"), subject.get("dateOfBirth"), *(others if isinstance(others, list) else ())]
    told = {as_words(one) for one in ids if isinstance(one, str) and len(one) > 1}
    return Private(frozenset(told - {as_words("")}), frozenset())
