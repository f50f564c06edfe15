"""Learners: ways to learn how much each patient gains from a treatment; a way a file, found by its name."""
