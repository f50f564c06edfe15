"""Patients: what the records tell by a moment, what like patients received, and which drug, or patient, is next."""
