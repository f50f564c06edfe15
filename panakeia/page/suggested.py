"""Suggested: well-known nodes that this very graph has, to begin with; a name that it has not is no example."""

from typing import Any

from panakeia.page.asked import Asked

_NAMES = {
    "Disease": ("multiple sclerosis", "type 2 diabetes mellitus", "hypertension"),
    "Drug": ("metformin", "warfarin"),
    "Gene": ("CYP2C19", "CYP2C9"),
    "Variant": ("rs1799853", "CYP2C9*3"),
}
_PAIRS = (("hydrocortisone", "multiple sclerosis"), ("metformin", "type 2 diabetes mellitus"))


def suggested(asked: Asked, kind: str) -> dict[str, Any] | None:
    """Return a node of a kind, the first of these names that the graph has, else its first; None where it has none."""
    named = (_called(asked, name, kind) for name in _NAMES[kind])
    found: list[dict[str, Any]] = [node for node in named if node][:1]
    found = found or asked.ask("search", {"kind": kind, "top": 1}, quiet=True).content["nodes"]
    return found[0] if found else None


def suggestions(asked: Asked) -> dict[str, dict[str, Any]]:
    """Return a disease, a drug, a gene and a variant to look for, by kind, where the graph has one."""
    found = {kind: suggested(asked, kind) for kind in _NAMES}
    return {kind: node for kind, node in found.items() if node}


def suggested_pair(asked: Asked) -> tuple[str, str]:
    """Return the names of a drug and of a disease, "" where the graph has none."""
    for drug, disease in _PAIRS:
        if (one := _called(asked, drug, "Drug")) and (other := _called(asked, disease, "Disease")):
            return one["name"], other["name"]
    drugs, diseases = suggested(asked, "Drug"), suggested(asked, "Disease")
    return drugs["name"] if drugs else "", diseases["name"] if diseases else ""


def _called(asked: Asked, name: str, kind: str) -> dict[str, Any] | None:
    found = asked.ask("search", {"text": name, "kind": kind, "top": 1}, quiet=True).content["nodes"]
    return found[0] if found and found[0]["match"].startswith("exact") else None
