"""SIDER 4: how often drugs have which side effects, read from their package leaflets.

A leaflet may tell several frequencies of one effect: of trials, doses, degrees. An edge has the range that they span
and each of them as text, and the range of the placebo arms where those are told; "postmarketing" is no frequency and
makes no range. Drugs come as STITCH's stereo-specific identifiers, which number PubChem's compounds (`CID0` and eight
digits; the flat ones, `CID1`, merge stereoisomers and are not used).
"""

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from kg.fetch import Fetch, FoundFile, PublicFile
from kg.files.columns import read_records
from kg.files.number import number
from kg.files.text import FileError
from kg.rows import Rows, edge_rows, node_rows
from kg.source import Source
from kg.sources.drugbank import DRUGS, PUBCHEM

FREQUENCIES = PublicFile("attributes/sider4_meddra_freq.tsv.gz")

SOURCE = Source(
    name="sider",
    gives="how often a drug has a side effect, on the drug and on placebo, as its package leaflets tell",
    version="4.1",
    licence="CC-BY-NC-SA-4.0",
    citation="Kuhn M, Letunic I, Jensen LJ, Bork P. The SIDER database of drugs and side effects. Nucleic Acids Res "
    "2016;44:D1075-D1079. doi:10.1093/nar/gkv1075",
    url="http://sideeffects.embl.de",
    files=(FREQUENCIES,),
    extras=(PUBCHEM, DRUGS),
)

HEADER = ("flat", "stereo", "label_umls", "placebo", "text", "low", "high", "level", "umls", "name")
"""The file has no header line; these are the columns of its README."""

UNTOLD = frozenset({"postmarketing"})
"""Texts that tell of reports without saying how many took the drug; SIDER bounds them by 0 and 0.001 all the same."""

_COLUMNS = ("stereo", "umls", "placebo", "text", "low", "high", "level", "name")
_MARKETED = frozenset({"approved", "withdrawn"})


def read(fetch: Fetch) -> Rows:
    """Read SIDER's frequencies; raises `kg.fetch.FetchError` or `kg.files.text.FileError`."""
    found = SOURCE.fetched(fetch)
    stated = list(read_records(found[FREQUENCIES].path, _COLUMNS, header=HEADER))
    # Every effect on a leaflet is given as a lowest level term, and once more as a preferred term: those are kept. A
    # malformed line has no level, and is to be rejected.
    rows = [row for row in stated if row["level"] == "PT" or not (row["umls"] or row["level"] or row["name"])]
    drugs = _drugs_of(found)
    told: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in rows:
        for drug in drugs.get(_compound(row["stereo"]), (_compound(row["stereo"]),)):
            told.setdefault((drug, row["umls"]), []).append(row)
    effects = {row["umls"]: row for row in rows if row["umls"]}
    nodes = (
        _drugs(found, told),
        node_rows(
            "SideEffect",
            ({"id": f"UMLS:{umls}", "name": row["name"], **_place(row)} for umls, row in effects.items()),
        ),
    )
    shared = {"knowledge_level": "knowledge_assertion", "agent_type": "text_mining_agent"}
    edges = edge_rows("causes_side_effect", _edges(told), **shared)
    left_out = {
        "a term that is no preferred term of MedDRA": len(stated) - len(rows),
        "an effect of placebo alone": len(told) - edges.num_rows,
    }
    return Rows(SOURCE.release(found), nodes, (edges,), left_out=left_out)


def _compound(stitch: str) -> str:
    """Return the CURIE of the compound behind a stereo-specific STITCH identifier; other text comes back as it is.

    >>> _compound("CID000002244"), _compound("CID100002244")
    ('PUBCHEM.COMPOUND:2244', 'CID100002244')
    """
    number = stitch.removeprefix("CID0")
    return f"PUBCHEM.COMPOUND:{int(number)}" if number != stitch and number.isdecimal() else stitch


def _drugs_of(found: Mapping[PublicFile, FoundFile]) -> dict[str, tuple[str, ...]]:
    """Return the drugs of DrugBank that each compound is, by CURIE.

    A leaflet is a marketed drug's: where a compound is listed for several drugs, those that are or were approved are
    meant if there are any, such as levocarnitine rather than its experimental mirror image. Where several are left,
    each has the effect, as in Hetionet. A compound that DrugBank does not list stays a drug of its own, by PubChem's
    number.
    """
    if PUBCHEM not in found:
        return {}
    listed: dict[str, list[str]] = {}
    for row in read_records(found[PUBCHEM].path, ("drugbank_id", "pubchem_id")):
        listed.setdefault(row["pubchem_id"], []).append(row["drugbank_id"])
    groups = {}
    if DRUGS in found:
        groups = {
            row["drugbank_id"]: _MARKETED & {*row["groups"].split("|")}
            for row in read_records(found[DRUGS].path, ("drugbank_id", "groups"))
        }
    meant = {}
    for compound, drugs in listed.items():
        marketed = [drug for drug in drugs if groups.get(drug)] or drugs
        meant[f"PUBCHEM.COMPOUND:{compound}"] = tuple(f"DRUGBANK:{drug}" for drug in marketed)
    return meant


def _drugs(found: Mapping[PublicFile, FoundFile], told: Mapping[tuple[str, str], list[dict[str, Any]]]) -> pa.Table:
    """Return the drugs of the edges; SIDER's table of frequencies does not name them, DrugBank's does."""
    names = {}
    if DRUGS in found:
        known = read_records(found[DRUGS].path, ("drugbank_id", "name"))
        names = {f"DRUGBANK:{row['drugbank_id']}": row["name"] for row in known}
    first: dict[str, dict[str, Any]] = {}
    for (drug, umls), rows in told.items():
        if umls:  # else a malformed line, to be rejected once, as an edge
            first.setdefault(drug, rows[0])
    return node_rows("Drug", ({"id": drug, "name": names.get(drug), **_place(row)} for drug, row in first.items()))


def _edges(told: Mapping[tuple[str, str], list[dict[str, Any]]]) -> Iterator[dict[str, object]]:
    for (drug, umls), rows in told.items():
        given = [row for row in rows if not row["placebo"]]
        if not given:  # an effect of the placebo alone is none of the drug's
            continue
        low, high = _span(given)
        placebo_low, placebo_high = _span([row for row in rows if row["placebo"]])
        yield {
            "subject": drug,
            "object": f"UMLS:{umls}" if umls else None,
            "frequency_low": low,
            "frequency_high": high,
            "frequency_text": "|".join(dict.fromkeys(row["text"] for row in given if row["text"])) or None,
            "placebo_frequency_low": placebo_low,
            "placebo_frequency_high": placebo_high,
            **_place(given[0]),
        }


def _span(rows: list[dict[str, Any]]) -> tuple[float | None, float | None]:
    """Return the least and the greatest of the frequencies, as fractions."""
    bounds = [
        _fraction(row, bound) for row in rows if row["umls"] and row["text"] not in UNTOLD for bound in ("low", "high")
    ]
    return (min(bounds), max(bounds)) if bounds else (None, None)


def _fraction(row: dict[str, Any], column: str) -> float:
    value = number(row[column])
    if value is None or not 0 <= value <= 1:
        raise FileError(f"{FREQUENCIES.name}, line {row['line']}: expected 0 to 1 as {column}, got {row[column]!r}")
    return value


def _place(row: dict[str, Any]) -> dict[str, object]:
    return {"file": FREQUENCIES.name, "line": row["line"]}
