"""Policies: what is known of a patient -> the doses to come; a kind a file."""
