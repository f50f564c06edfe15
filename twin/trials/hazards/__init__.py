"""Hazards: what may happen to a patient, and how likely it is on a day; a kind a file."""
