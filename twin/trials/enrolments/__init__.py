"""Enrolments: when patients come; a kind a file."""
