"""Beyond: what no arithmetic can answer, told as a mistake of what was given rather than of the program."""

import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from traceback import extract_tb

CURE = "expected numbers such as are met in practice, neither without bounds nor next to nothing"
_OURS = tuple(str(Path(__file__).parents[1] / name) for name in ("kg", "gnn", "twin", "panakeia"))
_LIBRARIES = tuple(sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib"))


@contextmanager
def computable() -> Iterator[None]:
    """Let arithmetic that has no answer, and what a library of numbers cannot do, be a `ValueError` with the cure."""
    try:
        yield
    except ArithmeticError as failure:
        raise ValueError(f"what was asked leads beyond the numbers that can be computed with: {CURE}") from failure
    except ValueError as failure:
        if type(failure) is not ValueError or not _is_a_library_s(failure):
            raise
        raise ValueError(f"what was asked cannot be computed ({failure}): {CURE}") from failure


def _is_a_library_s(failure: BaseException) -> bool:
    """Return whether an error was raised in a library, whose words do not say what to do."""
    frames = extract_tb(failure.__traceback__)
    place = frames[-1].filename if frames else ""
    return place.startswith(_LIBRARIES) and not place.startswith(_OURS)
