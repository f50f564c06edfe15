"""Claim: told what would have happened under each treatment, a mechanistic twin is off by what nobody can know.

    python benchmarks/counterfactual.py [--gamma 0 1 2 3 4] [--seeds 10 101 1010 10101 101010] [--out FILE.json]

prints one JSON object: errors of the tumour volume a day ahead, under the treatment that was given and the three that
were not, in percent of the volume that kills (NRMSE), mean and deviation over seeds, beside the published rows, which
were made from the same data (five seeds, 10,000 patients to learn from, 1,000 to stop by, 1,000 to be foretold).

- `mechanistic`: knows the equation, not the patient; recursive least squares with a prior by type.
- `exact posterior`: the same with the prior as it is drawn, cut off at 0. No forecast has a smaller expected error.
- `learned`: a recurrent network that is told volumes, treatments and type, not the equation.
- `persistence`: tomorrow as today. `noise`: each patient's coefficients known.

`published` is the published test set. In `own size` the treatment of a test patient follows their own tumour, as in
training; in the published one it follows a row of another patient (see `tumour_trajectories`).
"""

import argparse
import json
import sys
import time
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.special import log_ndtr
from tumour_trajectories import (
    ALPHA_OVER_BETA_GY,
    CAPACITY_CM3,
    CHEMOSENSITIVITY,
    CHEMOTHERAPY_MG_PER_L,
    CORRELATION,
    DEADLY_CM3,
    GROWTH,
    NOISE,
    OPTIONS,
    RADIOSENSITIVITY,
    RADIOTHERAPY_GY,
    TYPE_SHIFT,
    Counterfactuals,
    Floats,
    Trajectories,
    counterfactual,
    draw_patients,
    factual,
)

from twin.prognosis.recurrent import Recurrent, RecurrentConfig, Sequences, train
from twin.prognosis.recursive import Belief

PUBLISHED = {
    "MSM": (1.091, 1.202, 1.383, 1.647, 1.981),
    "RMSN": (0.834, 0.860, 1.000, 1.131, 1.434),
    "CRN": (0.755, 0.788, 0.881, 1.062, 1.358),
    "G-Net": (0.795, 0.841, 0.946, 1.057, 1.319),
    "CT (alpha = 0)": (0.772, 0.783, 0.862, 1.062, 1.331),
    "CT": (0.770, 0.783, 0.864, 1.098, 1.413),
}
"""By γ 0 to 4: Causal Transformer, its README's table 9, corrected; mean of five seeds."""
SEEDS = (10, 101, 1010, 10101, 101010)
LEARN, VALIDATE, TEST = 10_000, 1_000, 1_000
DRAWN = 400_000
"""Patients from whom the prior of a type is taken."""
NODES, FAR = 120, 7.0
"""Points of the integral over a cut-off normal, and deviations beyond which nothing is left of it."""
CONFIG = RecurrentConfig(hidden=32, epochs=30, patience=10)
LARGEST_CHANGE, LEAST_WEIGHT, WEIGHT_POWER = 1.5, 1e-4, 1.5
PLANS = np.array([(c, r, c * r) for c, r in OPTIONS], np.float64)


def inputs(past: Trajectories) -> Floats:
    """Return x of V'/V - 1 = x · (ρ, α, βc) under each option, [patient, day, option, 3]."""
    volume, held = past.volume[:, :-1], past.chemotherapy[:, :-1]
    before = np.concatenate([np.zeros_like(held[:, :1]), held[:, :-1] / 2.0], axis=1)
    found = np.zeros((*volume.shape, len(OPTIONS), 3))
    with np.errstate(divide="ignore", invalid="ignore"):
        found[..., 0] = np.where(volume > 0.0, np.log(CAPACITY_CM3 / volume), 0.0)[..., np.newaxis]
    for option, (chemotherapy, radiotherapy) in enumerate(OPTIONS):
        gray = RADIOTHERAPY_GY * radiotherapy
        found[..., option, 1] = -(gray + gray**2 / ALPHA_OVER_BETA_GY)
        found[..., option, 2] = -(before + CHEMOTHERAPY_MG_PER_L * chemotherapy)
    return found


@cache
def priors() -> tuple[Floats, Floats]:
    """Return means [type, 3] and covariances [type, 3, 3] of (ρ, α, βc)."""
    drawn = draw_patients(DRAWN, np.random.RandomState(0))
    own = np.stack([drawn.growth, drawn.radiosensitivity, drawn.chemosensitivity], axis=-1)
    types = [own[drawn.kind == kind] for kind in (1, 2, 3)]
    return np.array([one.mean(axis=0) for one in types]), np.array([np.cov(one.T) for one in types])


