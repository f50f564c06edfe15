"""FHIR R4: bundles of every type, bulk exports (NDJSON), and single resources; R4B (4.3.0) is what validates them."""

from kg.patients.formats.fhir.reader import READER

__all__ = ["READER"]
