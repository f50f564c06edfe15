"""One compartment, bolus or infusion, linear elimination.

    central' = -CL·C        C = central/V1

The values are made up: a fit begins where the data say.
"""

from twin.library.generic.compartments import compartments

MODEL = compartments("generic_1cpt_iv", 1)