def uncut() -> tuple[Floats, Floats]:
    """Return means [type, 3] and covariances [type, 3, 3] of the normal of (ρ, α, βc), before it is cut off at 0."""
    shift = np.array(
        [[0.0, TYPE_SHIFT * RADIOSENSITIVITY[0], 0.0], [0.0] * 3, [0.0, 0.0, TYPE_SHIFT * CHEMOSENSITIVITY[0]]]
    )
    mean = np.array([GROWTH[0], RADIOSENSITIVITY[0], CHEMOSENSITIVITY[0]]) + shift
    spread = np.array([GROWTH[1], RADIOSENSITIVITY[1], CHEMOSENSITIVITY[1]])
    correlation = np.array([[1.0, CORRELATION, 0.0], [CORRELATION, 1.0, 0.0], [0.0, 0.0, 1.0]])
    return mean, np.repeat((correlation * np.outer(spread, spread))[np.newaxis], 3, axis=0)


def cut_mean(belief: Belief, least_alpha: Floats) -> Floats:
    """Return the means of normal beliefs about (ρ, α, βc), of which ρ > 0 and α > its least, [patient, 3].

    βc is 40 deviations from 0: its cut is none.
    """
    mean, covariance = belief.mean, belief.covariance
    alpha, sd = mean[:, 1], np.sqrt(covariance[:, 1, 1])
    slope = covariance[:, 0, 1] / covariance[:, 1, 1]
    left = np.sqrt(np.maximum(covariance[:, 0, 0] - slope * covariance[:, 0, 1], 1e-24))[:, np.newaxis]
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    low = np.maximum(least_alpha, alpha - FAR * sd)
    high = np.maximum(alpha + FAR * sd, low + FAR * sd)
    at = low[:, np.newaxis] + (high - low)[:, np.newaxis] * (nodes + 1.0) / 2.0
    growth = mean[:, :1] + slope[:, np.newaxis] * (at - alpha[:, np.newaxis])
    above = log_ndtr(growth / left)
    log_mass = -0.5 * ((at - alpha[:, np.newaxis]) / sd[:, np.newaxis]) ** 2 + above
    mass = weights * np.exp(log_mass - log_mass.max(axis=1, keepdims=True))
    mass /= mass.sum(axis=1, keepdims=True)
    mills = np.exp(-0.5 * (growth / left) ** 2 - 0.5 * np.log(2.0 * np.pi) - above)
    found = np.stack([(mass * (growth + left * mills)).sum(axis=1), (mass * at).sum(axis=1)], axis=-1)
    moved = np.linalg.solve(covariance[:, :2, :2], (found - mean[:, :2])[..., np.newaxis])[..., 0]
    return np.column_stack([found, mean[:, 2] + (covariance[:, 2, :2] * moved).sum(axis=1)])


def mechanistic(test: Counterfactuals, prior: tuple[Floats, Floats], cut: bool) -> Floats:
    """Return forecasts [patient, day, option] by what the days before told of each patient's coefficients."""
    past, x = test.factual, inputs(test.factual)
    belief = Belief.before(*prior, past.kind - 1)
    least = np.where(past.kind == 1, TYPE_SHIFT * RADIOSENSITIVITY[0], 0.0)
    change, given, found = changes(past), option_given(past), np.empty(test.outcome.shape)
    for day in range(found.shape[1]):
        mean = cut_mean(belief, least) if cut else belief.mean
        found[:, day] = np.einsum("poi,pi->po", x[:, day], mean)
        happened = x[np.arange(len(x)), day, given[:, day]]
        belief = belief.after(happened, change[:, day], NOISE)
    return np.asarray(past.volume[:, :-1, np.newaxis] * (1.0 + found))


def known(test: Counterfactuals) -> Floats:
    """Return forecasts by the patients' true coefficients, [patient, day, option]."""
    truth = np.stack([test.truth.growth, test.truth.radiosensitivity, test.truth.chemosensitivity], axis=-1)
    change = np.einsum("pdoi,pi->pdo", inputs(test.factual), truth)
    return np.asarray(test.factual.volume[:, :-1, np.newaxis] * (1.0 + change))


