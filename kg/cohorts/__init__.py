"""Cohorts: which patients fit criteria: the definition, what is asked of the records, and how it is decided."""
