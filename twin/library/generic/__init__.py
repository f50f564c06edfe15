"""Structures that many drugs share, with made-up values: to be fitted, varied and measured by."""