def changes(past: Trajectories) -> Floats:
    """Return V'/V - 1, [patient, day], NaN after the last day."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(past.seen, past.volume[:, 1:] / past.volume[:, :-1] - 1.0, np.nan)


def option_given(past: Trajectories) -> np.ndarray:
    """Return which of `OPTIONS` was given, [patient, day]."""
    return (2 * past.given[:, :-1, 0] + past.given[:, :-1, 1]).astype(int)


def sequences(past: Trajectories) -> Sequences:
    """Return what the network is told: size, last change, what was given, and the mean change after each option so far.

    What it foretells is the change of the volume, V'/V - 1; large tumours weigh more, as in the error that is printed.
    """
    seen = past.seen
    volume = np.where(seen, past.volume[:, :-1], 1.0)
    change = np.nan_to_num(changes(past))
    given = past.given[:, :-1]
    option = np.eye(len(OPTIONS))[option_given(past)] * seen[..., np.newaxis]
    told = np.clip(change, -LARGEST_CHANGE, LARGEST_CHANGE)[..., np.newaxis]
    times, total = (_until(np.cumsum(part, axis=1)) for part in (option, option * told))
    parts = [
        np.log(np.maximum(volume, 1e-3) / 10.0)[..., np.newaxis] / 4.0,
        np.cbrt(volume)[..., np.newaxis] / 10.0,
        3.0 * _until(told),
        _until(given),
        3.0 * total / np.maximum(times, 1.0),
        np.minimum(times, 3.0) / 3.0,
    ]
    planned = np.concatenate([given, given[..., :1] * given[..., 1:]], axis=-1)
    weight = np.where(seen, (volume / DEADLY_CM3) ** WEIGHT_POWER + LEAST_WEIGHT, 0.0)
    static = np.eye(3)[past.kind - 1]
    return Sequences(static, np.concatenate(parts, axis=-1), planned, change, weight / weight.mean())


def _until(days: Floats) -> Floats:
    """Return what was known the day before, 0 on the first, [patient, day, k]."""
    return np.concatenate([np.zeros_like(days[:, :1]), days[:, :-1]], axis=1)


def foretold_by(network: Recurrent, test: Counterfactuals) -> Floats:
    """Return a network's forecasts, [patient, day, option]."""
    change = network.options(sequences(test.factual), PLANS)
    return np.asarray(test.factual.volume[:, :-1, np.newaxis] * (1.0 + change))


def error(foretold: Floats, test: Counterfactuals) -> float:
    """Return the NRMSE in percent: of all days and options, each once (`only counterfactual` as published)."""
    seen = np.broadcast_to(test.factual.seen[..., np.newaxis], test.outcome.shape)
    squares = (foretold[seen] - test.outcome[seen]) ** 2
    return float(100.0 * np.sqrt(squares.mean()) / DEADLY_CM3)


def of_seed(gamma: float, seed: int, learned: bool) -> dict[str, dict[str, float]]:
    """Return the errors of every forecast of one seed's patients, on both test sets."""
    random = np.random.RandomState(seed)
    learn, validate = (factual(count, gamma, random) for count in (LEARN, VALIDATE))
    told, started = {}, time.process_time()
    if learned:
        told["learned"] = train(sequences(learn), sequences(validate), replace(CONFIG, seed=seed))
    spent = time.process_time() - started
    found: dict[str, dict[str, float]] = {}
    state = random.get_state()
    for name, own in (("published", False), ("own size", True)):
        random.set_state(state)
        test = counterfactual(TEST, gamma, random, own)
        forecasts = {
            "mechanistic": mechanistic(test, priors(), cut=False),
            "exact posterior": mechanistic(test, uncut(), cut=True),
            "noise": known(test),
            "persistence": np.repeat(test.factual.volume[:, :-1, np.newaxis], len(OPTIONS), axis=2),
        } | {kind: foretold_by(network, test) for kind, network in told.items()}
        found[name] = {kind: error(foretold, test) for kind, foretold in forecasts.items()}
    found["cpu seconds"] = {"training": spent}
    return found


def spread(found: list[dict[str, dict[str, float]]]) -> dict[str, dict[str, Any]]:
    """Return mean and deviation over seeds of every figure."""
    return {
        name: {
            kind: {
                "mean": round(float(np.mean(told := [one[name][kind] for one in found])), 3),
                "sd": round(float(np.std(told)), 3),
                "seeds": [round(each, 3) for each in told],
            }
            for kind in found[0][name]
        }
        for name in found[0]
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gamma", type=int, nargs="+", default=range(5))
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument("--no-learned", action="store_true", help="without the network: seconds, not minutes")
    parser.add_argument("--out", type=Path, help="also written here after each γ")
    options = parser.parse_args()
    torch.set_flush_denormal(True)  # weights of vanished tumours are denormal, and slow
    told: dict[str, Any] = {"published": PUBLISHED, "versions": {"numpy": np.__version__, "torch": torch.__version__}}
    told["patients"] = {"learn": LEARN, "validate": VALIDATE, "test": TEST}
    for gamma in options.gamma:
        found = []
        for seed in options.seeds:
            sys.stderr.write(f"gamma {gamma}, seed {seed}\n")
            found.append(of_seed(gamma, seed, not options.no_learned))
        told[f"gamma {gamma}"] = spread(found)
        if options.out:
            options.out.write_text(json.dumps(told, indent=2), encoding="utf-8")
    print(json.dumps(told, indent=2))


if __name__ == "__main__":
    main()
