"""Every: all views, in the order of the menu; a new one is a file beside, and a line here."""

from panakeia.page.view import View
from panakeia.page.views import (
    about,
    ask,
    candidate,
    design,
    disease,
    find,
    jobs,
    node,
    patient,
    risk,
    sign,
    trial,
    twin,
)

VIEWS: tuple[View, ...] = (
    find.VIEW,
    disease.VIEW,
    candidate.VIEW,
    node.VIEW,
    patient.VIEW,
    risk.VIEW,
    twin.VIEW,
    trial.VIEW,
    design.VIEW,
    jobs.VIEW,
    jobs.ONE,
    ask.VIEW,
    ask.VERB_VIEW,
    about.VIEW,
    sign.IN,
    sign.OUT,
)
"""The views."""
