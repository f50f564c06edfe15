"""De-identification: a key for pseudonyms, shifted days, and capped ages.

A pseudonym is HMAC-SHA256 (RFC 2104) of the patient's identity: whoever lacks the key can neither compute it nor try
out identities, and the same key gives the same pseudonym on any machine. All dates of one patient move by the same
number of days, drawn from the key: intervals stay true, calendar dates do not. Ages of 90 and more are one group, as
in the HIPAA Safe Harbor rule (45 CFR 164.514(b)(2)). What stays is pseudonymous, not anonymous: the pattern of
intervals, codes and values of one patient remains, and whoever holds the key can link.
"""

import hashlib
import hmac
import json
import logging
import os
import re
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

KEY_VARIABLE = "PANAKEIA_KEY"
SHORTEST_KEY = 8
"""Bytes below which a key is refused."""
SOUND_KEY = 32
"""Bytes below which a key is warned about: HMAC wants at least the digest's length (RFC 2104, section 3)."""

LARGEST_SHIFT_DAYS = 3650
OLDEST_AGE_YEARS = 90
TELLING_DAYS = 90 * 365 + 21
"""The days in 90 years, of which at least 21 are leap days: two dates so far apart tell an age of 90 or more."""
_EPOCH = date(1970, 1, 1)
_PSEUDONYM = re.compile(r"(PANAKEIA:)?P-[0-9a-f]{20}")
_ANYWHERE = re.compile(r"P-[0-9a-f]{20}", re.IGNORECASE)
_HOW = f"""make one with: python -c "import secrets; print(secrets.token_hex(32))" > key.txt && chmod 600 key.txt
and give it as --key-file key.txt, or in {KEY_VARIABLE}; the same key gives the same pseudonyms, so keep it"""

_log = logging.getLogger(__name__)


class KeyRefused(ValueError):
    """No key for pseudonyms, or one that is no good."""


@dataclass(frozen=True)
class Pseudonym:
    """Who a patient is in the graph, and by how many days all of the patient's dates are moved."""

    curie: str
    shift_days: int

    @property
    def name(self) -> str:
        """The pseudonym without its prefix."""
        return self.curie.partition(":")[2]


def load_key(key_file: str | Path | None = None, environment: Mapping[str, str] = os.environ) -> bytes:
    """Return the key for pseudonyms from the file, else from PANAKEIA_KEY; white space around it does not count.

    Raises `KeyRefused` without a key or with one of less than 8 bytes. Warns, by logging, of one of less than 32
    bytes and of a file that others may read.
    """
    if key_file is not None:
        try:
            key = Path(key_file).read_bytes().strip()
            open_to_others = bool(Path(key_file).stat().st_mode & (stat.S_IRGRP | stat.S_IROTH))
        except OSError as failure:
            raise KeyRefused(f"the key file {key_file} cannot be read ({failure.strerror}); {_HOW}") from failure
        if open_to_others and os.name == "posix":
            _log.warning("others may read the key file %s: chmod 600 it", key_file)
        origin = f"the key file {key_file}"
    else:
        key = environment.get(KEY_VARIABLE, "").strip().encode()
        origin = KEY_VARIABLE
        if not key:
            raise KeyRefused(f"patients enter under keyed pseudonyms and there is no key; {_HOW}")
    if len(key) < SHORTEST_KEY:
        raise KeyRefused(f"{origin} has {len(key)} bytes: expected at least {SHORTEST_KEY}, better {SOUND_KEY}; {_HOW}")
    if len(key) < SOUND_KEY:
        _log.warning("%s has %d bytes, which may be guessed: better %d random ones", origin, len(key), SOUND_KEY)
    return key


def pseudonym(key: bytes, identity: Sequence[str]) -> Pseudonym:
    """Return the pseudonym of an identity, such as the system and value of a medical record number.

    >>> pseudonym(b"a key of the examples only", ["urn:hospital", "4711"])
    Pseudonym(curie='PANAKEIA:P-05ce0b6b17a2d13b6958', shift_days=1732)
    """
    shift = int.from_bytes(_digest(key, "date shift", identity)[:8], "big") % (2 * LARGEST_SHIFT_DAYS)
    shift -= LARGEST_SHIFT_DAYS
    return Pseudonym(
        curie=f"PANAKEIA:P-{_digest(key, 'pseudonym', identity).hex()[:20]}",
        shift_days=shift if shift < 0 else shift + 1,
    )


