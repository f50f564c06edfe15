"""Files: the notes of a file or a folder, one text each, as the file has it."""

from collections.abc import Iterator
from pathlib import Path

from kg.files.text import FileError, read_text

ENDINGS = (".txt", ".txt.gz")
"""How the name of a note's file ends."""
LARGEST = 20_000_000
"""The characters of the largest note: whatever is larger is no note."""


class NoteError(ValueError):
    """A note, or a folder of them, that cannot be read; the message says what to do, and quotes no text."""


def note_files(folder: Path) -> dict[str, Path]:
    """Return the notes of a folder and of those in it, by their paths within it; raises `NoteError` for none."""
    found = {
        path.relative_to(folder).as_posix(): path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name.lower().endswith(ENDINGS) and not path.name.startswith(".")
    }
    if not found:
        raise NoteError(f"{folder} holds no notes: expected files that end in {' or '.join(ENDINGS)}, one note each")
    return found


def read_note(path: Path, name: str) -> str:
    """Return the text of a note, with its own line ends and without a byte-order mark; `name` is what errors call it.

    Raises `NoteError` for what is not UTF-8 text, is too large, or cannot be opened.
    """
    try:
        if path.stat().st_size > 4 * LARGEST:
            raise NoteError(_too_large(name))
        text = read_text(path)
    except FileError as failure:
        reason = str(failure).removeprefix(str(path)).lstrip(", ").removeprefix("is ")
        raise NoteError(f"{name} is no text in UTF-8: {reason}") from None
    except OSError as failure:
        raise NoteError(f"{name} cannot be opened: {failure.strerror}") from None
    if len(text) > LARGEST:
        raise NoteError(_too_large(name))
    return text


def notes_at(path: Path) -> Iterator[tuple[str, Path]]:
    """Yield the notes at a path, a file or a folder, with what each is called."""
    if path.is_dir():
        yield from note_files(path).items()
    elif path.exists():
        yield path.name, path
    else:
        raise NoteError(f"{path} does not exist: expected a note, or a folder of notes (*.txt)")


def _too_large(name: str) -> str:
    return f"{name} is too large for a note: expected at most {LARGEST:,} characters; is it one note a file?"
