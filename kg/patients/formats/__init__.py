"""Formats of patients' records: each module here reads one, and has a `READER` (see `kg.patients.record`)."""
