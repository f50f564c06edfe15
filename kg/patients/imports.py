"""Import: patients' records of any format -> the store, under pseudonyms, through the same checks as any source."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from kg.audit import REJECTED, Audit, Tally
from kg.build import build_graph
from kg.curie import OWN
from kg.fetch import Fetch
from kg.graph import Graph, SourceRelease, edge_keys
from kg.notebook import notebook_html
from kg.patients.chart import Chart, Stored, Terms, chart
from kg.patients.deidentify import Pseudonym, pseudonym, release_digest
from kg.patients.diplotypes import with_phenotypes
from kg.patients.formats import reader, readers, sorted_by_format
from kg.patients.private import Private
from kg.patients.record import Account, Person, Reading, RecordError
from kg.patients.terminology import RECORDS_LICENCE, Terminology, terminology
from kg.progress import Progress, part, silent
from kg.query.people import calls_of, find_patient, records, stored
from kg.rows import Rows, edge_rows, node_rows
from kg.schema import NODE_KINDS, PERSON, RELATIONS
from kg.stores.protocol import NOTHING, Store

SHOWN = 20
"""How many pseudonyms a text shows; all are in the JSON."""

Whose = Callable[[Person], Pseudonym]
"""Says whose a record is."""
_CHUNK = 20_000
"""How many edges become a table at a time, so that few are held as Python's objects."""


@dataclass(frozen=True)
class Imported:
    """What an import did: the patients' pseudonyms, the audit, what was left out on purpose, and what was taken away.

    `ready` counts the patients who have what something needs, by what that is (a twin's model, advice on drugs).
    `left_out` counts by source, table or kind of event, and reason, `gone` the edges by relation that a corrected
    record no longer states.
    """

    patients: tuple[str, ...]
    audit: Audit
    left_out: Mapping[tuple[str, str, str], int]
    gone: Mapping[str, int] = field(default_factory=dict)
    ready: Mapping[str, int] = field(default_factory=dict)

    def to_frame(self) -> pd.DataFrame:
        """Return how many rows of each table came in, and what became of them."""
        return self.audit.to_frame()

    def to_json(self) -> dict[str, Any]:
        """Return the import as JSON values."""
        left_out = [
            {"source": source, "table": table, "reason": reason, "count": n}
            for (source, table, reason), n in self.left_out.items()
        ]
        told = {
            "patients": list(self.patients),
            "left_out": left_out,
            "gone": dict(self.gone),
            "ready": dict(self.ready),
        }
        return {**self.audit.to_json(), **told}  # both count what was left out; licences forbid nothing of records

    def to_text(self) -> str:
        """Return the import as a few lines for a terminal."""
        more = [f"and {len(self.patients) - SHOWN} more"] if len(self.patients) > SHOWN else []
        lines = [f"{len(self.patients)} patients: {', '.join([*self.patients[:SHOWN], *more])}", self.audit.to_text()]
        lines += [f"  {n:,} x left out: {why} ({source}, {table})" for (source, table, why), n in self.left_out.items()]
        lines += [
            f"  {n:,} of {len(self.patients):,} patients have what {what} needs" for what, n in self.ready.items() if n
        ]
        if lacking := [what for what, n in self.ready.items() if not n]:
            named = lacking[0] if len(lacking) == 1 else f"any of {len(lacking)} others"
            lines.append(f"  nobody has what {named} needs (--json has each by name)")
        lines += [f"  {n:,} x no longer stated: {relation}" for relation, n in self.gone.items()]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return notebook_html(self.to_text(), self.to_frame())


@dataclass(frozen=True)
class Given:
    """What the caller of an import states of the files: the format (else it is told by their looks), and for genomes
    the reference build, the sample, a table of diplotypes found elsewhere, and the patient of the store whose it is.
    """

    format: str | None = None
    build: str | None = None
    sample: str | None = None
    outside_calls: Path | None = None
    patient: str | None = None


@dataclass(frozen=True)
class _Read:
    """What readers gave: persons with their source, and by source what did not come in, and digests of the files.

    `now` is the moment of reading.
    """

    persons: tuple[tuple[str, Person], ...]
    accounts: Mapping[str, Account]
    digests: Mapping[str, tuple[str, ...]]
    now: datetime


