"""Structures that many drugs share, with made-up values: to be fitted to data of one's own, varied and measured by."""
