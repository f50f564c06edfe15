"""Pseudonyms, shifted days, capped ages, keys."""

import hashlib
import json
import logging
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from kg.curie import parse
from kg.patients.deidentify import (
    LARGEST_SHIFT_DAYS,
    KeyRefused,
    Pseudonym,
    capped_age,
    load_key,
    pseudonym,
    release_digest,
    shifted_day,
)

LONG = "0123456789abcdef" * 4


def hmac_by_its_definition(key: bytes, message: bytes) -> str:
    """HMAC-SHA256 as RFC 2104 writes it, without Python's hmac."""
    block = (key if len(key) <= 64 else hashlib.sha256(key).digest()).ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block) + message).digest()
    return hashlib.sha256(bytes(byte ^ 0x5C for byte in block) + inner).hexdigest()


@pytest.mark.parametrize("length", [8, 32, 64, 100])
def test_a_pseudonym_is_hmac_sha256(length: int) -> None:
    secret = bytes(range(length))
    message = json.dumps(["pseudonym", "urn:ward", "4711"]).encode()
    who = pseudonym(secret, ("urn:ward", "4711"))
    assert who.curie == "PANAKEIA:P-" + hmac_by_its_definition(secret, message)[:20]
    assert str(parse(who.curie)) == who.curie
    assert who.name == who.curie.removeprefix("PANAKEIA:")


def test_pseudonyms_tell_patients_and_keys_apart() -> None:
    patients = [("urn:ward", str(number)) for number in range(3000)] + [("urn:ward4", "711"), ("urn:ward", "4,711")]
    assert len({pseudonym(b"k" * 32, patient).curie for patient in patients}) == len(patients)
    assert pseudonym(b"k" * 32, patients[0]) != pseudonym(b"l" * 32, patients[0])
    assert pseudonym(b"k" * 32, ("a", "bc")).curie != pseudonym(b"k" * 32, ("ab", "c")).curie


def test_shifts_are_uniform_and_never_nothing() -> None:
    shifts = np.array([pseudonym(b"k" * 32, ("urn:ward", str(number))).shift_days for number in range(4000)])
    assert not (shifts == 0).any()
    assert np.abs(shifts).max() <= LARGEST_SHIFT_DAYS
    # A uniform variable on +-c has mean 0 and variance c^2 / 3: both within five standard errors.
    assert abs(shifts.mean()) < 5 * LARGEST_SHIFT_DAYS / np.sqrt(3 * len(shifts))
    assert shifts.var() == pytest.approx(LARGEST_SHIFT_DAYS**2 / 3, rel=5 * np.sqrt(0.8 / len(shifts)))


def test_intervals_survive_the_shift() -> None:
    days = [date(1999, 12, 31) + timedelta(days=int(step)) for step in np.random.default_rng(3).integers(0, 9000, 200)]
    who = pseudonym(b"k" * 32, ("urn:ward", "1"))
    shifted = [shifted_day(day, max(days), who) for day in days]
    assert None not in shifted
    assert [(a or 0) - (b or 0) for a, b in pairwise(shifted)] == [(a - b).days for a, b in pairwise(days)]


def test_no_day_tells_an_age_of_ninety_or_more() -> None:
    who, latest = Pseudonym("PANAKEIA:P-0", 5), date(2020, 1, 1)
    assert shifted_day(date(1930, 1, 3), latest, who) is not None
    assert shifted_day(date(1929, 12, 31), latest, who) is None


def test_an_age_is_the_number_of_birthdays() -> None:
    random = np.random.default_rng(11)
    for _ in range(300):
        born = date(1900, 1, 1) + timedelta(days=int(random.integers(0, 40000)))
        latest = born + timedelta(days=int(random.integers(0, 40000)))
        birthdays = sum(
            (year, born.month, born.day) <= (latest.year, latest.month, latest.day)
            for year in range(born.year + 1, latest.year + 1)
        )
        assert capped_age(born, latest) == min(birthdays, 90)


def test_the_release_is_known_by_its_contents_in_any_order() -> None:
    assert release_digest(b"k" * 32, ["a", "b"]) == release_digest(b"k" * 32, ["b", "a"])
    assert len({release_digest(secret, digests) for secret in (b"k" * 32, b"l" * 32) for digests in ("a", "ab")}) == 4


def test_a_key_comes_from_the_file_before_the_environment(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "key.txt"
    path.write_text(LONG + "\n")
    path.chmod(0o600)
    with caplog.at_level(logging.WARNING):
        assert load_key(path, {"PANAKEIA_KEY": "another key, also long enough to do"}) == LONG.encode()
        assert load_key(None, {"PANAKEIA_KEY": f" {LONG}\n"}) == LONG.encode()
    assert not caplog.records


def test_weak_and_open_keys_are_warned_about_without_telling_them(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "key.txt"
    path.write_text("swordfish")
    path.chmod(0o644)
    assert load_key(path, {}) == b"swordfish"
    assert "chmod 600" in caplog.text
    assert "9 bytes" in caplog.text
    assert "swordfish" not in caplog.text


@pytest.mark.parametrize("environment", [{}, {"PANAKEIA_KEY": "  "}, {"PANAKEIA_KEY": "1234567"}])
def test_no_key_is_refused_with_the_cure(environment: dict[str, str]) -> None:
    with pytest.raises(KeyRefused, match=r"secrets\.token_hex") as refused:
        load_key(None, environment)
    assert "PANAKEIA_KEY" in str(refused.value)
    assert "1234567" not in str(refused.value)


def test_a_key_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(KeyRefused, match=r"absent\.txt"):
        load_key(tmp_path / "absent.txt", {"PANAKEIA_KEY": LONG})
