"""The questions asked of a store: what it says of a node, what lies around one, what it holds; one file a family."""

from kg.query.around import subgraph
from kg.query.node import PatientRecord, Shown, days_of, info, look_up, patient, rows_of, show

__all__ = ["PatientRecord", "Shown", "days_of", "info", "look_up", "patient", "rows_of", "show", "subgraph"]
