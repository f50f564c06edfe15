"""Protein changes as HGVS, MAF files and CIViC spell them, in one form in which two of them can be compared.

HGVS Recommendations (den Dunnen et al., Human Mutation 2016;37:564), and what stood in files before and beside them:
`p.Val600Glu`, `p.(V600E)`, `E746_T751>I`, `p.418_419YD>YFFD`, `W557_K558DELWK`, `R135FSX177`, `p.WQ288fs`.
"""

import re
from dataclasses import dataclass
from typing import Literal, NamedTuple

Kind = Literal["substitution", "deletion", "insertion", "replacement", "frameshift", "silent"]

ONE_LETTER = {
    **{"Ala": "A", "Arg": "R", "Asn": "N", "Asp": "D", "Cys": "C", "Gln": "Q", "Glu": "E", "Gly": "G", "His": "H"},
    **{"Ile": "I", "Leu": "L", "Lys": "K", "Met": "M", "Phe": "F", "Pro": "P", "Ser": "S", "Thr": "T", "Trp": "W"},
    **{"Tyr": "Y", "Val": "V", "Sec": "U", "Ter": "*"},
}

UNKNOWN = "?"
"""A residue that the text does not name."""

_THREE_LETTERS = re.compile("|".join(ONE_LETTER))
_SUBSTITUTION = re.compile(r"([A-Z*])([0-9]{1,6})([A-Z*])(?:ext.*)?")
_SILENT = re.compile(r"(?:[A-Z*]+[0-9]{1,6})?(?:_[A-Z*][0-9]{1,6})?=")
_FRAMESHIFT = re.compile(r"([A-Z*]*)-?([0-9]{1,6})([A-Z*]?)fs(?:[*X]([0-9]{1,6}|\?))?", re.IGNORECASE)
_RANGE = re.compile(
    r"([A-Z*]?)([0-9]{1,6})(?:_([A-Z*]?)([0-9]{1,6}))?(delins|del|ins|dup|>)([A-Z*]*|[0-9]{1,6})", re.IGNORECASE
)
_RUN = re.compile(r"([A-Z*]+)([0-9]{1,6})([A-Z*]+)")
_RUN_DELETED = re.compile(r"([A-Z*]{2,})([0-9]{1,6})del")
_RUN_BEHIND = re.compile(r"([0-9]{1,6})_[0-9]{1,6}([A-Z*]+)>([A-Z*]*)")


