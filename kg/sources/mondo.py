"""MONDO's cross-references: which identifiers of OMIM, Orphanet, UMLS and others mean the disease that a DOID means.

As PrimeKG and TxGNN carry them: database cross-references without their kind, so that the build takes only those
that are one to one (`kg.identify`). Identifiers that are no CURIEs of a known prefix are counted and left out.
"""

from collections import Counter

from kg.curie import CurieError, parse
from kg.fetch import Fetch, PublicFile
from kg.files.table import read_csv
from kg.rows import Rows, pair_rows
from kg.source import Source

REFERENCES = PublicFile("splits/txgnn/mondo_references.csv.gz")

SOURCE = Source(
    name="mondo",
    gives="which identifiers of other databases mean one disease, so that sources meet in one node",
    version="TxGNN-2023",
    licence="CC-BY-4.0",
    citation="Vasilevsky NA, Matentzoglu NA, Toro S, et al. Mondo: Unifying diseases for the world, by the world. "
    "medRxiv 2022. doi:10.1101/2022.04.13.22273750",
    url="https://github.com/mims-harvard/TxGNN",
    files=(REFERENCES,),
)

_PREFIXES = {"Orphanet": "ORPHANET", "OMIMPS": "OMIM.PS", "SCTID": "SNOMEDCT", "MedDRA": "MEDDRA"}
"""The file's word for a database -> its prefix; else they are the same."""


def read(fetch: Fetch) -> Rows:
    """Read the cross-references.

    Raises `kg.fetch.FetchError` if the file is nowhere, `kg.files.text.FileError` if it cannot be read.
    """
    found = SOURCE.fetched(fetch)
    table = read_csv(found[REFERENCES].path, ("ontology_id", "ontology", "mondo_id"))
    left_out: Counter[str] = Counter()
    rows = []
    for line, row in table.by_line().items():
        text = f"{_PREFIXES.get(row['ontology'], row['ontology'])}:{row['ontology_id']}"
        try:
            ends = {"subject": str(parse(f"MONDO:{row['mondo_id']}")), "object": str(parse(text))}
            rows.append({**ends, "file": REFERENCES.name, "line": line})
        except CurieError:
            left_out["an identifier of no known prefix, or not as its prefix has them"] += 1
    return Rows(SOURCE.release(found), (), (), equivalents=(pair_rows(rows),), left_out=left_out)
