"""Reach: which files a file may name. One of one's own names any; one that a stranger sent, only what came with it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, Strict

_FOLDER: ContextVar[Path | None] = ContextVar("the folder that files reach", default=None)


@contextmanager
def within(folder: str | Path) -> Iterator[None]:
    """Let files that are read meanwhile, in this thread, name files of this folder alone."""
    before = _FOLDER.set(Path(folder).resolve())
    try:
        yield
    finally:
        _FOLDER.reset(before)


def is_sent() -> bool:
    """Return whether what is read now was sent by a stranger."""
    return _FOLDER.get() is not None


def reached(name: str) -> str:
    """Return the name of a file that another file names; raises `ValueError` where that may not be reached.

    >>> with within("/srv/sent"):
    ...     reached("/etc/passwd")
    Traceback (most recent call last):
    ValueError: got the file '/etc/passwd', expected none: what is sent reaches no file of this machine; put what it says into the text that is sent, or ask on the command line
    """  # noqa: E501 - doctest compares a message as one line
    folder = _FOLDER.get()
    if folder is not None and not Path(name).resolve().is_relative_to(folder):
        raise ValueError(
            f"got the file {name!r}, expected none: what is sent reaches no file of this machine; put what it says "
            "into the text that is sent, or ask on the command line"
        )
    return name


NamedFile = Annotated[str, Strict(), Field(min_length=1), AfterValidator(reached)]
"""The name of a file in a file."""
