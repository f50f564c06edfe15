"""Fit models to what was measured: one patient's parameters, and a population's."""
