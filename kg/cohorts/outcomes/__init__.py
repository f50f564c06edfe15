"""Outcomes: the kinds that a cohort's file may choose, one a file, found by name."""