class Residue(NamedTuple):
    """An amino acid of a protein; the letter is empty where the text does not name it."""

    letter: str
    position: int


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of the residues from `first` to `last`; an insertion stands between the two.

    `new` are the residues that come in, `?` for each that is not named, None where not even their number is;
    `stop_after` is the number of codons to the stop of a frameshift, None where it is not said.
    """

    kind: Kind
    first: Residue
    last: Residue
    new: str | None = None
    stop_after: int | None = None

    def same(self, other: "Change") -> bool:
        """Say whether two texts name the same change; what one of them leaves out does not make them differ."""
        if self.kind != other.kind or not (_agree(self.first, other.first) and _agree(self.last, other.last)):
            return False
        if self.kind == "frameshift":
            return _or_unsaid(self.new, other.new) and _or_unsaid(self.stop_after, other.stop_after)
        if self.new is None or other.new is None:
            return False
        return len(self.new) == len(other.new) and all(
            a == b or UNKNOWN in (a, b) for a, b in zip(self.new, other.new, strict=True)
        )


def change(text: str) -> Change | None:
    """Return the protein change that a text names, nothing where it names none that is known.

    >>> change("p.Val600Glu") == change("V600E")
    True
    >>> change("p.418_419YD>YFFD") == change("Y418_D419insFF")
    True
    """
    spelt = one_letter(text)
    if not spelt or _SILENT.fullmatch(spelt):
        return _silent(spelt) if spelt else None
    if found := _SUBSTITUTION.fullmatch(spelt):
        return _replaced(int(found[2]), found[1], found[3])
    if found := _FRAMESHIFT.fullmatch(spelt):
        first = Residue(found[1][:1].upper(), int(found[2]))
        codons = int(found[4]) if found[4] and found[4] != UNKNOWN else None
        return Change("frameshift", first, first, found[3].upper() or None, codons)
    if found := _RANGE.fullmatch(spelt):
        return _of_range(found)
    if found := _RUN.fullmatch(spelt):
        return _replaced(int(found[2]), found[1], found[3])
    if found := _RUN_DELETED.fullmatch(spelt):
        return _replaced(int(found[2]), found[1], "")
    if found := _RUN_BEHIND.fullmatch(spelt):
        return _replaced(int(found[1]), found[2], found[3])
    return None


def one_letter(text: str) -> str:
    """Return a text in one-letter code, without the protein's name, the prefix `p.` and the marks of a prediction.

    >>> one_letter("ENSP00000288602.6:p.(Val600Glu)")
    'V600E'
    """
    bare = text.strip().rpartition(":")[2].replace("%3D", "=").strip()
    bare = re.sub(r"[()\[\]]", "", bare.removeprefix("p."))
    return _THREE_LETTERS.sub(lambda found: ONE_LETTER[found[0]], bare)


def _silent(spelt: str) -> Change:
    position = re.search(r"[0-9]{1,6}", spelt)
    where = Residue(spelt[0] if position and spelt[0].isalpha() else "", int(position[0]) if position else 0)
    return Change("silent", where, where)


def _of_range(found: re.Match[str]) -> Change:
    """Return a deletion, insertion, duplication or replacement from its first to its last residue."""
    first = Residue(found[1].upper(), int(found[2]))
    last = Residue((found[3] or "").upper(), int(found[4])) if found[4] else first
    what, told = found[5].lower(), found[6].upper()
    new = UNKNOWN * int(told) if told.isdigit() and int(told) < 10_000 else told
    if what == "del":
        return Change("deletion", first, last, "")
    if what == "ins":
        after = last if found[4] else Residue("", first.position + 1)
        return Change("insertion", first, after, new or None)
    if what == "dup":
        return Change("insertion", last, Residue("", last.position + 1), _doubled(first, last, new))
    if first == last and len(new) == 1 and first.letter:
        return _replaced(first.position, first.letter, new)
    return Change("replacement", first, last, new)


def _doubled(first: Residue, last: Residue, named: str) -> str:
    """Return the residues of a duplication, as far as its text names them."""
    length = last.position - first.position + 1
    if len(named) == length or not 0 < length < 10_000:
        return named
    ends = (first.letter or UNKNOWN, last.letter or UNKNOWN)
    return ends[0] if length == 1 else ends[0] + UNKNOWN * (length - 2) + ends[1]


def _replaced(position: int, old: str, new: str) -> Change:
    """Return what is changed where a run of residues, from a position on, becomes another."""
    new = "*" if new == "X" else new  # as files wrote a stop before HGVS had a sign for it
    if old == new:
        return Change("silent", Residue(old[0], position), Residue(old[-1], position + len(old) - 1))
    if len(old) == len(new) == 1:
        return Change("substitution", Residue(old, position), Residue(old, position), new)
    before = after = ""
    while old and new and old[0] == new[0]:
        before, old, new, position = old[0], old[1:], new[1:], position + 1
    while old and new and old[-1] == new[-1]:
        after, old, new = old[-1], old[:-1], new[:-1]
    if not old:
        return Change("insertion", Residue(before, position - 1), Residue(after, position), new)
    first, last = Residue(old[0], position), Residue(old[-1], position + len(old) - 1)
    if not new:
        return Change("deletion", first, last, "")
    return Change("substitution" if len(old) == len(new) == 1 else "replacement", first, last, new)


def _agree(a: Residue, b: Residue) -> bool:
    return a.position == b.position and (a.letter == b.letter or not a.letter or not b.letter)


def _or_unsaid(a: object, b: object) -> bool:
    return a is None or b is None or a == b
