"""Luck: the published block function and its known answers, tests of chance, and what luck must not hang on."""

import hashlib

import jax.numpy as jnp
import numpy as np
import pytest
from jax.extend.random import threefry_2x32 as threefry_of_jax
from scipy import stats

from twin.model import Floats
from twin.streams import _shares, normals, threefry_2x32, uniforms

PATIENTS = [f"P{number}" for number in range(2000)]
WORD = np.uint32


@pytest.mark.parametrize(
    ("counter", "key", "known"),
    [
        ((0x00000000, 0x00000000), (0x00000000, 0x00000000), (0x6B200159, 0x99BA4EFE)),
        ((0xFFFFFFFF, 0xFFFFFFFF), (0xFFFFFFFF, 0xFFFFFFFF), (0x1CB996FC, 0xBB002BE7)),
        ((0x243F6A88, 0x85A308D3), (0x13198A2E, 0x03707344), (0xC4923A9C, 0x483DF7A0)),
    ],
)
def test_the_blocks_are_the_known_answers(
    counter: tuple[int, int], key: tuple[int, int], known: tuple[int, int]
) -> None:
    """Random123's tests/kat_vectors, threefry2x32 with 20 rounds."""
    words = [(np.array([upper], WORD), np.array([lower], WORD)) for upper, lower in (key, counter)]
    assert tuple(int(word[0]) for word in threefry_2x32(*words)) == known


def block_of_jax(key: list[int], counter: list[int]) -> list[int]:
    return [int(word) for word in threefry_of_jax(jnp.array(key, WORD), jnp.array(counter, WORD))]


def test_the_blocks_are_those_of_jax() -> None:
    key, counters = np.random.default_rng(0).integers(0, 2**32, (2, 1000), dtype=WORD)
    ours = threefry_2x32((key[:1], key[1:2]), (counters[:500], counters[500:]))
    np.testing.assert_array_equal(np.concatenate(ours), threefry_of_jax(jnp.array(key[:2]), jnp.array(counters)))


@pytest.mark.parametrize("patient", ["", "P", "P1", "P12", "Žofie \U0001f9ec"])
def test_a_number_is_its_formula_on_the_blocks_of_jax(patient: str) -> None:
    """SHA-256 names the decision, a chain of blocks over length and characters the patient, one block the number."""
    digest = hashlib.sha256(b"7 dropout").digest()
    key = [int.from_bytes(digest[:4]), int.from_bytes(digest[4:8])]
    codes = [ord(character) for character in patient + "\0" * (len(patient) % 2)]
    for counter in ([0, len(patient)], *(codes[place : place + 2] for place in range(0, len(codes), 2))):
        key = block_of_jax(key, counter)
    upper, lower = block_of_jax(key, [3, 5])
    expected = ((upper >> 6) * 2**26 + (lower >> 6) + 0.5) / 2**52
    together = uniforms(7, "dropout", ["some longer id", patient], 4, 6)
    assert together[1, 3, 5] == expected
    assert normals(7, "dropout", [patient], np.array([3]), np.array([5])).item() == pytest.approx(
        stats.norm.ppf(expected), rel=1e-12
    )


def test_a_number_is_the_same_on_every_machine_and_in_every_release() -> None:
    assert uniforms(7, "dropout", ["P12"]).tolist() == [0.49944658600992275]


def test_no_number_is_0_or_1_and_the_grid_is_even() -> None:
    ends = np.array([0, 2**32 - 1], dtype=WORD)
    assert _shares((ends, ends)).tolist() == [2.0**-53, 1 - 2.0**-53]
    middle = _shares((np.array([2**31 - 1, 2**31], WORD), np.array([2**32 - 1, 0], WORD)))
    assert middle.tolist() == [0.5 - 2.0**-53, 0.5 + 2.0**-53]


