"""One compartment, bolus or infusion, elimination that saturates.

    central' = -Vmax·C/(Km + C)        C = central/V1

The values are made up: a fit begins where the data say.
"""

from twin.library.generic.compartments import compartments

MODEL = compartments("generic_1cpt_iv_mm", 1, saturable=True)
