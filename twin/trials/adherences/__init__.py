"""Adherences: which of the doses given are taken; a kind a file."""
