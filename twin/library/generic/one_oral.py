"""One compartment, first-order absorption, linear elimination.

    depot' = -ka·depot
    central' = ka·depot - CL·C        C = central/V1

The values are made up: a fit begins where the data say.
"""

from twin.library.generic.compartments import compartments

MODEL = compartments("generic_1cpt_oral", 1, oral=True)
