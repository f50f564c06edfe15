"""HPO's disease annotations: which phenotypes a disease has, how often, and which it does not have.

Gargano et al., Nucleic Acids Research 2024;52:D1333; the columns: https://hpo-annotation-qc.readthedocs.io. A
phenotype that is excluded (`NOT`), or that none of the examined patients had (`0/7`, `0%`), is an edge of
`disease_lacks_phenotype`, never of `disease_has_phenotype`. A word that the format does not know makes a row be
rejected by the build, under its line.
"""

import re
from collections.abc import Callable, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from kg.curie import standard
from kg.fetch import Fetch, FoundFile, PublicFile
from kg.files.columns import read_columns
from kg.files.obo import read_terms
from kg.rows import Rows
from kg.source import Source
from kg.sources.hpo import ONTOLOGY, phenotypes
from kg.sources.hpo import SOURCE as HPO

ANNOTATIONS = PublicFile("ontology/phenotype.hpoa.gz")

SOURCE = Source(
    name="hpoa",
    gives="the phenotypes of rare diseases with frequency, onset and sex, those that they lack, and their inheritance",
    version="2025-01-16",
    licence=HPO.licence,
    citation=HPO.citation,
    url="https://hpo.jax.org/data/annotations",
    files=(ANNOTATIONS,),
    extras=(ONTOLOGY,),
)

COLUMNS = (
    "database_id",
    "disease_name",
    "qualifier",
    "hpo_id",
    "reference",
    "evidence",
    "onset",
    "frequency",
    "sex",
    "modifier",
    "aspect",
)

ASPECTS = {
    "P": "disease_has_phenotype",
    "I": "disease_has_mode_of_inheritance",
    "C": "disease_has_clinical_course",
    "M": "disease_has_clinical_modifier",
    "H": "disease_follows_medical_history",
}
LACKS = "disease_lacks_phenotype"

EVIDENCE = {
    "IEA": ("knowledge_assertion", "automated_agent"),  # from the text of OMIM's clinical synopses
    "PCS": ("knowledge_assertion", "manual_agent"),  # from a published clinical study
    "TAS": ("knowledge_assertion", "manual_agent"),  # from a knowledge base, such as OMIM or Orphanet
}

FREQUENCIES = {
    "HP:0040280": (1.0, 1.0),  # obligate
    "HP:0040281": (0.80, 0.99),  # very frequent
    "HP:0040282": (0.30, 0.79),  # frequent
    "HP:0040283": (0.05, 0.29),  # occasional
    "HP:0040284": (0.01, 0.04),  # very rare
    "HP:0040285": (0.0, 0.0),  # excluded
}
"""HPO's frequency terms -> the fractions of patients that their definitions give."""

_TEXT = pa.string()
_COUNT = re.compile(r"([0-9]{1,9})/([0-9]{1,9})")
_PERCENT = re.compile(r"([0-9]{1,3}(?:\.[0-9]+)?)%")


def read(fetch: Fetch) -> Rows:
    """Read the annotations; where the ontology's file is there too, the phenotypes that they name come with names.

    Raises `kg.fetch.FetchError` if the file is nowhere or not what it should be, `kg.files.text.FileError` if one
    cannot be read.
    """
    found = SOURCE.fetched(fetch)
    rows = read_columns(found[ANNOTATIONS].path, COLUMNS, comment="#")
    nodes = (_diseases(rows), _named(rows, found)) if ONTOLOGY in found else (_diseases(rows),)
    return Rows(SOURCE.release(found), nodes, (_edges(rows),))


def frequency(text: str) -> tuple[float, float] | None:
    """Return the lowest and the highest fraction of patients that a frequency means, or None where it means none.

    >>> frequency("3/4"), frequency("12.5%"), frequency("HP:0040283"), frequency("4/3")
    ((0.75, 0.75), (0.125, 0.125), (0.05, 0.29), None)
    """
    if text in FREQUENCIES:
        return FREQUENCIES[text]
    if count := _COUNT.fullmatch(text):
        seen, examined = int(count[1]), int(count[2])
        return (seen / examined, seen / examined) if seen <= examined and examined else None
    share = _PERCENT.fullmatch(text)
    fraction = float(share[1]) / 100 if share else 2.0
    return (fraction, fraction) if fraction <= 1 else None


