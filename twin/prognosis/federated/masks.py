"""Masks: what a site adds to its sums so that nobody reads them, and that cancels in the sum over all sites.

Each two sites agree on a secret by Diffie and Hellman's exchange, in the 2048-bit group of RFC 3526; each stretches it
to a stream by SHAKE-256, bound to the very ask that is answered; one adds the stream and the other takes it away.
Numbers are counted in units of 2^-64, in whole numbers modulo 2^128: so the masks cancel to the last bit, and a sum is
within 2^-65 for each site of the sum of what they hold. Bonawitz K et al. Practical secure aggregation. CCS 2017,
without its recovery of who drops out: a round that a site does not answer is asked anew of the others.

They protect from a coordinator that follows the protocol and looks at what it gets. One that hands out keys of its own
could take the masks off: so a site that holds a `pledge`, a secret that the sites share and the coordinator does not
know, takes only keys that are signed with it.
"""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np

from twin.model import Floats
from twin.prognosis.federated.refusal import SiteRefused, SiteRefuses
from twin.prognosis.federated.wire import WORD

PRIME = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F"
    "83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"
    "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510"
    "15728E5A8AACAA68FFFFFFFFFFFFFFFF",
    16,
)
"""2^2048 - 2^1984 - 1 + 2^64 * ([2^1918 pi] + 124476): group 14 of RFC 3526, whose generator is 2."""
_KEY, _TAG = 512, 64
"""Digits in hex of a public key, and of its signature."""
_EXPONENT = 320
"""Bits of a secret exponent: twice the 110 to 160 bits of strength that RFC 3526 counts for the group."""
_UNITS, _MODULUS = 1 << 64, 1 << 128
_LARGEST = float(1 << 62)
"""Sums beyond this do not fit."""


@dataclass(frozen=True)
class Keys:
    """A site's secret exponent and the public key that others are given, with its signature where there is a pledge."""

    secret: int
    public: str
    pledge: bytes | None = None

    @classmethod
    def new(cls, pledge: bytes | None = None) -> "Keys":
        """Return new keys, from the system's own randomness."""
        secret = secrets.randbits(_EXPONENT) | 1 << _EXPONENT - 1
        number = f"{pow(2, secret, PRIME):0{_KEY}x}"
        return cls(secret, number + (_signature(pledge, number) if pledge is not None else ""), pledge)

    def shared(self, public: str) -> bytes:
        """Return the secret shared with whoever has this public key; raises `SiteRefuses` for what is none."""
        if self.pledge is not None and not hmac.compare_digest(public[_KEY:], _signature(self.pledge, public[:_KEY])):
            raise SiteRefuses("a peer's key is not signed with the pledge that the sites share: nothing is sent")
        number = int(public[:_KEY], 16)
        if not 1 < number < PRIME - 1 or len(public) not in (_KEY, _KEY + _TAG):
            raise SiteRefuses("a peer's key is no key of the group: nothing is sent")
        return _agreed(number, self.secret)


def masked(values: Floats, keys: Keys, peers: Sequence[str], ask: str) -> list[int]:
    """Return values, hidden, in words; `ask` is the digest of what is answered, which no mask is used for twice.

    Raises `SiteRefuses` where the site is not among the peers, a key is there twice, or a value does not fit.
    """
    if keys.public not in peers or len(set(peers)) != len(peers):
        raise SiteRefuses("the peers do not name this site's key, or name a key twice: nothing is sent")
    words = [_fixed(float(value)) for value in values]
    for peer in peers:
        if peer != keys.public:
            sign = 1 if keys.public < peer else -1
            stream = _stream(keys.shared(peer), ask, len(words))
            words = [(word + sign * other) % _MODULUS for word, other in zip(words, stream, strict=True)]
    return words


def unmasked(answers: Sequence[Sequence[int]]) -> Floats:
    """Return the sum of all sites' words as numbers, [value]; raises `SiteRefused` where their number differs."""
    if len({len(words) for words in answers}) != 1:
        raise SiteRefused("sites send different numbers of sums")
    totals = [sum(words) % _MODULUS for words in zip(*answers, strict=True)]
    signed = [total - _MODULUS if total >= _MODULUS // 2 else total for total in totals]
    return np.array([float(Fraction(total, _UNITS)) for total in signed])


@lru_cache(maxsize=4096)
def _agreed(public: int, secret: int) -> bytes:
    return hashlib.sha256(pow(public, secret, PRIME).to_bytes(_KEY // 2, "big")).digest()


def _fixed(value: float) -> int:
    if not abs(value) < _LARGEST:
        raise SiteRefuses("a sum is too large to be masked, or no number: scale the columns")
    return round(Fraction(value) * _UNITS) % _MODULUS


def _stream(shared: bytes, ask: str, length: int) -> list[int]:
    raw = hashlib.shake_256(shared + ask.encode("ascii")).digest(WORD * length)
    return [int.from_bytes(raw[place : place + WORD], "little") for place in range(0, len(raw), WORD)]


def _signature(pledge: bytes, number: str) -> str:
    return hmac.new(pledge, b"panakeia federated key " + number.encode("ascii"), hashlib.sha256).hexdigest()
