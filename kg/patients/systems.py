"""Systems: the code of what a table holds without its system, or with the system's version in a column of its own.

Hospitals and claims write ICD codes without dots and NDC codes as 11 digits; `kg.patients.terms.codes` knows how each
system writes its own. A code whose system no table names is told by its shape, where one shape is one system's.
"""

import re

from kg.patients.record import Code
from kg.patients.terms.codes import written

_ICD10_PROCEDURE = re.compile(r"[\dA-HJ-NP-Z]{7}")
_CPT = re.compile(r"\d{5}")
_HCPCS = re.compile(r"[A-Z]\d{4}")


def icd_diagnosis(code: str, version: str) -> Code | None:
    """Return the code of a diagnosis in ICD-9-CM or ICD-10-CM (version "9" or "10"), None where it is none.

    >>> icd_diagnosis("78791", "9"), icd_diagnosis("E8497", "9").code, icd_diagnosis("I10", "10").code
    (Code(system='ICD9CM', code='787.91', display='', public=False), 'E849.7', 'I10')
    """
    return _written(f"ICD{version}CM", code) if version in ("9", "10") else None


def icd_procedure(code: str, version: str) -> Code | None:
    """Return the code of a procedure in ICD-9-CM or ICD-10-PCS, None where it is none.

    >>> icd_procedure("3961", "9").code, icd_procedure("02HV33Z", "10").system
    ('39.61', 'ICD10PCS')
    """
    if version == "9":
        return _written("ICD9CM", code, procedure=True)
    return Code("ICD10PCS", code) if version == "10" and _ICD10_PROCEDURE.fullmatch(code) else None


def ndc(code: str) -> Code | None:
    """Return the code of a drug's package with its dashes; None where it is none.

    >>> ndc("00002751001").code, ndc("0")
    ('00002-7510-01', None)
    """
    return _written("NDC", code)


def hcpcs(code: str) -> Code | None:
    """Return the code of a service: level I of HCPCS is CPT, five digits; level II begins with a letter.

    >>> hcpcs("93454").system, hcpcs("G0378").system
    ('CPT', 'HCPCS')
    """
    if _CPT.fullmatch(code):
        return Code("CPT", code)
    return Code("HCPCS", code) if _HCPCS.fullmatch(code) else None


def diagnosis(code: str, icd9: bool) -> Code | None:
    """Return the code of a diagnosis of either version of ICD; `icd9` decides where the shape leaves both open.

    >>> diagnosis("E8710", icd9=True).code, diagnosis("E8710", icd9=False).code
    ('E871.0', 'E87.10')
    """
    of_9, of_10 = icd_diagnosis(code, "9"), icd_diagnosis(code, "10")
    return of_9 if of_9 and (icd9 or not of_10) else of_10


def procedure(code: str) -> Code | None:
    """Return the code of a procedure of the system that has this shape: ICD-10-PCS, CPT, HCPCS or ICD-9-CM.

    Seven digits may also be SNOMED CT's, unless they begin with 0.

    >>> procedure("0016070").system, procedure("7246002")
    ('ICD10PCS', None)
    """
    of_10 = None if code.isdigit() and not code.startswith("0") else icd_procedure(code, "10")
    return of_10 or hcpcs(code) or icd_procedure(code, "9")


def _written(system: str, code: str, procedure: bool = False) -> Code | None:
    found = written(Code(system, code), procedure)
    return Code(system, found[1]) if found else None
