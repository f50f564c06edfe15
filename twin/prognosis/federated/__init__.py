"""Federated: models fitted to patients of several sites, whose rows stay where they are: only sums are sent."""
