"""Crossfit: each patient's effect foretold by what was learned from others, and a score to judge that by.

The score is an unbiased, noisy measurement of the patient's own effect (AIPW): what the regressions of both arms
foretell, and the patient's own distance from them over the chance of the arm.
Source: Robins JM, Rotnitzky A. J Am Stat Assoc 1995;90:122-129.
"""

from dataclasses import dataclass

import numpy as np

from kg.progress import Progress, silent
from twin.model import Floats
from twin.prognosis.response.learners.learner import EffectLearner, dealt
from twin.prognosis.response.question import Trial


@dataclass(frozen=True)
class Foretold:
    """What is said of each patient by models that had not seen them; all are [row].

    `effect` is treatment less control, about its mean in each fold, and the mean of all added; `score` is the
    patient's own unbiased measurement of it; `mean` what any patient like them would have, whichever the arm.
    """

    effect: Floats
    score: Floats
    mean: Floats
    outcome: Floats


@dataclass(frozen=True)
class Honest:
    """How patients are dealt into folds, how many times anew (effects and scores are averaged), and by which seed."""

    folds: int = 5
    repeats: int = 5
    seed: int = 0


def crossfit(trial: Trial, learner: EffectLearner, honest: Honest, progress: Progress = silent) -> Foretold:
    """Return what is foretold of each patient; no patient's own outcome has a part in their effect."""
    names, chance, treated = trial.asked.features, trial.propensity, trial.treated
    everybody = np.ones(len(trial), bool)
    outcome = trial.outcomes(everybody)
    effects, on = np.zeros(len(trial)), np.zeros((2, len(trial)))
    done = 0
    for repeat in range(honest.repeats):
        fold = dealt(treated, honest.folds, honest.seed + repeat)
        for one in range(honest.folds):
            held, seen = fold == one, fold != one
            rows, told, known = trial.table[seen], trial.table[held], trial.outcomes(seen)
            found = learner.fit(rows, names, known, treated[seen], chance)(told)
            effects[held] += (found - found.mean()) / honest.repeats
            for arm in (0, 1):
                of = treated[seen] == arm
                on[arm, held] += learner.base.fit(rows[of], names, known[of])(told) / honest.repeats
            done += 1
            progress("learn effects", done / (honest.repeats * honest.folds))
    own = np.where(treated == 1.0, on[1], on[0])
    weight = np.where(treated == 1.0, 1.0 / chance, -1.0 / (1.0 - chance))
    score = on[1] - on[0] + weight * (outcome - own)
    mean = chance * on[1] + (1.0 - chance) * on[0]
    return Foretold(effects + float(score.mean()), score, mean, outcome)