def import_patients(
    paths: str | Path | Sequence[str | Path],
    store: Store,
    key: bytes,
    progress: Progress = silent,
    *,
    given: Given | None = None,
    fetch: Fetch | None = None,
) -> Imported:
    """Read patients' records at these paths and add them to the store under pseudonyms of this key.

    What the store holds stays. What a record states is an edge of its own, beside those of other records and of other
    days; the same record, imported again, overwrites itself, so that the same files change nothing, and what a
    corrected record no longer states is taken away. Raises `kg.patients.record.RecordError` for a file that cannot be
    read; then nothing is stored.
    """
    listed = [Path(paths)] if isinstance(paths, str | Path) else [Path(path) for path in paths]
    read = _read(listed, given or Given(), fetch or Fetch(), part(progress, 0.0, 0.4), store)
    read = replace(read, persons=with_phenotypes(store, _known_here(store, read)))
    whose = (
        _owner(store, given.patient, read)
        if given and given.patient is not None
        else lambda one: _as_stored(one) or pseudonym(key, one.identity)
    )
    known = _known(store, {whose(person).curie for _, person in read.persons})
    charts = _charts(read, whose, key, terminology(store), known, part(progress, 0.4, 0.7))
    progress("check", 0.7)
    graph, audit = build_graph([_rows(charts, source, key, read.digests[source]) for source in read.accounts])
    gone = _gone(known.held, charts, graph)
    progress("store", 0.8)
    store.add(graph, gone)
    progress("store", 1.0)
    return Imported(
        tuple(charts),
        _with_rejections(audit, read.accounts),
        {(source, *why): n for source, one in read.accounts.items() for why, n in sorted(one.left_out.items())},
        gone.edge_counts(),
    )


def patient_rows(
    paths: Iterable[Path], format: str, key: bytes, words: Terminology
) -> tuple[tuple[pa.Table, ...], tuple[pa.Table, ...]]:
    """Return the nodes and edges of patients' records of one format, for a source that ships some.

    Raises `RecordError` for a file that cannot be read.
    """
    read = _read(list(paths), Given(format=format), Fetch(offline=True), silent)
    charts = _charts(read, lambda one: pseudonym(key, one.identity), key, words, _Held({}, NOTHING), silent)
    rows = _rows(charts, format, key, read.digests[format])
    return tuple(rows.nodes), tuple(rows.edges)


def _read(paths: list[Path], given: Given, fetch: Fetch, progress: Progress, store: Store | None = None) -> _Read:
    """Return what the readers of these files give."""
    found = sorted_by_format(paths, given.format)
    now = datetime.now(UTC)
    persons: list[tuple[str, Person]] = []
    accounts = {name: Account() for name in found}
    digests: dict[str, tuple[str, ...]] = {}
    for number, (name, files) in enumerate(found.items()):
        told = part(progress, number / len(found), (number + 1) / len(found))
        reading = Reading(accounts[name], now, told, fetch, given.build, given.outside_calls, given.sample, store)
        persons += ((name, person) for person in reader(name).read(files, reading))
        digests[name] = tuple(_digest(file) for path in files for file in _files(path))
    if not persons and not any(account.rejected for account in accounts.values()):
        raise RecordError(
            f"no patient in these records ({', '.join(accounts)}): expected at least one; nothing was stored"
        )
    return _Read(tuple(persons), accounts, digests, now)


def _files(path: Path) -> list[Path]:
    return sorted(child for child in path.rglob("*") if child.is_file()) if path.is_dir() else [path]


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True)
class _Held:
    """What the store holds of the patients that were read."""

    patients: Mapping[str, Stored]
    held: Graph


def _known(store: Store, patients: set[str]) -> _Held:
    held = stored(store, patients)
    people = {row["id"]: row for row in held.nodes[PERSON].to_pylist()} if PERSON in held.nodes else {}
    days: dict[str, dict[tuple[str, str], tuple[int, int]]] = {}
    versions: dict[str, dict[tuple[str, str], int]] = {}
    for row in people.values():
        for source, name, *version in (text.split(" ") for text in row["retracted"] or ()):
            versions.setdefault(row["id"], {})[source, name] = int(version[0]) if version else -1
    for rows in held.edges.values():
        if "day" not in rows.column_names:
            continue
        columns = rows.select(["subject", "source", "record", "version", "day"]).to_pydict()
        for subject, source, record, version, day in zip(*columns.values(), strict=True):
            if day is not None:
                first, last = days.setdefault(subject, {}).get((source, record), (day, day))
                days[subject][source, record] = min(first, day), max(last, day)
            if version is not None:
                told = versions.setdefault(subject, {})
                told[source, record] = max(version, told.get((source, record), -1))
    called: dict[str, list[tuple[tuple[str, str], str, str]]] = {}
    for who, source, record, gene, diplotypes in calls_of(store, people):
        if len(diplotypes) == 1:
            called.setdefault(who, []).append(((source, record), gene, diplotypes[0]))
    return _Held(
        {
            curie: Stored(
                row,
                days.get(curie, {}),
                versions.get(curie, {}),
                tuple(called.get(curie, ())),
            )
            for curie, row in people.items()
        },
        held,
    )


def _owner(store: Store, patient: str, read: _Read) -> Whose:
    """Return whose the records are where the caller says it: those of one person, and without a day.

    The days of the patient are moved by what only the identity tells, and that is not in the store.
    """
    node = find_patient(store, patient)
    people = {person.identity for _, person in read.persons}
    moments = [one.at for _, person in read.persons for one in person.events]
    moments += [one.at for _, person in read.persons for one in person.calls]
    dated = any(moment is not None for moment in moments)
    if len(people) > 1 or dated or any(person.born or person.died for _, person in read.persons):
        raise RecordError(
            f"--patient says whose one genome is: expected records of one person without dates, got {len(people)} "
            f"person{'s' * (len(people) != 1)}{' with dates' * dated}; name the sample (--sample), or import without it"
        )
    return lambda person: Pseudonym(node.id, 0)