def _diseases(rows: pa.Table) -> pa.Table:
    """Return a node for each disease and name, with the first line that has them."""
    named = rows.group_by(["database_id", "disease_name"], use_threads=False).aggregate([("line", "min")])
    return pa.table(
        {
            "kind": pa.repeat("Disease", named.num_rows),
            "id": _each(named["database_id"], standard),
            "name": named["disease_name"].cast(pa.string()),
            "file": pa.repeat(ANNOTATIONS.name, named.num_rows),
            "line": named["line_min"],
        }
    )


def _named(rows: pa.Table, found: Mapping[PublicFile, FoundFile]) -> pa.Table:
    used = set(pc.unique(rows["hpo_id"].cast(pa.string())).to_pylist())
    return phenotypes([t for t in read_terms(found[ONTOLOGY].path) if t.id in used and not t.obsolete])


def _edges(rows: pa.Table) -> pa.Table:
    level = {code: told[0] for code, told in EVIDENCE.items()}
    agent = {code: told[1] for code, told in EVIDENCE.items()}
    return pa.table(
        {
            "relation": _relations(rows),
            "subject": _each(rows["database_id"], standard),
            "object": rows["hpo_id"],
            "knowledge_level": _each(rows["evidence"], level.get),
            "agent_type": _each(rows["evidence"], agent.get),
            "references": _each(rows["reference"], _references, pa.list_(pa.string())),
            "evidence_code": _each(rows["evidence"], _told),
            "reported_in": _each(rows["reference"], _told),
            "frequency_low": _each(rows["frequency"], lambda text: (frequency(text) or (None,))[0], pa.float64()),
            "frequency_high": _each(rows["frequency"], lambda text: (frequency(text) or (None,))[-1], pa.float64()),
            "frequency_text": _each(rows["frequency"], _told),
            "onset": _each(rows["onset"], _told),
            "sex": _each(rows["sex"], lambda text: text.lower() or None),
            "modifier": _each(rows["modifier"], _told),
            "file": pa.repeat(ANNOTATIONS.name, rows.num_rows),
            "line": rows["line"],
        }
    )


def _relations(rows: pa.Table) -> pa.Array:
    """Return each row's relation; of a row with a word that is not the format's, none of ours, but that word."""
    aspects = _each(rows["aspect"], lambda text: ASPECTS.get(text, f"{SOURCE.name}:aspect {text!r}"))
    unreadable = _each(
        rows["frequency"], lambda text: f"{SOURCE.name}:frequency {text!r}" if text and not frequency(text) else None
    )
    unknown = _each(
        rows["qualifier"], lambda text: None if text in ("", "NOT") else f"{SOURCE.name}:qualifier {text!r}"
    )
    never = _each(rows["frequency"], lambda text: frequency(text) == (0, 0), pa.bool_())
    lacks = pc.or_(pc.equal(rows["qualifier"].cast(pa.string()), "NOT"), never)
    known = pc.starts_with(aspects, "disease_")
    return pc.coalesce(unknown, unreadable, pc.if_else(pc.and_(lacks, known), LACKS, aspects))


def _references(text: str) -> list[str]:
    return [standard(reference) for reference in text.split(";") if reference]


def _told(text: str) -> str | None:
    return text or None


def _each(column: pa.ChunkedArray, say: Callable[[str], object], kind: pa.DataType = _TEXT) -> pa.ChunkedArray:
    """Return a dictionary-encoded column with `say` of each of its distinct values, decoded."""
    encoded = column.combine_chunks()
    values = pa.array(map(say, encoded.dictionary.to_pylist()), kind)
    return pa.chunked_array([values.take(encoded.indices)])
