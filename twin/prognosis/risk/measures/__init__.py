"""Measures: how good forecasts are, by the kind of the outcome, one kind a file."""
