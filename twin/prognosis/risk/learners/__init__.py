"""Learners: one way to learn a risk a file, found by its name."""
