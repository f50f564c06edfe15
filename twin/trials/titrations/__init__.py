"""Titrations: how what is measured changes a dose; a kind a file."""
