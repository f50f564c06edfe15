"""Doses: which one brings a patient to a target, rules that choose one from what was measured, and their scores."""
