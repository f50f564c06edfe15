"""MIMIC-IV: a folder with the hospital's tables in `hosp`, and those of its intensive care units in `icu`."""

from kg.patients.formats.mimic.reader import READER

__all__ = ["READER"]
