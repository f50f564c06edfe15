"""Multiplicities: how p-values of several comparisons are adjusted; a kind a file."""
