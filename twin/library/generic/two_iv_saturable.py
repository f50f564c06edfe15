"""Two compartments, bolus or infusion, elimination that saturates.

    central' = -Vmax·C/(Km + C) - Q/V1·central + Q/V2·peripheral        C = central/V1
    peripheral' = Q/V1·central - Q/V2·peripheral

The values are made up: a fit begins where the data say.
"""

from twin.library.generic.compartments import compartments

MODEL = compartments("generic_2cpt_iv_mm", 2, saturable=True)
