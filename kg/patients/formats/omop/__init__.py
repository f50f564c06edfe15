"""OMOP CDM 5.3 and 5.4: a folder of tables in CSV or Parquet."""

from kg.patients.formats.omop.reader import READER

__all__ = ["READER"]
