"""Splits: one way to part patients into those learned from and those judged on a file, found by its name."""
