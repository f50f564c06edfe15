"""Populations: who may be enrolled; a kind a file."""
