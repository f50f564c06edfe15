"""Codes in FHIR: which code system an address means, what its codes look like, and HL7's own codes of a status.

Each coding of a concept is judged alone: one that is no code of its system is refused by itself, and those of systems
that nobody here knows are passed over. Displays are carried along to be compared, and texts are not.
"""

import re
from collections.abc import Callable
from typing import Any

from kg.patients.formats.fhir.elements import Json, codings, text
from kg.patients.record import Code, Refused

SYSTEMS: dict[str, str] = {
    "snomed.info/sct": "SNOMEDCT",
    "loinc.org": "LOINC",
    "www.nlm.nih.gov/research/umls/rxnorm": "RXNORM",
    "hl7.org/fhir/sid/icd-10-cm": "ICD10CM",
    "hl7.org/fhir/sid/icd-10": "ICD10CM",
    "hl7.org/fhir/sid/icd-9-cm": "ICD9CM",
    "www.cms.gov/Medicare/Coding/ICD10": "ICD10PCS",
    "hl7.org/fhir/sid/icd-10-pcs": "ICD10PCS",
    "hl7.org/fhir/sid/ndc": "NDC",
    "hl7.org/fhir/sid/cvx": "CVX",
    "www.ama-assn.org/go/cpt": "CPT",
    "www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets": "HCPCS",
    "www.whocc.no/atc": "ATC",
    "fdasis.nlm.nih.gov": "UNII",
    "human-phenotype-ontology.org": "HP",
    "purl.obolibrary.org/obo/hp.owl": "HP",
    "purl.obolibrary.org/obo/mondo.owl": "MONDO",
    "purl.obolibrary.org/obo/doid.owl": "DOID",
    "www.orpha.net": "ORPHANET",
    "www.omim.org": "OMIM",
    "omim.org": "OMIM",
    "urn:oid:2.16.840.1.113883.6.96": "SNOMEDCT",
    "urn:oid:2.16.840.1.113883.6.1": "LOINC",
    "urn:oid:2.16.840.1.113883.6.88": "RXNORM",
    "urn:oid:2.16.840.1.113883.6.90": "ICD10CM",
    "urn:oid:2.16.840.1.113883.6.3": "ICD10CM",
    "urn:oid:2.16.840.1.113883.6.103": "ICD9CM",
    "urn:oid:2.16.840.1.113883.6.4": "ICD10PCS",
    "urn:oid:2.16.840.1.113883.6.69": "NDC",
    "urn:oid:2.16.840.1.113883.6.12": "CPT",
    "urn:oid:2.16.840.1.113883.12.292": "CVX",
    "urn:oid:2.16.840.1.113883.6.73": "ATC",
    "unitsofmeasure.org": "UCUM",
    "urn:oid:2.16.840.1.113883.6.8": "UCUM",
}
"""A code system's address in FHIR, less `http://` and a slash at its end -> the prefix of its CURIEs."""

PATTERNS: dict[str, str] = {
    "SNOMEDCT": r"[1-9]\d{5,17}",
    "LOINC": r"(LA|LP)?\d{1,7}-\d",
    "RXNORM": r"\d{1,7}",
    "ICD10CM": r"[A-Z]\d[\dA-Z]\.?[\dA-Z]{0,4}",
    "ICD9CM": r"(\d{3}|V\d{2}|E\d{3})\.?\d{0,2}|\d{2}\.?\d{0,2}",
    "ICD10PCS": r"[\dA-HJ-NP-Z]{7}",
    "NDC": r"\d{4,5}-\d{3,4}-\d{1,2}|\d{10,11}",
    "CVX": r"\d{1,3}",
    "CPT": r"\d{4}[\dFTU]",
    "HCPCS": r"[A-V]\d{4}",
    "ATC": r"[A-V](\d{2}([A-Z]([A-Z](\d{2})?)?)?)?",
    "UNII": r"[A-Z\d]{10}",
    "HP": r"\d{7}",
    "MONDO": r"\d{7}",
    "DOID": r"\d{1,7}",
    "ORPHANET": r"\d{1,6}",
    "OMIM": r"\d{6}",
}
"""What a code of each system looks like: anything else may be a patient's identifier."""

_BEFORE = {"HP": "HP:", "MONDO": "MONDO:", "DOID": "DOID:", "ORPHANET": "ORPHA:"}
"""What a code of some systems may begin with, as its CURIE does."""

_NOT_HL7 = "has no code of HL7's that says so"


def system_of(address: Any) -> str | None:
    """Return the CURIE prefix of a code system by its address, whatever its version; None for one that is not known.

    >>> system_of("http://loinc.org"), system_of("https://loinc.org/|2.77"), system_of("urn:ward")
    ('LOINC', 'LOINC', None)
    """
    known = re.sub(r"^https?://|/?(\|.*)?$", "", address.strip()) if isinstance(address, str) else ""
    return "SNOMEDCT" if known.startswith("snomed.info/sct/") else SYSTEMS.get(known)


def codes(concept: Any, element: str, refuse: Callable[[str, str], None]) -> tuple[Code, ...]:
    """Return the codes of known systems of a CodeableConcept; `refuse` is told of those that are none.

    Raises `Refused` where each coding of a known system is no code of it.
    """
    found: list[Code] = []
    faults: list[tuple[str, str]] = []
    for number, coding in enumerate(codings(concept)):
        code = read_code(coding)
        if isinstance(code, Code):
            found.append(code)
        elif code:
            faults.append((f"{element}.coding.{number}.code", f"is not a code of {code}"))
    if faults and not found:
        raise Refused(*faults[0])
    for fault in faults:
        refuse(*fault)
    return tuple(dict.fromkeys(found))


def read_code(coding: Json) -> Code | str | None:
    """Return the code of a Coding; None if its system is not known, the system's prefix if it is none of its codes."""
    system = system_of(coding.get("system"))
    written = text(coding.get("code"))
    if system is None or written is None or system not in PATTERNS:  # units are checked by their grammar
        return None
    code = written.removeprefix(_BEFORE.get(system, ""))
    if not re.fullmatch(PATTERNS[system], code, re.ASCII):
        return system
    return Code(system, code, text(coding.get("display")) or "")


def loinc(concept: Any) -> frozenset[str]:
    """Return the LOINC codes of a concept."""
    read = (read_code(coding) for coding in codings(concept))
    return frozenset(code.code for code in read if isinstance(code, Code) and code.system == "LOINC")


def hl7_code(concept: Any, system: str, element: str) -> str:
    """Return the code of HL7's system of this name that a concept has, wherever it stands among others.

    Raises `Refused` for a concept that has none, or two that differ: a text or a local code confirms nothing.
    """
    found = {
        written
        for coding in codings(concept)
        if (written := text(coding.get("code"))) and _is_hl7(coding.get("system"), system)
    }
    if len(found) != 1:
        raise Refused(element, "says two things" if found else _NOT_HL7)
    return found.pop()


def _is_hl7(address: Any, system: str) -> bool:
    known = re.sub(r"^https?://", "", address.strip()) if isinstance(address, str) else ""
    return known in (
        f"terminology.hl7.org/CodeSystem/{system}",
        f"hl7.org/fhir/{system}",
        f"hl7.org/fhir/{system.replace('-', '/', 1)}",  # HL7 version 3's, as in v3/ActCode
    )
