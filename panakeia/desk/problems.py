"""Problems: why something was not answered, as every face says it (RFC 9457), without path, patient or traceback."""

import logging
import re
import secrets
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from kg.fetch import NotFoundAnywhere
from kg.files.checked import DesignError
from kg.patients.deidentify import without_pseudonyms
from kg.search import AmbiguousName, UnknownNode
from panakeia.desk.desk import NotAllowed
from panakeia.desk.requests import Refused
from panakeia.desk.unpacked import UnpacksToTooMuch

TYPE = "urn:panakeia:"
_FOLDERS = re.compile(r"(?<![\w/:.])/(?:[^\s/'\",;:()]+/)+")


@dataclass(frozen=True)
class Problem:
    """A problem: its status in HTTP, its kind, what is wrong with the cure, and more that a program can read."""

    status: int
    kind: str
    detail: str
    more: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the problem as RFC 9457 has it."""
        title = HTTPStatus(self.status).phrase
        return {"type": TYPE + self.kind, "title": title, "status": self.status, "detail": self.detail, **self.more}


def problem_of(failure: Exception) -> Problem:
    """Return what an error is to who asked; one that nobody foresaw is logged under a number that they are told."""
    if isinstance(failure, Refused):
        errors = [{"parameter": name, "detail": told_to_others(told)} for name, told in failure.problems.items()]
        return Problem(422, "request", told_to_others(str(failure)), {"errors": errors})
    if isinstance(failure, NotAllowed):
        return Problem(403, "forbidden", str(failure), {"right": failure.right})
    if isinstance(failure, UnknownNode):
        return Problem(404, "unknown-node", told_to_others(str(failure)))
    if isinstance(failure, AmbiguousName):
        choices = [{"id": node.id, "kind": node.kind, "name": node.name} for node in failure.choices]
        return Problem(422, "ambiguous-name", told_to_others(str(failure)), {"choices": choices})
    if isinstance(failure, NotFoundAnywhere):
        return Problem(404, "no-such-data", told_to_others(str(failure)))
    if isinstance(failure, UnpacksToTooMuch):
        return Problem(413, "too-large", told_to_others(str(failure)))
    if isinstance(failure, DesignError) and failure.mistakes:
        parts = [told_to_others(one).partition(": ") for one in failure.mistakes]
        errors = [{"parameter": key if told else "", "detail": told or key} for key, _, told in parts]
        return Problem(422, "file-with-mistakes", told_to_others(str(failure)), {"errors": errors})
    if isinstance(failure, ValueError):
        return Problem(422, "not-answered", told_to_others(str(failure)))
    if isinstance(failure, OSError) and failure.strerror is None:  # a room's own, which says what to do
        return Problem(503, "unavailable", told_to_others(str(failure)))
    number = secrets.token_hex(6)
    logging.getLogger(__name__).error("error %s\n%s", number, places(failure))
    return Problem(
        500,
        "internal",
        f"something went wrong that was not foreseen: tell whoever runs the desk the number {number}, under which its "
        "log has more",
        {"number": number},
    )


def places(failure: BaseException) -> str:
    """Return where a program failed and how, without its words, which may hold what was sent: a patient's name."""
    before = failure.__cause__ or failure.__context__
    lines = [places(before)] if before is not None else []
    return "".join([*lines, *traceback.format_tb(failure.__traceback__), f"{type(failure).__qualname__}\n"])


def told_to_others(text: str) -> str:
    """Return a message without the folders of this machine, and without patients' pseudonyms.

    >>> told_to_others("/srv/desk/jobs/1/in/table.csv, line 2: got '5 mg/L'")
    "table.csv, line 2: got '5 mg/L'"
    """
    return without_pseudonyms(_FOLDERS.sub("", text))
