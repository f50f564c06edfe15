"""Beyond: what no arithmetic can answer, told as a mistake of what was given rather than of the program."""

import re
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from traceback import extract_tb

CURE = "expected numbers such as are met in practice, neither without bounds nor next to nothing"
_OURS = tuple(str(Path(__file__).parents[1] / name) for name in ("kg", "gnn", "twin", "panakeia"))
_PLAIN = ("ValueError", "LinAlgError")
_LIBRARIES = tuple(sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib"))
_NUMBERS = tuple(str(Path(sysconfig.get_path("purelib")) / name) for name in ("numpy", "scipy", "sklearn"))
_OF_NUMBERS = re.compile(
    r"\b(nans?|infs?|infinite|infinity|finite|converg\w+|different signs|singular|positive.definite|overflow\w*)\b",
    re.I,
)
"""What a library of numbers says of numbers, as against shapes, types or arguments, which are ours to get right."""


class Unforeseen(RuntimeError):
    """A mistake of the program, not of what was given, in the words of a library: not to be told as the user's."""


@contextmanager
def computable() -> Iterator[None]:
    """Let arithmetic that has no answer be a `ValueError` with the cure, also where a library of numbers says so.

    What any library says otherwise, such as that shapes do not fit, is a mistake of the program: `Unforeseen`.
    """
    try:
        yield
    except ArithmeticError as failure:
        raise ValueError(f"what was asked leads beyond the numbers that can be computed with: {CURE}") from failure
    except ValueError as failure:
        place = _place(failure)
        if type(failure).__name__ not in _PLAIN or not place.startswith(_LIBRARIES) or place.startswith(_OURS):
            raise
        if place.startswith(_NUMBERS) and _OF_NUMBERS.search(str(failure)):
            raise ValueError(f"what was asked cannot be computed ({failure}): {CURE}") from failure
        raise Unforeseen(f"a library refused what the program gave it: {failure}") from failure


def _place(failure: BaseException) -> str:
    """Return the file in which an error was raised."""
    frames = extract_tb(failure.__traceback__)
    return frames[-1].filename if frames else ""
