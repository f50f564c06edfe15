"""What warfarin's model and dose algorithms ask of a patient."""

from twin.covariates import Category, Continuous, Genotype

AGE = Continuous("age_years", "years", 18.0, 110.0)
HEIGHT = Continuous("height_cm", "cm", 50.0, 272.0)
WEIGHT = Continuous("weight_kg", "kg", 2.0, 635.0)
"""Bounds of body size: the tallest and the heaviest person on record; a height in metres is none."""
RACE = Category("race", ("white", "asian", "black", "mixed_or_missing"))
CYP2C9 = Genotype("CYP2C9", ("*1", "*2", "*3"), "/")
VKORC1 = Genotype("VKORC1", ("G", "A"), "", {"rs9923231 reference (C)": "G", "rs9923231 variant (T)": "A"})
"""-1639G>A (rs9923231), written on the gene's strand; a genome's call names the bases of the plus strand."""