def _as_stored(person: Person) -> Pseudonym | None:
    """Return who a person is that a record names by the pseudonym: the days are on the shifted calendar already."""
    system, value = person.identity
    return Pseudonym(value, 0) if system == OWN else None


def _known_here(store: Store, read: _Read) -> tuple[tuple[str, Person], ...]:
    """Return the persons without those whom a record names by a pseudonym that the store does not have: refused."""
    named = {person.identity[1] for _, person in read.persons if person.identity[0] == OWN}
    held = {record.id for record in records(store, named)} if named else set()
    kept = []
    for source, person in read.persons:
        if person.identity[0] == OWN and person.identity[1] not in held:
            for event in person.events:
                why = "is a pseudonym that the store does not have"
                read.accounts[source].reject(event.place, "record", "the patient", why)
        else:
            kept.append((source, person))
    return tuple(kept)


def _charts(
    read: _Read, whose: Whose, key: bytes, words: Terminology, known: _Held, progress: Progress
) -> dict[str, Chart]:
    """Return the chart of each patient by pseudonym."""
    everyone = [person.private for _, person in read.persons]
    private = Private(
        frozenset[str]().union(*(one.words for one in everyone)),
        frozenset[str]().union(*(one.numbers for one in everyone)),
    )
    terms = Terms(key, words, private, read.accounts, read.now)
    together: dict[str, tuple[Pseudonym, list[tuple[str, Person]]]] = {}
    for source, person in read.persons:
        who = whose(person)
        known_as, told = together.setdefault(who.curie, (who, []))
        if known_as != who:
            raise RecordError(
                f"{person.place.file}: records of one patient come under an identifier and under the pseudonym, whose "
                "days are moved already; nothing was stored. Import the one, then the other"
            )
        told.append((source, person))
    charts = {}
    for number, (curie, (who, told)) in enumerate(together.items()):
        if number % 50 == 0:
            progress(f"patient {number + 1:,} of {len(together):,}", number / len(together))
        charts[curie] = chart(who, told, known.patients.get(curie), terms)
    return charts


def _rows(charts: Mapping[str, Chart], source: str, key: bytes, digests: Sequence[str]) -> Rows:
    """Return the rows of one source, as its release; a node is that of the first who names it."""
    nodes: dict[str, dict[str, Any]] = {}
    edges: dict[str, list[Any]] = {}
    tables: list[pa.Table] = []
    for one in charts.values():
        if source not in one.edges:
            continue
        for node in one.nodes:
            nodes.setdefault(node["kind"], {}).setdefault(node["id"], node)
        for edge in one.edges[source]:
            rows = edges.setdefault(edge["relation"], [])
            rows.append(edge)
            if len(rows) == _CHUNK:
                tables.append(edge_rows(edge["relation"], rows))
                rows.clear()
    tables += (edge_rows(relation, edges[relation]) for relation in RELATIONS if edges.get(relation))
    named = readers()[source]
    release = SourceRelease(
        name=source,
        version=release_digest(key, digests),
        licence=RECORDS_LICENCE,
        citation=f"Patient records ({named.describes}), under keyed pseudonyms; theirs who entrusted them.",
        url=named.url,
    )
    return Rows(release, [node_rows(kind, nodes[kind].values()) for kind in NODE_KINDS if kind in nodes], tables)


def _gone(held: Graph, charts: Mapping[str, Chart], graph: Graph) -> Graph:
    """Return the stored edges that the records which state them no longer state."""
    edges = {}
    for relation, rows in held.edges.items():
        if "record" not in rows.column_names:
            continue
        told = rows.select(["subject", "source", "record"]).to_pydict()
        read = [
            source in charts[subject].whole or record in charts[subject].seen.get(source, ())
            for subject, source, record in zip(*told.values(), strict=True)
        ]
        again = (
            pc.is_in(edge_keys(relation, rows), edge_keys(relation, graph.edges[relation]))
            if relation in graph.edges
            else pa.repeat(False, rows.num_rows)
        )
        gone = rows.filter(pc.and_not(pa.array(read, pa.bool_()), again))
        if gone.num_rows:
            edges[relation] = gone
    return Graph({}, edges)


def _with_rejections(audit: Audit, accounts: Mapping[str, Account]) -> Audit:
    """Return the audit with what was refused before it became rows; its kind stands as the table."""
    rejected = [(source, one) for source, account in accounts.items() for one in account.rejected]
    tables = Counter((source, one.table) for source, one in rejected)
    rows = [
        {
            "source": source,
            "table": one.table,
            "file": one.place.file,
            "line": one.place.line,
            "text": one.table,
            "reason": f"{one.element} {one.reason}",
        }
        for source, one in rejected
    ]
    tallies = (Tally(*where, rows=n, merged=0, rejected=n) for where, n in tables.items())
    return replace(
        audit,
        tallies=(*audit.tallies, *tallies),
        rejected=pa.concat_tables([audit.rejected, pa.Table.from_pylist(rows, schema=REJECTED)]),
    )
