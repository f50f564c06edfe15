"""Metrics: what is measured of each group; a file for each kind of prediction, whose `METRICS` are found by kind."""