LUCK = {
    "patients": uniforms(0, "a", [f"P{number}" for number in range(40_000)]),
    "moments": uniforms(0, "a", ["P"], 40_000)[0],
    "draws": uniforms(0, "a", ["P"], 8_000, 5).ravel(),
    "decisions": np.array([uniforms(0, f"decision {number}", ["P"])[0] for number in range(5_000)]),
    "seeds": np.array([uniforms(number, "a", ["P"])[0] for number in range(5_000)]),
}


@pytest.mark.parametrize("over", LUCK)
def test_numbers_are_uniform_and_neighbours_independent(over: str) -> None:
    """In one, two and three dimensions: a number, it with the next, it with the next two."""
    shares = LUCK[over]
    assert stats.kstest(shares, "uniform").pvalue > 1e-3
    for together, cells in ((2, 16), (3, 6)):
        points = shares[: shares.size // together * together].reshape(-1, together)
        counts, _ = np.histogramdd(points, bins=cells, range=[(0, 1)] * together)
        assert stats.chisquare(counts.ravel()).pvalue > 1e-3
    for apart in (1, 2, 7):
        assert abs(np.corrcoef(shares[:-apart], shares[apart:])[0, 1]) < 4 / np.sqrt(shares.size)


@pytest.mark.parametrize("over", LUCK)
def test_normals_are_normal(over: str) -> None:
    assert stats.kstest(stats.norm.ppf(LUCK[over]), "norm").pvalue > 1e-3
    found = normals(0, "a", PATIENTS, 20)
    np.testing.assert_allclose(found, stats.norm.ppf(uniforms(0, "a", PATIENTS, 20)), rtol=1e-12)
    assert stats.normaltest(found.ravel()).pvalue > 1e-3


def test_every_bit_of_a_number_is_a_fair_coin() -> None:
    numbers = (uniforms(0, "a", PATIENTS, 50).ravel() * 2**52).astype(np.int64)
    ones = (numbers[:, np.newaxis] >> np.arange(52) & 1).sum(axis=0)
    assert stats.chisquare([ones, numbers.size - ones], axis=0).pvalue.min() > 1e-3 / 52


def correlation(some: Floats, others: Floats) -> float:
    return abs(float(np.corrcoef(some.ravel(), others.ravel())[0, 1]))


def test_other_decisions_seeds_patients_and_moments_are_uncorrelated() -> None:
    luck = normals(1, "dropout", PATIENTS, 20)
    bound = 4 / np.sqrt(luck.size)
    assert correlation(luck, normals(2, "dropout", PATIENTS, 20)) < bound
    assert correlation(luck, normals(1, "dropouts", PATIENTS, 20)) < bound
    assert correlation(luck, normals(11, "dropout", PATIENTS, 20)) < bound
    assert correlation(luck, normals(1, "dropout", [name + "0" for name in PATIENTS], 20)) < bound
    assert correlation(luck[:-1], luck[1:]) < bound
    assert correlation(luck[:, :-1], luck[:, 1:]) < bound
    between = np.corrcoef(luck, rowvar=False)[np.triu_indices(20, 1)]
    assert np.abs(between).max() < 4.5 / np.sqrt(len(PATIENTS))


def test_luck_hangs_on_neither_order_nor_company_nor_length() -> None:
    whole = uniforms(1, "a", PATIENTS, 30)
    order = np.random.default_rng(0).permutation(len(PATIENTS))
    np.testing.assert_array_equal(uniforms(1, "a", [PATIENTS[place] for place in order], 30), whole[order])
    np.testing.assert_array_equal(uniforms(1, "a", ["x" * 999, *PATIENTS[5:7]], 30)[1:], whole[5:7])
    np.testing.assert_array_equal(uniforms(1, "a", PATIENTS, 100_000 // 2000)[:, :30], whole)
    np.testing.assert_array_equal(uniforms(1, "a", PATIENTS, np.array([29, 0])), whole[:, [29, 0]])
    np.testing.assert_array_equal(uniforms(1, "a", PATIENTS[:3], 40_000)[:, :30], whole[:3])


def test_first_draws_and_parameters_are_the_same_however_many_are_asked() -> None:
    many = normals(1, "parameters", PATIENTS[:50], 400, 7)
    assert many.shape == (50, 400, 7)
    np.testing.assert_array_equal(normals(1, "parameters", PATIENTS[:50], 3, 6), many[:, :3, :6])
    np.testing.assert_array_equal(normals(1, "parameters", PATIENTS[:50], 400), many[:, :, 0])
    np.testing.assert_array_equal(normals(1, "parameters", PATIENTS[:50]), many[:, 0, 0])
    assert np.unique(many).size == many.size


def test_ids_that_look_alike_have_luck_of_their_own() -> None:
    alike = ["", " ", "a", "a ", " a", "A", "aa", "a\0b", "ab", "ba", "P1", "P10", "P01", "1", "10", "01", "100"]
    alike += ["\u00e9", "e\u0301", "\u0430", "\uff41", "\U0001f9ec", "\U0001f9ec\U0001f9ec", "a" * 64, "a" * 65]
    assert np.unique(uniforms(0, "a", alike)).size == len(set(alike)) == len(alike)
    many = [f"{site}-{number}" for site in ("A", "B", "1", "10", "100") for number in range(40_000)]
    assert np.unique(uniforms(0, "a", many)).size == len(many)


def test_one_changed_character_changes_half_of_the_bits() -> None:
    numbers = [
        (uniforms(0, "a", [f"{before}{number:04d}{after}" for number in range(2000)]) * 2**52).astype(np.int64)
        for before, after in (("P", "x"), ("P", "y"), ("Q", "x"))
    ]
    for changed in numbers[1:]:
        flipped = np.bitwise_count(numbers[0] ^ changed)
        assert flipped.mean() == pytest.approx(26, abs=4 * np.sqrt(13 / 2000))


def test_ids_come_as_any_sequence_of_texts() -> None:
    expected = uniforms(0, "a", ["b", "abc"], 2).tolist()
    for dtype in ("<U3", ">U9", object):
        assert uniforms(0, "a", np.array(["b", "abc"], dtype=dtype), 2).tolist() == expected
    strided = np.array(["b", "x", "abc", "x"])[::2]
    assert uniforms(0, "a", strided, 2).tolist() == uniforms(0, "a", ("b", "abc"), 2).tolist() == expected


def test_of_nobody_and_no_moment_there_is_nothing() -> None:
    assert uniforms(0, "a", []).shape == (0,)
    assert uniforms(0, "a", [], 3).shape == (0, 3)
    assert normals(0, "a", PATIENTS, 0).shape == (2000, 0)
    assert normals(0, "a", PATIENTS, 4, 0).shape == (2000, 4, 0)


def test_seeds_and_moments_may_be_large_or_of_numpy() -> None:
    assert uniforms(10**40, "a", ["P"]) != uniforms(10**40 + 1, "a", ["P"])
    assert uniforms(int(np.int64(3)), "a", ["P"], 2).tolist() == uniforms(np.int64(3), "a", ["P"], np.int64(2)).tolist()
    late = uniforms(0, "a", ["P"], np.array([2**32 - 1, 0], dtype=np.uint64))
    assert np.unique(late).size == 2 and late[0, 1] == uniforms(0, "a", ["P"])[0]


@pytest.mark.parametrize(
    "moments", [-1, 2**32, np.array([-1]), np.array([2**32]), np.array([1.0]), np.eye(2, dtype=int)]
)
def test_moments_that_are_none_are_refused(moments: int) -> None:
    with pytest.raises(ValueError, match="expected a number of them, or whole numbers from 0 to"):
        uniforms(0, "a", ["P"], moments)


def test_what_cannot_be_luck_is_refused() -> None:
    with pytest.raises(ValueError, match="the seed is -1; expected a whole number from 0"):
        normals(-1, "a", ["P"])
    with pytest.raises(ValueError, match="the patients are the text 'P1'; expected a sequence of ids"):
        normals(0, "a", "P1")
    with pytest.raises(ValueError, match="got 3 axes of moments, expected at most 2"):
        normals(0, "a", ["P1"], 1, 2, 3)
