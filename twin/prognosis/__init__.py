"""Prognosis: what is learned from patients, for each patient: how they would fare, with measured intervals."""
