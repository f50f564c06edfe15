"""What warfarin's model and dose algorithms ask of a patient, and how records state warfarin and the INR."""

from twin.covariates import Category, Continuous, Genotype, Recorded
from twin.library.genes import CYP2C9_ALLELES, VKORC1_ALLELES

DRUG = "DRUGBANK:DB00682"
INR_CODES = Recorded(("LOINC:6301-6", "LOINC:34714-6", "LOINC:38875-1"), {"1": 1.0, "{INR}": 1.0}, day_suffices=True)

AGE = Continuous("age_years", "years", 18.0, 110.0, also=("AGE",))
RACE = Category("race", ("white", "asian", "black", "mixed_or_missing"))
CYP2C9 = Genotype("CYP2C9", ("*1", "*2", "*3"), "/", frequencies=CYP2C9_ALLELES)
VKORC1 = Genotype(
    "VKORC1",
    ("G", "A"),
    "",
    {"rs9923231 reference (C)": "G", "rs9923231 variant (T)": "A"},
    frequencies=VKORC1_ALLELES,
)
"""-1639G>A (rs9923231), written on the gene's strand; a genome's call names the bases of the plus strand."""
