"""Wire: the messages between a coordinator and its sites, one JSON object each, checked on both ends.

An `Ask` says which study and round it belongs to, what is asked, and, once they are agreed, the columns and the
coefficients. An answer names the SHA-256 of the ask that it answers, so that no answer is taken for another's. Arrays
are little-endian float64 in base64, exact to the last bit; masked ones are whole numbers of 16 bytes. How long a
message is depends on the columns and the sites, never on how many rows a site has.
"""

import base64
import binascii
import hashlib
import json
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, Strict

from kg.files.checked import Checked, Count, DesignError, Name, Number, Positive, Text, check
from twin.model import Floats
from twin.prognosis.federated.refusal import SiteRefused, SiteRefuses

FORMAT, VERSION = "panakeia-federated", 1
LARGEST = 1 << 26
"""Bytes of the longest message that is read."""
WORD = 16
"""Bytes of a masked number."""

Whole = Annotated[int, Strict(), Field(ge=0)]
Hex = Annotated[Text, Field(pattern="^[0-9a-f]+$")]


class Vector(Checked):
    """Numbers in a row; see the file's first lines."""

    length: Whole
    kind: Literal["float64", "masked"]
    base64: str

    @classmethod
    def of(cls, numbers: Floats) -> "Vector":
        """Return numbers as they are sent.

        >>> Vector.of(np.array([0.1])).numbers()
        array([0.1])
        """
        flat = np.ascontiguousarray(numbers, "<f8").ravel()
        return cls(length=flat.size, kind="float64", base64=base64.b64encode(flat.tobytes()).decode("ascii"))

    @classmethod
    def of_words(cls, words: list[int]) -> "Vector":
        """Return masked numbers as they are sent."""
        raw = b"".join(word.to_bytes(WORD, "little") for word in words)
        return cls(length=len(words), kind="masked", base64=base64.b64encode(raw).decode("ascii"))

    def numbers(self) -> Floats:
        """Return the numbers; raises `SiteRefused` where they are not as many, or not finite."""
        found = np.frombuffer(self._raw("float64", 8), "<f8").astype(np.float64)
        if not np.isfinite(found).all():
            raise SiteRefused(f"{int((~np.isfinite(found)).sum())} of {found.size} numbers are NaN or infinite")
        return found

    def words(self) -> list[int]:
        """Return masked numbers; raises `SiteRefused`."""
        raw = self._raw("masked", WORD)
        return [int.from_bytes(raw[place : place + WORD], "little") for place in range(0, len(raw), WORD)]

    def _raw(self, kind: str, size: int) -> bytes:
        if self.kind != kind:
            raise SiteRefused(f"numbers are sent as {self.kind}, expected {kind}")
        try:
            raw = base64.b64decode(self.base64, validate=True)
        except (binascii.Error, ValueError):
            raise SiteRefused("numbers are sent as text that is no base64") from None
        if len(raw) != size * self.length:
            raise SiteRefused(f"{len(raw)} bytes are sent for {self.length} numbers, expected {size * self.length}")
        return raw


class Question(Checked):
    """What is to be fitted: an outcome, when it was (of times), and features by the names of their columns.

    `event` is the level of a text outcome that counts as 1. `units` are those of number columns, where stated.
    """

    model: Text
    outcome: Name
    features: Annotated[tuple[Name, ...], Field(min_length=1)]
    time: Name | None = None
    event: Text | None = None
    units: dict[Name, Text] = Field(default_factory=dict)

    @property
    def columns(self) -> tuple[str, ...]:
        """Return every column that is read."""
        return (self.outcome, *((self.time,) if self.time else ()), *self.features)


class Column(Checked):
    """A feature as all sites code it: a number less its `centre`, by its `spread`; or its `levels`, the first of which
    is the reference."""

    name: Name
    levels: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    centre: Number = 0.0
    spread: Positive = 1.0

    @property
    def names(self) -> tuple[str, ...]:
        """Return what its coefficients are called."""
        return (self.name,) if self.levels is None else tuple(f"{self.name}={level}" for level in self.levels[1:])


