"""Fairness: how well a prediction does in each group of patients, how far groups are apart, and what parity costs."""
