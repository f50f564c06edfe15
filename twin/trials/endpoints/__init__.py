"""Endpoints: a course -> one value a patient, a time to an event, or a value at each visit; a kind a file."""
