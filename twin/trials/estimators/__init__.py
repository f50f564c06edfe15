"""Estimators: the table of an endpoint in two arms -> an estimate of the effect; a kind a file."""
