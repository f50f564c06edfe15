"""Baselines: what the model must beat, trained on the same pairs."""