class Ask(Checked):
    """What a coordinator asks of each site.

    "describe" asks what the columns are; "moments" for the number of rows, and the sums of the outcome, the columns
    and their squares; "sums" for what a fit's step needs at some coefficients; "evaluate" for how well they foretell.
    With `peers` (public keys, in hex) the answer is masked; with `epsilon` it is noisy.
    """

    format: Literal["panakeia-federated"] = "panakeia-federated"
    version: int = VERSION
    study: Hex
    round: Count
    attempt: Count = 1
    ask: Literal["describe", "moments", "sums", "evaluate"]
    question: Question
    columns: tuple[Column, ...] = ()
    at: Vector | None = None
    peers: tuple[Hex, ...] | None = None
    epsilon: Positive | None = None


class AskOffer(Checked):
    """What a coordinator asks who has no question yet: which columns a site offers, and what for."""

    format: Literal["panakeia-federated"] = "panakeia-federated"
    version: int = VERSION
    study: Hex
    ask: Literal["offer"] = "offer"


class Offer(Checked):
    """The columns that a site answers about; which is the outcome, and of times the time, where it says so."""

    kind: Literal["offer"] = "offer"
    columns: tuple[Name, ...]
    outcome: Name | None = None
    time: Name | None = None


class Described(Checked):
    """A column at a site: numbers, with their unit where it is stated, or levels that enough patients have."""

    levels: tuple[str, ...] | None = None
    unit: Text | None = None


class Description(Checked):
    """What a site says of itself: its rows, its data's version, the columns asked for, its fewest, its public key."""

    kind: Literal["description"] = "description"
    rows: Count
    version: Text
    columns: dict[Name, Described]
    minimum: Count
    noisy: bool
    key: Hex


class Sums(Checked):
    """Sums over a site's rows."""

    kind: Literal["sums"] = "sums"
    values: Vector


class Measures(Checked):
    """How well coefficients foretell a site's outcomes, by name."""

    kind: Literal["measures"] = "measures"
    values: dict[Name, Number]


class Refusal(Checked):
    """Why a site does not answer."""

    kind: Literal["refusal"] = "refusal"
    reason: Annotated[str, Field(max_length=2000)]


Content = Annotated[Offer | Description | Sums | Measures | Refusal, Field(discriminator="kind")]


class Answer(Checked):
    """What a site answers to the ask of this SHA-256."""

    format: Literal["panakeia-federated"] = "panakeia-federated"
    version: int = VERSION
    to: Hex
    content: Content


def written(message: Ask | AskOffer | Answer) -> bytes:
    """Return a message as it is sent."""
    return json.dumps(message.model_dump(mode="json"), separators=(",", ":"), allow_nan=False).encode()


def digest(message: bytes) -> str:
    """Return what an answer names its ask by."""
    return hashlib.sha256(message).hexdigest()


def read_ask(message: bytes) -> Ask | AskOffer:
    """Return what is asked; raises `SiteRefuses` for what is no ask of this version."""
    try:
        found = _object(message)
        return check(found, AskOffer, "the ask") if found.get("ask") == "offer" else check(found, Ask, "the ask")
    except (DesignError, SiteRefused) as failure:
        raise SiteRefuses(str(failure)) from None


def read_answer(message: bytes, to: str) -> Content:
    """Return what a site answers to the ask of this digest; raises `SiteRefused`, also for a refusal."""
    try:
        answer = check(_object(message), Answer, "the answer")
    except DesignError as failure:
        raise SiteRefused(str(failure)) from None
    if answer.to != to:
        raise SiteRefused("it answers another ask than this one")
    if isinstance(answer.content, Refusal):
        raise SiteRefused(f"it does not answer: {_printable(answer.content.reason)}")
    return answer.content


def _object(message: bytes) -> dict[str, Any]:
    if len(message) > LARGEST:
        raise SiteRefused(f"the message has more than {LARGEST} bytes")
    try:
        found = json.loads(message)
    except (ValueError, RecursionError):
        raise SiteRefused("the message is no JSON") from None
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise SiteRefused(f"the message is none of {FORMAT}")
    if found.get("version") != VERSION:
        raise SiteRefused(f"the message is of version {str(found.get('version'))[:20]}, expected {VERSION}")
    return found


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)
