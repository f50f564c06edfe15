"""Labels: what MIMIC's codes mean in the public words of its own dictionaries."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow.compute as pc

from kg.patients.formats.mimic.tables import LABELS
from kg.patients.record import Account, Code
from kg.patients.systems import hcpcs, icd_diagnosis, icd_procedure, ndc
from kg.patients.tables import Table, read_table

_OWN = "PANAKEIA"
_NOT_OF_A_CODE = re.compile(r"[^A-Za-z0-9_.*-]")


@dataclass(frozen=True)
class Labels:
    """The labels of codes, by dictionary and code; an ICD code comes with its version."""

    by_code: Mapping[tuple[str, ...], str]

    def diagnosis(self, code: str, version: str) -> Code | None:
        """Return the code of a diagnosis with its title."""
        return self._named(icd_diagnosis(code, version), "d_icd_diagnoses", code, version)

    def procedure(self, code: str, version: str) -> Code | None:
        """Return the code of a procedure with its title."""
        return self._named(icd_procedure(code, version), "d_icd_procedures", code, version)

    def service(self, code: str) -> Code | None:
        """Return the code of a service in HCPCS or CPT with its description."""
        return self._named(hcpcs(code), "d_hcpcs", code)

    def lab(self, item: str) -> Code | None:
        """Return our own code of a laboratory's test: MIMIC gives no LOINC codes."""
        return self._named(_item(item), "d_labitems", item)

    def item(self, item: str) -> Code | None:
        """Return our own code of an item of the intensive care units."""
        return self._named(_item(item), "d_items", item)

    def _named(self, code: Code | None, *key: str) -> Code | None:
        label = self.by_code.get(key)
        return replace(code, display=label, public=True) if code and label else code


def drug(package: str | None, formulary: str | None, name: str) -> tuple[Code, ...]:
    """Return the codes of a prescribed drug: of its package, else the hospital's formulary.

    Its name is what the order wrote, which is compared and not stored.
    """
    code = ndc(package or "")
    if code is None and formulary:
        code = Code(_OWN, f"MIMIC-{_NOT_OF_A_CODE.sub('_', formulary)}")
    return (replace(code, display=name),) if code else ()


def read_labels(files: Mapping[str, Path], tables: Mapping[str, Table], account: Account) -> Labels:
    """Return the labels of the codes that these tables use, of the dictionaries that are there."""
    by_code: dict[tuple[str, ...], str] = {}
    for name, user, column in (
        ("d_icd_diagnoses", "diagnoses_icd", "icd_code"),
        ("d_icd_procedures", "procedures_icd", "icd_code"),
        ("d_hcpcs", "hcpcsevents", "hcpcs_cd"),
        ("d_labitems", "labevents", "itemid"),
        ("d_items", "procedureevents", "itemid"),
    ):
        if name in files and user in tables:
            asked = LABELS[name]
            table = read_table(files[name], name, asked.needed, asked.wanted, account)
            used = pc.unique(tables[user].columns[column])
            for row in table.rows_where(pc.is_in(table.columns[asked.needed[0]], value_set=used)):
                by_code[name, *_key(row)] = _label(row)
    return Labels(by_code)


def _key(row: Mapping[str, str | None]) -> tuple[str, ...]:
    code = row.get("icd_code") or row.get("itemid") or row.get("code") or ""
    return (code, row["icd_version"] or "") if "icd_version" in row else (code,)


def _label(row: Mapping[str, str | None]) -> str:
    """Return the words for a code; a test's with the fluid that it is done on."""
    named = (row.get(column) for column in ("long_title", "long_description", "short_description", "label"))
    label = next(filter(None, named), "")
    return f"{label} ({row['fluid']})" if label and row.get("fluid") else label


def _item(item: str) -> Code | None:
    return Code(_OWN, f"MIMIC-{item}") if item.isascii() and item.isdigit() else None
