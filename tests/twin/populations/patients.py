"""What the tests of populations ask of patients."""

from dataclasses import replace

from twin.library.body import HEIGHT, WEIGHT
from twin.library.warfarin.covariates import AGE, CYP2C9, RACE, VKORC1
from twin.populations.population import Population

COVARIATES = (AGE, CYP2C9, VKORC1, *(replace(one, needed=False) for one in (HEIGHT, WEIGHT, RACE)))
ANY = Population.stating(COVARIATES)