def is_pseudonym(text: str) -> bool:
    """Say whether a text looks like a patient's pseudonym, with or without its prefix.

    >>> is_pseudonym("PANAKEIA:P-05ce0b6b17a2d13b6958"), is_pseudonym("P-05CE"), is_pseudonym("4711")
    (True, False, False)
    """
    return _PSEUDONYM.fullmatch(text) is not None


def names_pseudonym(text: str) -> bool:
    """Say whether what looks like a patient's pseudonym stands anywhere in a text, in letters of either case.

    >>> names_pseudonym("rank for p-05CE0b6b17a2d13b6958"), names_pseudonym("P-05ce")
    (True, False)
    """
    return _ANYWHERE.search(text) is not None


def pseudonyms_in(text: str) -> set[str]:
    """Return the pseudonyms of patients that a text names.

    >>> pseudonyms_in("rank for p-05CE0b6b17a2d13b6958")
    {'PANAKEIA:P-05ce0b6b17a2d13b6958'}
    """
    return {f"PANAKEIA:P-{found[2:].lower()}" for found in _ANYWHERE.findall(text)}


def without_pseudonyms(text: str) -> str:
    """Return a text with each patient's pseudonym left out.

    >>> without_pseudonyms("PANAKEIA:P-05ce0b6b17a2d13b6958 has none")
    'PANAKEIA:P-… has none'
    """
    return _ANYWHERE.sub("P-…", text)


def release_digest(key: bytes, digests: Sequence[str]) -> str:
    """Return a short keyed name of contents with these digests, in any order: it tells releases apart, and no more."""
    return _digest(key, "release", sorted(digests)).hex()[:12]


def record_name(key: bytes, who: Pseudonym, identity: Sequence[str]) -> str:
    """Return a keyed name of one of a patient's records, such as a resource by its type and id.

    The same record has the same name in every import; records of two patients never share one.

    >>> record_name(b"a key of the examples only", Pseudonym("PANAKEIA:P-0", 1), ["Observation", "id", "7"])
    'c416eba48d637fa6c032'
    """
    return _digest(key, "record", [who.curie, *identity]).hex()[:20]


def drawn(key: bytes, purpose: str, who: Pseudonym, record: Sequence[str], span: int) -> int:
    """Return a number from 0 to below `span` that the key draws for one of a patient's records.

    >>> drawn(b"a key of the examples only", "day", Pseudonym("PANAKEIA:P-0", 1), ["Condition", "id", "7"], 365)
    329
    """
    return int.from_bytes(_digest(key, purpose, [who.curie, *record])[:8], "big") % span if span > 1 else 0


def epoch_day(day: date) -> int:
    """Return a day as days since 1970-01-01."""
    return (day - _EPOCH).days


def shifted_day(day: date, latest: date, who: Pseudonym) -> int | None:
    """Return a date as days since 1970-01-01 on the patient's shifted calendar.

    A date 90 years or more before the patient's latest record is None, since it would tell an age of 90 or more.

    >>> shifted_day(date(1970, 1, 11), date(2020, 1, 1), Pseudonym("PANAKEIA:P-0", shift_days=-7))
    3
    """
    if (latest - day).days >= TELLING_DAYS:
        return None
    return (day - _EPOCH).days + who.shift_days


def capped_age(born: date, latest: date) -> float:
    """Return the age in whole years at the latest record; 90 stands for 90 and more.

    >>> capped_age(date(1950, 6, 2), date(2020, 6, 1))
    69.0
    >>> capped_age(date(1920, 6, 2), date(2020, 6, 1))
    90.0
    """
    years = latest.year - born.year - ((latest.month, latest.day) < (born.month, born.day))
    return float(min(max(years, 0), OLDEST_AGE_YEARS))


def _digest(key: bytes, purpose: str, parts: Sequence[str]) -> bytes:
    return hmac.new(key, json.dumps([purpose, *parts]).encode(), hashlib.sha256).digest()
