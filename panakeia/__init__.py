"""Panakeia: asks the knowledge graph, the network and the twins, and reports."""

from panakeia.ask import Session

__all__ = ["Session"]
