"""Potential outcomes: what each patient's outcome would have been in every arm, had nobody left."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from twin.patient import Cohort
from twin.trials.course import Course, Mask
from twin.trials.protocol import TrialDesign


def potential_outcomes(
    design: TrialDesign, cohort: Cohort, courses: Sequence[Course], shown: Sequence[Mask]
) -> pd.DataFrame:
    """Return a row a patient and arm: USUBJID, ARM, SHOWN (whether the trial shows the patient there), each endpoint.

    `courses` [arm] are those in which what the estimand counts as hypothetical did not happen; `shown` [arm][patient].
    An endpoint has its columns of `twin.trials.endpoints.outcome`: its name, or one for each visit, and CNSR.
    """
    estimand = design.asks
    stratum = estimand.stratum(list(courses))
    parts = []
    for course, mask in zip(courses, shown, strict=True):
        outcomes: dict[str, np.ndarray] = {}
        for endpoint in design.endpoints:
            outcomes |= estimand.true(endpoint, course, stratum).columns(endpoint.name)
        parts.append(pd.DataFrame({"USUBJID": cohort.ids, "ARM": course.arm, "SHOWN": mask, **outcomes}))
    return pd.concat(parts, ignore_index=True)
