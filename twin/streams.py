"""Luck by name: a number hangs on seed, decision, patient and moment alone, however many are asked, in which order.

Numbers are counted, not drawn in turn. F is Threefry-2x32 with 20 rounds, which takes a key and a counter of 64 bits
each to 64 bits that look like chance (Salmon 2011, doi:10.1145/2063384.2063405):

    decision = the first 64 bits of SHA-256 of "<seed> <decision>"
    patient = F(... F(F(F(decision, (0, length of the id)), characters 1 and 2), characters 3 and 4) ...)
    number = F(patient, (moment, 0)), 52 bits of it, which name a point of an even grid on (0, 1)

A second axis of moments stands in place of the 0. The length stands first, so that the chain of one id is never the
beginning of another's. Any two of n patients share their luck with probability n²/2⁶⁵: 1 in 9 million for two million.
"""

import hashlib
import operator
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from twin.model import Floats

Words = NDArray[np.uint32]
Block = tuple[Words, Words]
"""64 bits each, the upper 32 first."""
Moments = int | NDArray[np.integer]
"""How many moments, from 0 on, or which ones: whole numbers from 0 to 2³² - 1."""

_PARITY = np.uint32(0x1BD11BDA)
_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
_NOTHING: Words = np.zeros(1, dtype=np.uint32)
_AT_ONCE = 1 << 15
"""Numbers computed at once: the few arrays that a round goes through stay in the processor's cache."""


def uniforms(seed: int, decision: str, patients: Sequence[str] | NDArray[np.str_], *moments: Moments) -> Floats:
    """Return a number of the open interval (0, 1) for each patient and moment: [patient, moment].

    A moment is a place on one axis (a day), on two ([patient, draw, parameter]), or there is one only: [patient]. An
    axis that is not asked for is its place 0. A patient is a text; a NUL at its end does not count.

    Raises `ValueError` for a negative seed, a text in place of patients, more than two axes, or moments that are not
    whole numbers from 0 to 2³² - 1.

    >>> week, month = (uniforms(1, "adherence", ["P1", "P2"], days) for days in (7, 28))
    >>> bool((week == month[:, :7]).all()), bool((month[1:] == uniforms(1, "adherence", ["P2"], 28)).all())
    (True, True)
    """
    if isinstance(patients, str):
        raise ValueError(f"the patients are the text {patients!r}; expected a sequence of ids")
    if len(moments) > 2:
        raise ValueError(f"got {len(moments)} axes of moments, expected at most 2")
    keys, axes = _patient_keys(_key(seed, decision), patients), [_places(axis) for axis in moments]
    counters = [axis.ravel() for axis in np.meshgrid(*axes, *[_NOTHING] * (2 - len(axes)), indexing="ij")]
    shares = np.empty((len(patients), counters[0].size))
    rows = max(1, _AT_ONCE // max(1, counters[0].size))
    for first in range(0, len(patients), rows):
        some = shares[first : first + rows]
        upper, lower = (np.repeat(word[first : first + rows], counters[0].size) for word in keys)
        left, right = (np.tile(counter, len(some)) for counter in counters)
        some[:] = _shares(threefry_2x32((upper, lower), (left, right))).reshape(some.shape)
    return shares.reshape(len(patients), *(axis.size for axis in axes))


def normals(seed: int, decision: str, patients: Sequence[str] | NDArray[np.str_], *moments: Moments) -> Floats:
    """Return a standard normal number for each patient and moment: the quantile at the one of `uniforms`.

    None lies beyond ±8.3.
    """
    shares = uniforms(seed, decision, patients, *moments)
    return ndtri(shares, out=shares)


def threefry_2x32(key: Block, counter: Block) -> Block:
    """Return the block of this key and counter: Threefry with two words of 32 bits, 20 rounds.

    >>> zero = np.zeros(1, np.uint32)
    >>> [f"{word[0]:08x}" for word in threefry_2x32((zero, zero), (zero, zero))]
    ['6b200159', '99ba4efe']
    """
    schedule = (*key, key[0] ^ key[1] ^ _PARITY)
    left, right = counter[0] + key[0], counter[1] + key[1]
    wrapped = np.empty_like(right)
    for group in range(5):
        for rotation in _ROTATIONS[group % 2]:
            left += right
            np.right_shift(right, 32 - rotation, out=wrapped)
            right <<= rotation
            right |= wrapped
            right ^= left
        left += schedule[(group + 1) % 3]
        right += schedule[(group + 2) % 3]
        right += group + 1
    return left, right


def _key(seed: int, decision: str) -> Block:
    """Return the key of a decision, [1]."""
    if operator.index(seed) < 0:
        raise ValueError(f"the seed is {seed}; expected a whole number from 0")
    digest = hashlib.sha256(f"{operator.index(seed)} {decision}".encode()).digest()
    upper, lower = np.frombuffer(digest[:8], dtype=">u4").astype(np.uint32)
    return np.array([upper]), np.array([lower])


def _patient_keys(key: Block, patients: Sequence[str] | NDArray[np.str_]) -> Block:
    """Return the key of each patient, [patient] each."""
    upper, lower = np.empty(len(patients), np.uint32), np.empty(len(patients), np.uint32)
    for first in range(0, len(patients), _AT_ONCE):
        some = slice(first, first + _AT_ONCE)
        upper[some], lower[some] = _chained(key, np.array(patients[some], dtype=np.str_))
    return upper, lower


def _chained(key: Block, ids: NDArray[np.str_]) -> Block:
    """Return the key of each id, [patient] each; it does not depend on the longest id among them."""
    lengths = np.strings.str_len(ids).astype(np.uint32)
    characters = ids.astype(ids.dtype.newbyteorder("=")).view(np.uint32).reshape(ids.size, -1)
    keys = threefry_2x32(key, (np.zeros_like(lengths), lengths))
    for place in range(0, characters.shape[1], 2):
        first, *second = characters[:, place : place + 2].T
        chained = threefry_2x32(keys, (first, *second, np.zeros_like(first))[:2])
        upper, lower = (np.where(lengths > place, new, old) for new, old in zip(chained, keys, strict=True))
        keys = upper, lower
    return keys


def _places(moments: Moments) -> Words:
    """Return the places on an axis of moments, [moment]."""
    asked = np.asarray(moments)
    possible = asked.dtype.kind in "iu" and asked.ndim <= 1
    if not possible or (asked.size and not 0 <= asked.min() <= asked.max() < 2**32):
        raise ValueError(f"the moments are {moments!r}; expected a number of them, or whole numbers from 0 to 2³² - 1")
    return asked.astype(np.uint32) if asked.ndim else np.arange(int(asked), dtype=np.uint32)


def _shares(bits: Block) -> Floats:
    """Return the middle of the one of 2⁵² equal parts of (0, 1) that the upper 26 bits of both words name."""
    shares = (bits[0] >> 6).astype(np.float64)
    shares *= 2.0**26
    shares += bits[1] >> 6
    shares += 0.5
    shares *= 2.0**-52
    return shares
