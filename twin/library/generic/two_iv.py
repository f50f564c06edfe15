"""Two compartments, bolus or infusion, linear elimination.

    central' = -CL·C - Q/V1·central + Q/V2·peripheral        C = central/V1
    peripheral' = Q/V1·central - Q/V2·peripheral

The values are made up: a fit begins where the data say.
"""

from twin.library.generic.compartments import compartments

MODEL = compartments("generic_2cpt_iv", 2)
