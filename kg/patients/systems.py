"""Systems: codes that tables hold without their dots and dashes, as their code systems write them, or without system.

ICD codes stand in claims and hospital tables without dots, NDC codes as 11 digits; a code whose system the table does
not name is told by its shape, where one shape is one system's.
"""

import re

from kg.patients.record import Code

_ICD9_DIAGNOSIS = re.compile(r"(\d{3}|V\d{2}|E\d{3})\.?(\d{0,2})")
_ICD10_DIAGNOSIS = re.compile(r"([A-Z]\d[\dA-Z])\.?([\dA-Z]{0,4})")
_ICD9_PROCEDURE = re.compile(r"(\d{2})\.?(\d{0,2})")
_ICD10_PROCEDURE = re.compile(r"[\dA-HJ-NP-Z]{7}")
_NDC = re.compile(r"(\d{5})(\d{4})(\d{2})")
_CPT = re.compile(r"\d{5}")
_HCPCS = re.compile(r"[A-Z]\d{4}")


def icd_diagnosis(code: str, version: str) -> Code | None:
    """Return the code of a diagnosis in ICD-9-CM or ICD-10-CM (version "9" or "10"), None where it is none.

    >>> icd_diagnosis("78791", "9"), icd_diagnosis("E8497", "9").code, icd_diagnosis("I10", "10").code
    (Code(system='ICD9CM', code='787.91', display='', public=False), 'E849.7', 'I10')
    """
    if version == "9":
        return _dotted("ICD9CM", _ICD9_DIAGNOSIS, code)
    return _dotted("ICD10CM", _ICD10_DIAGNOSIS, code) if version == "10" else None


def icd_procedure(code: str, version: str) -> Code | None:
    """Return the code of a procedure in ICD-9-CM or ICD-10-PCS, None where it is none.

    >>> icd_procedure("3961", "9").code, icd_procedure("02HV33Z", "10").system
    ('39.61', 'ICD10PCS')
    """
    if version == "9":
        return _dotted("ICD9CM", _ICD9_PROCEDURE, code)
    return Code("ICD10PCS", code) if version == "10" and _ICD10_PROCEDURE.fullmatch(code) else None


def ndc(code: str) -> Code | None:
    """Return the code of a drug's package with its dashes, of the 11 digits that claims write; None for others.

    >>> ndc("00002751001").code
    '00002-7510-01'
    """
    parts = _NDC.fullmatch(code)
    return Code("NDC", "-".join(parts.groups())) if parts else None


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

    `E8710` and `V270` are of both shapes.
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


def _dotted(system: str, shape: re.Pattern[str], code: str) -> Code | None:
    parts = shape.fullmatch(code)
    return Code(system, ".".join(filter(None, parts.groups()))) if parts else None
