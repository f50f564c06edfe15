"""Published models, one module each, found by name; and models of one's own, found by the name of their file."""

import importlib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from twin.model import Model

MODELS = {
    "theophylline_boeckmann1994": "theophylline",
    "warfarin_hamberg2007": "warfarin.hamberg2007",
    "warfarin_hamberg2007_iwpc": "warfarin.hamberg2007_iwpc",
    "warfarin_hamberg2010": "warfarin.hamberg2010",
    "warfarin_oreilly1968": "warfarin.oreilly1968",
    "tacrolimus_andrews2019": "tacrolimus.andrews2019",
    "tacrolimus_andrews2019_start": "tacrolimus.andrews2019_start",
    "phenobarbital_grasela1985": "phenobarbital",
    "tumour_geng2017": "tumour.geng2017",
    "tumour_claret2014": "tumour.claret2014",
    "diabetes_choy2016": "diabetes.choy2016",
    "diabetes_dallaman2014": "diabetes.dallaman2014",
    "weight_guo2025": "weight_guo2025",
    "generic_1cpt_iv": "generic.one_iv",
    "generic_1cpt_iv_mm": "generic.one_iv_saturable",
    "generic_1cpt_oral": "generic.one_oral",
    "generic_1cpt_oral_mm": "generic.one_oral_saturable",
    "generic_2cpt_iv": "generic.two_iv",
    "generic_2cpt_iv_mm": "generic.two_iv_saturable",
    "generic_2cpt_oral": "generic.two_oral",
    "generic_2cpt_oral_mm": "generic.two_oral_saturable",
    "generic_3cpt_iv": "generic.three_iv",
    "generic_3cpt_oral": "generic.three_oral",
    "generic_indirect_response": "generic.indirect_response",
    "generic_michaelis_menten": "generic.michaelis_menten",
    "generic_target_mediated": "generic.target_mediated",
}
"""Where each model is, by its name."""
SECOND = {
    "warfarin_hamberg2007": "warfarin_hamberg2010",
    "warfarin_hamberg2007_iwpc": "warfarin_hamberg2010",
    "warfarin_hamberg2010": "warfarin_hamberg2007",
}
"""In which other model a dose or a policy made with one is looked at too: the same drug and observable, other
equations, other patients. Who has none stands alone in the library."""


POLICIES = ("warfarin.dosing",)
"""Where dosing rules are that belong to one drug."""

OWN = (".xml", ".sbml", ".csv", ".gz")
"""How the name of a file ends that has a model of one's own."""


def load(name: str | Path) -> "Model":
    """Return a published model by its name, or that of a file: SBML, or a table of formulas.

    Raises `ValueError` that lists the models for a name that is none, and that says what is wrong with a file.

    >>> load("warfarin_hamberg2007").name
    'warfarin_hamberg2007'
    """
    if str(name).lower().endswith(OWN):
        from kg.files.reach import reached
        from twin.own.file import read

        return read(reached(str(name)))
    if str(name) not in MODELS:
        raise ValueError(
            f"no model is called {str(name)!r}; the models are {', '.join(MODELS)},"
            " or a file of your own: FILE.xml in SBML, FILE.csv"
        )
    model: Model = importlib.import_module(f"twin.library.{MODELS[str(name)]}").MODEL
    return model
