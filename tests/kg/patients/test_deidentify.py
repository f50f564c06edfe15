"""Pseudonyms, shifted days, capped ages, keys."""

import hashlib
import json
import logging
from datetime import date, timedelta
from itertools import count, islice, pairwise
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
    record_name,
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


def test_a_record_s_name_is_hmac_sha256() -> None:
    who = pseudonym(b"k" * 32, ("urn:ward", "4711"))
    message = json.dumps(["record", who.curie, "Observation", "o-1"]).encode()
    assert record_name(b"k" * 32, who, ("Observation", "o-1")) == hmac_by_its_definition(b"k" * 32, message)[:20]


def test_pseudonyms_tell_patients_and_keys_apart() -> None:
    patients = [("urn:ward", str(number)) for number in range(3000)] + [("urn:ward4", "711"), ("urn:ward", "4,711")]
    assert len({pseudonym(b"k" * 32, patient).curie for patient in patients}) == len(patients)
    assert pseudonym(b"k" * 32, patients[0]) != pseudonym(b"l" * 32, patients[0])
    assert pseudonym(b"k" * 32, ("a", "bc")).curie != pseudonym(b"k" * 32, ("ab", "c")).curie


def drawn(key: bytes, identity: list[str]) -> int:
    """The first 64 bits of the keyed hash of "date shift" and an identity, reduced to the number of possible shifts."""
    digest = hmac_by_its_definition(key, json.dumps(["date shift", *identity]).encode())
    return int(digest[:16], 16) % 7300


@pytest.mark.parametrize(
    ("draw", "shift"), [(0, -3650), (1, -3649), (3649, -1), (3650, 1), (3651, 2), (7298, 3649), (7299, 3650)]
)
def test_the_draw_between_the_shortest_shifts_is_not_nothing(draw: int, shift: int) -> None:
    secret = b"k" * 32
    (identity,) = islice((who for n in count() if drawn(secret, who := ["urn:ward", str(n)]) == draw), 1)
    assert pseudonym(secret, identity).shift_days == shift


@pytest.mark.parametrize("length", [8, 32, 64, 100])
def test_a_shift_is_a_keyed_hash_of_who_it_is(length: int) -> None:
    for number in range(50):
        identity = ["urn:ward", str(number)]
        draw = drawn(bytes(range(length)), identity)
        shift = [*range(-3650, 0), *range(1, 3651)][draw]
        assert pseudonym(bytes(range(length)), identity).shift_days == shift


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


@pytest.mark.parametrize(
    ("day", "latest", "days"),
    [
        # Days since 1970-01-01, by the number of years and leap days between.
        ("1930-01-03", "2020-01-01", 2 - (40 * 365 + 10)),
        ("1930-01-02", "2020-01-01", None),  # 90 years that begin with a year like 1890 are a day shorter
        ("1930-01-01", "2020-01-01", None),
        ("1890-01-02", "1980-01-01", 1 - (80 * 365 + 19)),
        ("1890-01-01", "1980-01-01", None),
        ("1929-12-31", "2020-01-01", None),
        ("1936-03-01", "2026-02-27", 60 - (34 * 365 + 9)),
        ("1936-02-29", "2026-03-01", None),
        ("0001-01-01", "2020-01-01", None),
        ("2020-01-01", "2020-01-01", 50 * 365 + 12),
    ],
)
def test_no_day_tells_an_age_of_ninety_or_more(day: str, latest: str, days: int | None) -> None:
    moved = shifted_day(date.fromisoformat(day), date.fromisoformat(latest), Pseudonym("PANAKEIA:P-0", 5))
    assert moved == (None if days is None else days + 5)


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


@pytest.mark.parametrize(
    ("born", "latest", "age"),
    [
        ("2020-03-04", "2020-03-04", 0),
        ("2020-07-01", "2020-03-04", 0),  # of a birth date the year is known: the middle of it stands
        ("2020-03-04", "2021-03-03", 0),
        ("2020-03-04", "2021-03-04", 1),
        ("1930-03-04", "2020-03-03", 89),
        ("1930-03-04", "2020-03-04", 90),
        ("1910-03-04", "2020-03-04", 90),
    ],
)
def test_an_age_is_between_0_and_90(born: str, latest: str, age: int) -> None:
    assert capped_age(date.fromisoformat(born), date.fromisoformat(latest)) == age


def test_the_release_is_known_by_its_contents_in_any_order() -> None:
    digest = hmac_by_its_definition(b"k" * 32, b'["release", "a", "b"]')
    assert release_digest(b"k" * 32, ["b", "a"]) == digest[:12]
    assert release_digest(b"k" * 32, ["a", "b"]) == release_digest(b"k" * 32, ["b", "a"])
    assert len({release_digest(secret, digests) for secret in (b"k" * 32, b"l" * 32) for digests in ("a", "ab")}) == 4


def test_a_key_comes_from_the_file_before_the_environment(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "key.txt"
    path.write_text(LONG + "\n", encoding="utf-8")
    path.chmod(0o600)
    with caplog.at_level(logging.WARNING):
        assert load_key(path, {"PANAKEIA_KEY": "another key, also long enough to do"}) == LONG.encode()
        assert load_key(None, {"PANAKEIA_KEY": f" {LONG}\n"}) == LONG.encode()
    assert not caplog.records


def test_weak_and_open_keys_are_warned_about_without_telling_them(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "key.txt"
    path.write_text("swordfish", encoding="utf-8")
    path.chmod(0o644)
    assert load_key(path, {}) == b"swordfish"
    assert "chmod 600" in caplog.text
    assert "9 bytes" in caplog.text
    assert "swordfish" not in caplog.text


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({}, "there is no key"),
        ({"PANAKEIA_KEY": "  "}, "there is no key"),
        ({"PANAKEIA_KEY": "1234567"}, "PANAKEIA_KEY has 7 bytes"),
    ],
)
def test_no_key_is_refused_with_the_cure(environment: dict[str, str], message: str) -> None:
    with pytest.raises(KeyRefused, match=rf"{message}(.|\n)*secrets\.token_hex") as refused:
        load_key(None, environment)
    assert "PANAKEIA_KEY" in str(refused.value)
    assert "1234567" not in str(refused.value)


def test_a_key_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(KeyRefused, match=r"absent\.txt"):
        load_key(tmp_path / "absent.txt", {"PANAKEIA_KEY": LONG})


@pytest.mark.parametrize(
    ("length", "mode", "warnings"),
    [
        (8, 0o600, ["has 8 bytes"]),
        (31, 0o600, ["has 31 bytes"]),
        (32, 0o600, []),
        (32, 0o640, ["chmod 600"]),
        (32, 0o604, ["chmod 600"]),
        (32, 0o700, []),
        (8, 0o644, ["chmod 600", "has 8 bytes"]),
    ],
)
def test_a_key_is_warned_about_for_what_is_weak_in_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, length: int, mode: int, warnings: list[str]
) -> None:
    path = tmp_path / "key.txt"
    path.write_bytes(b"k" * length)
    path.chmod(mode)
    with caplog.at_level(logging.WARNING):
        assert load_key(path, {}) == b"k" * length
    assert len(caplog.messages) == len(warnings)
    assert all(warning in message for warning, message in zip(warnings, caplog.messages, strict=True))


def test_a_key_of_less_than_8_bytes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key.txt"
    path.write_bytes(b" 1234567\n")
    with pytest.raises(KeyRefused, match=r"key\.txt has 7 bytes: expected at least 8, better 32"):
        load_key(path, {})
