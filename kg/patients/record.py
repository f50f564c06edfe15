"""Record: what a reader of a format gives of each person, before pseudonyms, and what every reader must be able to do.

A reader says what stands there, where, and in which codes. What a code means in the graph, whether a day can have
been, what would tell who the person is, and what becomes of it all in the store is decided for all formats alike, by
`kg.patients.imports`.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from kg.fetch import Fetch
from kg.patients.moment import Moment
from kg.patients.private import NOTHING, Private
from kg.progress import Progress, silent

if TYPE_CHECKING:
    from kg.stores.protocol import Store

What = Literal["condition", "drug", "measurement", "procedure", "allergy", "variant", "visit"]
"""What an event is of; `kg.patients.terminology` knows to which kinds of node each leads."""


class RecordError(ValueError):
    """Records that cannot be read at all: nothing is stored. The message says what to do and quotes no record."""


class LeftOut(Exception):
    """Something in a record that is not taken into the graph, on purpose; the message is the reason."""


class Refused(Exception):
    """Something in a record that cannot be taken: the element that is at fault, and why, without its value."""

    def __init__(self, element: str, reason: str) -> None:
        super().__init__(f"{element} {reason}")
        self.element = element
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: the file by a name that tells nobody's ("bundle 3 of 50", "labevents"), and its line.

    `line` counts from 1: the line of a table, the entry of a bundle; 0 is the file as a whole.
    """

    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Code:
    """A code of a record: the CURIE prefix of its system, the code, and what it is called there.

    `display` is only compared with names that are known already, and never stored, unless it is `public`: from a
    table of the code system itself, such as OMOP's `concept`.
    """

    system: str
    code: str
    display: str = ""
    public: bool = False


@dataclass(frozen=True, slots=True)
class Age:
    """When something was, as the patient's age in days; `precision` is that of the record."""

    days: int
    precision: Literal["year", "month", "day"] = "day"


@dataclass(frozen=True, slots=True)
class Found:
    """By which model something was found, and how it is known: the evidence of what no person entered.

    `agent_type` and `knowledge_level` are Biolink's; `sha256` is the digest of the model's weights, `url` where it is
    described.
    """

    model: str
    version: str
    agent_type: str = "computational_model"
    knowledge_level: str = "prediction"
    sha256: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that a record states of its person: what, in which codes (of one concept), when, and where it stands.

    `record` tells the record that states it from all others of the person's, in every import: a resource's type and
    id, a table and its row's key. `version` orders several states of the same record, the highest counts; `negated`
    says that it is absent; `until` is when it ended. `value` and `unit` are those of a measurement, `value_code` its
    result where that is a code; `copies` those of a variant (0, 1, 2), `phase_set` what its haplotype is told by.
    `found` is the model that found it, None where the record is what people and laboratories wrote.
    """

    what: What
    codes: tuple[Code, ...]
    at: Moment | Age | None
    place: Place
    record: tuple[str, ...]
    negated: bool = False
    until: Moment | Age | None = None
    value: float | None = None
    unit: str | None = None
    value_code: Code | None = None
    copies: int | None = None
    version: int | None = None
    found: Found | None = None


@dataclass(frozen=True, slots=True)
class GeneCall:
    """What was found of a gene that matters for drugs: all diplotypes that fit, and what was not looked at.

    `diplotypes` are written with the names of the definitions (`*1/*2`), the alleles of each in their order there; one
    allele alone where the person has one copy. `phenotype` and `activity_score` are those that all diplotypes share.
    `not_excluded` are the alleles that are not called only because positions are missing. `copies` are those of the
    variants that the call rests on, by dbSNP identifier. `method` says how it was found:
    `vcf`, `outside call`, `record`.
    """

    gene: str
    diplotypes: tuple[str, ...]
    method: str
    place: Place
    record: tuple[str, ...]
    at: Moment | None = None
    phenotype: str | None = None
    activity_score: float | None = None
    missing_positions: tuple[str, ...] = ()
    not_excluded: tuple[str, ...] = ()
    note: str = ""
    copies: tuple[tuple[str, int], ...] = ()
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """What one document, or the tables of one data set, state of one person.

    `identity` is the system and the value that tell the person from all others, never stored as they are; `private`
    what else must not pass into the graph. `retracted` are records with their version that no longer state anything.
    With `whole`, all that this data set states of the person is here: what an earlier import of it stated goes.
    `consent` is `given` or `withdrawn`, None where the record does not say. With `shifted`, whoever published the data
    set has moved its days already, as a rule into the future: none is refused for lying there.
    """

    identity: tuple[str, str]
    place: Place
    events: tuple[Event, ...] = ()
    calls: tuple[GeneCall, ...] = ()
    sex: str | None = None
    born: Moment | None = None
    died: Moment | None = None
    last_seen: Age | None = None
    retracted: tuple[tuple[tuple[str, ...], int | None], ...] = ()
    whole: bool = False
    shifted: bool = False
    consent: str | None = None
    private: Private = NOTHING
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Rejection:
    """Something that is refused because it is bad: where it stands and why, never what it says."""

    place: Place
    table: str
    element: str
    reason: str


class Account:
    """What became of the rows that did not come in: those refused, one by one, and those left out, counted.

    `left_out` counts by table (or resource type) and reason.
    """

    def __init__(self) -> None:
        self.rejected: list[Rejection] = []
        self.left_out: Counter[tuple[str, str]] = Counter()

    def reject(self, place: Place, table: str, element: str, reason: str) -> None:
        """Note that something was refused."""
        self.rejected.append(Rejection(place, table, element, reason))

    def leave_out(self, table: str, reason: str, count: int = 1) -> None:
        """Count what is left out on purpose."""
        self.left_out[table, reason] += count


@dataclass(frozen=True)
class Reading:
    """What a reader may need beside its files: the moment of reading, and what the caller states of the files.

    `build` is the reference genome of a VCF (GRCh37, GRCh38) and `outside_calls` a table of diplotypes found
    elsewhere; `fetch` finds public definitions. `store` is what the records are imported into, if anything. `alleles`
    are those that a graph knows, by gene: a genotype of these is taken, though nothing here lists their variants.
    """

    account: Account
    now: datetime
    progress: Progress = silent
    fetch: Fetch = field(default_factory=Fetch)
    build: str | None = None
    outside_calls: Path | None = None
    sample: str | None = None
    store: "Store | None" = None
    alleles: Mapping[str, Collection[str]] = field(default_factory=dict)


class Reader(Protocol):
    """A format of patients' records; a module of `kg.patients.formats` has one, called `READER`."""

    name: str
    """What the command line calls it, and the source of its edges."""

    describes: str
    """The format in a few words, for messages: `FHIR R4 bundles`."""

    url: str
    """Where the format is specified."""

    def sniff(self, path: Path) -> bool:
        """Say whether this file, or this folder as a whole, looks like this format; reads no more than its head."""

    def read(self, paths: Sequence[Path], reading: Reading) -> Iterator[Person]:
        """Yield what the files or folders state, person by person; a person may come several times.

        What cannot be taken goes to `reading.account`. Raises `RecordError` for a file that cannot be read at all.
        """
