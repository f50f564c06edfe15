"""One compartment, first-order absorption, elimination that saturates.

    depot' = -ka·depot
    central' = ka·depot - Vmax·C/(Km + C)        C = central/V1

The values are made up: a fit begins where the data say.
"""

from twin.library.generic.compartments import compartments

MODEL = compartments("generic_1cpt_oral_mm", 1, oral=True, saturable=True)
