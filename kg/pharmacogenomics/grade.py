"""Grade: whether advice goes by a result that not everybody has, and whether it speaks against the drug.

Guidelines say in words what is to be done. What a reader is to be warned of first is advice whose clause tells not to
give the drug at all: one that also offers another dose, or sets a condition ("if this does not work"), does not.
"""

import re

from kg.pharmacogenomics.recommend import Advice

USUAL = (
    *("Normal", "normal risk", "Rapid", "Uncertain Susceptibility", "negative", "-1639 GG", "non-responsive"),
    "No Result",
)
"""What a result says that has a person treated as anybody: it holds one of these words."""
DOSED_UP = ("CYP3A5", ("Normal", "Intermediate"))
"""The gene whose active enzyme is the exception for which doses are raised."""

_LABEL = r"(?:-\s*)?(?:(?:[A-Z][A-Z ,/()-]{3,}|[A-Z][^:.]{3,60}|[A-Z, ]+ or [A-Z]+):\s*)?(?:-\s*)?"
"""What may stand before a clause: the item's mark, and the indication that it is for (`STROKE or TIA:`)."""
_NAIVE = r"(?:if patient is [\w-]+-na[iï]ve(?: and alternative agents are available)?,\s*)?"
"""The one condition that says nothing but that the drug is new to the patient."""
_AGAINST = re.compile(
    rf"^{_LABEL}{_NAIVE}(?:"
    r"avoid\b(?! (?:moderate|strong|co-?medication|CYP))"
    r"|(?:select|prescribe|recommend|choose|use) (?:(?:an|another) )?alternative"
    r"|do not (?:use|prescribe)"
    r"|(?!if\b)[\w -]+ (?:is|are) (?:not recommended|(?:relatively )?contra-?indicated)"
    r"|(?!if\b)[\w -]+ should (?:not be (?:used|prescribed|given)|be avoided)"
    r")",
    re.IGNORECASE,
)
_OR_ELSE = re.compile(r"^.{0,90}\bor (?:start|double|increase|reduce|monitor|measure|titrate|adjust)", re.IGNORECASE)
"""Another way that a clause offers: then the drug may be given."""
_CONDITION = re.compile(r"^(?:-\s*)?(?:if(?! patient is [\w-]+-na[iï]ve)|or|when|in the event)\b", re.IGNORECASE)
_DOSED = re.compile(r"^(?:-\s*)?(?:initiate|start|use (?:\d|half))", re.IGNORECASE)
"""How advice begins that gives the drug, with an alternative as another way."""


def unusual(advice: Advice) -> bool:
    """Return whether advice goes by a result that not everybody has, and says to do something."""
    return advice.actionable and any(_unusual(gene, said) for gene, said in advice.results.items())


def speaks_against(recommendation: str) -> bool:
    """Return whether a recommendation tells not to give the drug, without offering another dose instead.

    >>> speaks_against("Avoid clopidogrel if possible. Use prasugrel at standard dose."), speaks_against("Use 75%.")
    (True, False)
    >>> speaks_against("Choose an alternative or double the dose to 150 mg/day."), speaks_against("No reason to avoid")
    (False, False)
    """
    clauses = [clause.strip() for clause in re.split(r"\n|(?<=[.;])\s+", recommendation)]
    return not _DOSED.search(clauses[0]) and any(
        _AGAINST.search(clause) and not _OR_ELSE.search(clause) and not _CONDITION.search(clause) for clause in clauses
    )


def _unusual(gene: str, said: str) -> bool:
    if gene == DOSED_UP[0]:
        return any(word in said for word in DOSED_UP[1])
    if "Ultrarapid" in said or ("Rapid" in said and gene != "NAT2"):
        return True
    return not any(word in said for word in USUAL)
