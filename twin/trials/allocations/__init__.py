"""Allocations: which patient is shown in which arm of a parallel trial; a kind a file."""
