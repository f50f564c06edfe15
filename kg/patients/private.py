"""Private: what tells who a patient is, and whether a text of the record holds any of it, however it is written.

A text is compared word by word, without capitals, accents, punctuation, and invisible characters. Numbers are also
compared without what stands between their digits: a record number 12-34-567 is found in "No. 1234567".
"""

import calendar
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

SHORTEST_NUMBER = 5
"""Characters below which a number is looked for only as a word: a shorter one is in too many texts by chance."""
SUBSCRIBER_DIGITS = 7
"""The last digits of a long number tell whose it is: telephone numbers come with and without the country's."""

_ELEMENTS = ("id", "birthDate", "deceasedDateTime", "identifier", "telecom", "address", "contact", "contained")
_IDENTIFYING = frozenset(
    (
        *("id", "value", "family", "given", "text", "line", "city", "district", "postalCode"),
        *("birthDate", "deceasedDateTime", "valueString", "valueDate", "valueDateTime"),
    )
)
_NOT_OF_THE_PATIENT = ("type", "relationship")
_LETTERS = re.compile(r"[^\W\d_]{3,}")
_ADDRESS_PARTS = re.compile(r"[\d,;\n]+")


@dataclass(frozen=True)
class Private:
    """What must not pass from a record: words in a row (as `as_words` gives them), and numbers without spaces."""

    words: frozenset[str]
    numbers: frozenset[str]

    def is_in(self, text: str) -> bool:
        """Say whether a text holds any of it."""
        words = as_words(text)
        run = words.replace(" ", "")
        return any(word in words for word in self.words) or any(number in run for number in self.numbers)

    def __or__(self, other: "Private") -> "Private":
        """Return what neither lets pass."""
        return Private(self.words | other.words, self.numbers | other.numbers)

    def is_code(self, code: str) -> bool:
        """Say whether a code is one of them, or all its digits, or many in a row of them.

        The digits of a short one may be within a code by chance.
        """
        words = as_words(code)
        run = words.replace(" ", "")
        rows = {digits for digits in re.findall(r"\d+", run) if len(digits) >= SUBSCRIBER_DIGITS}
        return words in self.words or not self.numbers.isdisjoint({run, re.sub(r"\D", "", run), *rows})


NOTHING = Private(frozenset(), frozenset())
"""Of a record that tells nothing of who the person is."""


def private_words(person: Mapping[str, Any]) -> Private:
    """Return what tells who a FHIR Patient, Practitioner or RelatedPerson is, by its JSON, valid or not.

    That is names, identifiers, telephones, addresses, the days of birth and death, and those of relatives and contacts.
    """
    # Extensions hold the birth place and the mother's name; those within extensions are codes, such as race.
    extensions = [
        {key: value for key, value in found.items() if key != "extension"}
        for found in _objects(person.get("extension"))
    ]
    parts = {key: person.get(key) for key in _ELEMENTS} | {"extension": extensions}
    values = set(_strings("", parts))
    named = [found for found in extensions if "name" in str(found.get("url")).casefold()]
    people = [*_objects(person.get("contact")), *_objects(person.get("contained"))]
    names = set(_strings("", [person.get("name"), *(found.get("name") for found in people), named]))
    words = {word for name in names for word in _LETTERS.findall(name)}
    days = {day for value in values for day in _written(value)}
    # A street is known without the number of the house; one word of it would be in too many texts.
    streets = {part for value in values for part in _ADDRESS_PARTS.split(value) if as_words(part).count(" ") > 2}
    numbers = {number for value in values for number in _numbers(value)}
    # One letter or digit, such as an initial, tells nobody, and is in too many texts.
    telling = {as_words(text) for text in values | names | words | days | streets if len(text) > 1} - {as_words("")}
    return Private(frozenset(telling), frozenset(numbers))


def as_words(text: str) -> str:
    """Return a text as its words between single spaces, without capitals, accents, and punctuation.

    Letters and digits are words of their own. A text holds another's words if `as_words` of the other is in
    `as_words` of the text.

    >>> as_words("Smith") in as_words("Seen by SMITH, John"), as_words("Smith") in as_words("Silversmith's palsy")
    (True, False)
    >>> as_words("Zoë, born 23.07.1951")
    ' zoe born 23 07 1951 '
    """
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    plain = "".join(
        str(unicodedata.decimal(sign, sign)) for sign in folded if unicodedata.category(sign) not in ("Mn", "Cf")
    )
    return " " + " ".join(re.findall(r"[^\W\d_]+|\d+", plain)) + " "


def _objects(value: Any) -> list[Mapping[str, Any]]:
    return [found for found in value if isinstance(found, Mapping)] if isinstance(value, list) else []


def _strings(key: str, value: Any) -> Iterator[str]:
    """Yield the strings in an element that identify somebody, told by the name of the element that holds them.

    A postal code of digits alone is none: it is that of a town, and as many codes of medicine look like one.
    """
    rest = [(key, value)]
    while rest:  # and no recursion: what is nested deeply is no reason to stop
        key, value = rest.pop()
        if isinstance(value, dict):
            rest += [(name, inner) for name, inner in value.items() if name not in _NOT_OF_THE_PATIENT]
        elif isinstance(value, list):
            rest += [(key, inner) for inner in value]
        elif isinstance(value, str) and key in _IDENTIFYING and not (key == "postalCode" and value.strip().isdigit()):
            yield value


def _written(value: str) -> Iterator[str]:
    """Yield the usual ways to write the day that a date or time begins with."""
    try:
        day = date.fromisoformat(value[:10])
    except ValueError:
        return
    name = calendar.month_name[day.month]
    for month in (f"{day.month:02}", str(day.month), name, name[:3]):
        for of_month in {f"{day.day:02}", str(day.day)}:
            yield f"{day.year} {month} {of_month}"
            yield f"{of_month} {month} {day.year}"
            yield f"{month} {of_month} {day.year}"


def _numbers(value: str) -> Iterator[str]:
    """Yield a value with digits as it is without what stands between them, its digits alone, and the last of them."""
    run = as_words(value).replace(" ", "")
    digits = re.sub(r"\D", "", run)
    for number in (run, digits, digits[-SUBSCRIBER_DIGITS:]):
        if digits and len(number) >= SHORTEST_NUMBER:
            yield number
