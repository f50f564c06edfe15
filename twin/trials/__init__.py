"""Trials: planned by formula, and simulated."""
