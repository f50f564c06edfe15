"""Three compartments, bolus or infusion, linear elimination.

    central' = -CL·C - (Q + Q2)/V1·central + Q/V2·peripheral + Q2/V3·second        C = central/V1
    peripheral' = Q/V1·central - Q/V2·peripheral        second' = Q2/V1·central - Q2/V3·second

The values are made up: a fit begins where the data say.
"""

from twin.library.generic.compartments import compartments

MODEL = compartments("generic_3cpt_iv", 3)
