"""Named random streams: the same name gives the same luck, in every arm and in every order of asking."""

import hashlib

import numpy as np


def stream(seed: int, *names: str | int) -> np.random.Generator:
    """Return the random stream of this seed and these names.

    Streams of different seeds or names are independent. A stream depends on nothing else: not on what was drawn
    before, nor on the machine (SHA-256 of the name keys NumPy's PCG64).

    >>> stream(1, "patient", 12, "dropout").random() == stream(1, "patient", 12, "dropout").random()
    True
    >>> stream(1, "patient", 12).random() == stream(1, "patient", 13).random()
    False
    """
    if seed < 0:
        raise ValueError(f"the seed is {seed}; expected a whole number from 0")
    digest = hashlib.sha256(
        repr((int(seed), tuple(name if isinstance(name, str) else int(name) for name in names))).encode()
    ).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16])))
