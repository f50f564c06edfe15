"""Files of models: which reader a file is for, and the model it makes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from kg.files.text import FileError
from twin.model import Model
from twin.own.sbml import read_sbml
from twin.own.system import System, model
from twin.own.table import read_table

READERS: dict[str, Callable[[str | Path], System]] = {".xml": read_sbml, ".sbml": read_sbml, ".csv": read_table}
"""How a file is read, by the end of its name; one that is gzipped has .gz behind it."""


def read(path: str | Path) -> Model:
    """Return the model of a file: SBML (.xml, .sbml) or a table (.csv).

    What says the same as before gives the same model, with all that was compiled for it.
    Raises `FileError` that says what is wrong with the file, and `OSError` where it cannot be opened.
    """
    named = Path(str(path).removesuffix(".gz"))
    reader = READERS.get(named.suffix.lower())
    if reader is None:
        raise FileError(f"{path}: expected the name of a file that ends in {', '.join(READERS)}")
    system = reader(path)
    try:
        return _made(_Told(repr(system), system))
    except ValueError as failure:
        raise FileError(f"{path} cannot be a model: {failure}") from None


@dataclass(frozen=True)
class _Told:
    """A system, which is the same as another that says the same."""

    words: str
    system: System = field(compare=False)


@lru_cache(maxsize=16)
def _made(told: _Told) -> Model:
    return model(told.system)
