"""The questions asked of a store: what it says of a node, what lies around one, what it holds; one file a family."""

from kg.query.adjacency import Neighbour, Neighbours, neighbours
from kg.query.around import subgraph
from kg.query.judged import Judgement, judged_not_indicated
from kg.query.known import look_up
from kg.query.node import Shown, info, rows_of, show
from kg.query.people import PatientRecord, days_of, events, find_patient, patient, patients
from kg.query.review import Review, review

__all__ = [
    "Judgement",
    "Neighbour",
    "Neighbours",
    "PatientRecord",
    "Review",
    "Shown",
    "days_of",
    "events",
    "find_patient",
    "info",
    "judged_not_indicated",
    "look_up",
    "neighbours",
    "patient",
    "patients",
    "review",
    "rows_of",
    "show",
    "subgraph",
]
