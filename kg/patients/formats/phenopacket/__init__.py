"""GA4GH phenopackets, version 2, as JSON: a patient's features, present and absent, diseases, variants, treatments."""

from kg.patients.formats.phenopacket.reader import READER

__all__ = ["READER"]
