"""Tumour trajectories: the data by which causal models of treatment over time are compared, draw for draw as published.

Lung tumours under daily chemotherapy and radiotherapy, chosen the likelier the larger the tumour has been (γ says how
much). Training and validation hold what happened. A test row holds what happened up to a day and, for that day, one
of the four treatments: what would have happened. Draws are taken in the order in which the published class takes them,
from the same generator, so that a seed gives the same patients as there.

Two oddities of the published class are kept, because the published figures were made with them: a test patient's
treatment hangs on the volumes of another row of the table (row i for patient i, which belongs to an earlier patient and
is zero after its day), and only what happened is kept between 0 and the volume that kills, not what would have.

Sources: Melnychuk V, Frauen D, Feuerriegel S. Causal Transformer. ICML 2022, its dataset class of
github.com/Valentyn1997/CausalTransformer; Geng C et al. Sci Rep 2017;7:13542; stages Detterbeck F, Gibson C 2008.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import truncnorm

Floats = NDArray[np.float64]

DAYS, WINDOW = 60, 15
CHEMOTHERAPY_MG_PER_L, RADIOTHERAPY_GY = 5.0, 2.0
OPTIONS = ((0, 0), (0, 1), (1, 0), (1, 1))
"""Chemotherapy and radiotherapy of a day, given or not."""
CELLS_PER_CM3 = 5.8e8
STAGES: dict[str, tuple[int, float, float, float]] = {
    "I": (1432, 1.72, 4.70, 5.0),
    "II": (128, 1.96, 1.63, 13.0),
    "IIIA": (1306, 1.91, 9.40, 13.0),
    "IIIB": (7248, 2.76, 6.87, 13.0),
    "IV": (12840, 3.86, 8.82, 13.0),
}
"""Patients of a stage, mean and deviation of the logarithm of their diameter in cm, and the largest; from 0.3 cm."""
GROWTH, RADIOSENSITIVITY, CHEMOSENSITIVITY = (7e-5, 7.23e-3), (0.0398, 0.168), (0.028, 0.0007)
"""Mean and deviation of ρ in 1/day, α in 1/Gy and βc in L/mg/day, before they are cut off at 0."""
CORRELATION, TYPE_SHIFT, ALPHA_OVER_BETA_GY, NOISE = 0.87, 0.1, 10.0, 0.01


def volume_of(diameter_cm: Floats | float) -> Floats:
    """Return the volume of a sphere in cm3."""
    return np.asarray(4.0 / 3.0 * np.pi * (np.asarray(diameter_cm) / 2.0) ** 3)


def diameter_of(volume_cm3: Floats | float) -> Floats:
    """Return the diameter of a sphere in cm."""
    return np.asarray((np.asarray(volume_cm3) / (4.0 / 3.0 * np.pi)) ** (1.0 / 3.0) * 2.0)


DEADLY_CM3 = float(volume_of(13.0))
CAPACITY_CM3 = float(volume_of(30.0))


@dataclass(frozen=True)
class Patients:
    """Who is simulated, [patient] each: volume at first, ρ, α and βc, and the type (1, 2 or 3)."""

    volume: Floats
    growth: Floats
    radiosensitivity: Floats
    chemosensitivity: Floats
    kind: NDArray[np.int64]

    def grown(self, volume: Floats, chemotherapy: Floats, gray: Floats, noise: Floats) -> Floats:
        """Return the volumes a day later; arrays have a last axis of patients, or are of one shape with it."""
        beta = self.radiosensitivity / ALPHA_OVER_BETA_GY
        killed = self.chemosensitivity * chemotherapy + self.radiosensitivity * gray + beta * gray**2
        return np.asarray(volume * (1.0 + self.growth * np.log(CAPACITY_CM3 / volume) - killed + noise))

    def one(self, patient: int) -> "Patients":
        """Return one patient, as numbers without an axis."""
        return Patients(
            self.volume[patient],
            self.growth[patient],
            self.radiosensitivity[patient],
            self.chemosensitivity[patient],
            self.kind[patient],
        )


@dataclass(frozen=True)
class Trajectories:
    """What happened: volumes [patient, day], treatments [patient, day, therapy] as 0 and 1, days with a next [patient].

    A day before `days` has a next day, whose volume is what is foretold.
    """

    volume: Floats
    given: Floats
    days: NDArray[np.int64]
    kind: NDArray[np.int64]

    @property
    def seen(self) -> NDArray[np.bool_]:
        """Which days have a next one, [patient, day - 1]."""
        return np.arange(self.volume.shape[1] - 1) < self.days[:, np.newaxis]

    @property
    def chemotherapy(self) -> Floats:
        """Return the concentration on each day in mg/L, [patient, day]: half is left of that of the day before."""
        held = np.zeros(self.volume.shape)
        for day in range(held.shape[1]):
            before = held[:, day - 1] / 2.0 if day else 0.0
            held[:, day] = before + CHEMOTHERAPY_MG_PER_L * self.given[:, day, 0]
        return held


@dataclass(frozen=True)
class Counterfactuals:
    """What happened, and the next volume under each option, [patient, day - 1, option]; NaN after the last day."""

    factual: Trajectories
    outcome: Floats
    truth: Patients


def draw_patients(count: int, random: np.random.RandomState) -> Patients:
    """Return so many patients."""
    shares = np.array([stage[0] for stage in STAGES.values()]) / sum(stage[0] for stage in STAGES.values())
    stages = random.choice(list(STAGES), count, p=shares)
    logs = []
    for name, (_, mean, sd, largest) in STAGES.items():
        low, high = (np.log(0.3) - mean) / sd, (np.log(largest) - mean) / sd
        logs.append(truncnorm.rvs(low, high, size=int((stages == name).sum()), random_state=random) * sd + mean)
    spread = np.array([RADIOSENSITIVITY[1], GROWTH[1]])
    covariance = np.array([[1.0, CORRELATION], [CORRELATION, 1.0]]) * np.outer(spread, spread)
    drawn = np.empty((0, 2))
    while len(drawn) < count:
        more = random.multivariate_normal([RADIOSENSITIVITY[0], GROWTH[0]], covariance, size=count)
        drawn = np.vstack([drawn, more[(more > 0.0).all(axis=1)]])
    kind = random.choice([1, 2, 3], count)
    mean, sd = CHEMOSENSITIVITY
    chemosensitivity = mean + sd * truncnorm.rvs(-mean / sd, np.inf, size=count, random_state=random)
    order = list(range(count))
    random.shuffle(order)
    alpha = drawn[:count, 0] + np.where(kind == 1, TYPE_SHIFT * RADIOSENSITIVITY[0], 0.0)
    chemosensitivity = chemosensitivity + np.where(kind == 3, TYPE_SHIFT * mean, 0.0)
    volume = volume_of(np.exp(np.concatenate(logs)))
    return Patients(volume[order], drawn[:count, 1][order], alpha[order], chemosensitivity[order], kind[order])


def chance(gamma: float, diameter_cm: Floats | float) -> Floats:
    """Return the chance of either treatment after a window of this mean diameter."""
    return np.asarray(1.0 / (1.0 + np.exp(-gamma / 13.0 * (np.asarray(diameter_cm) - 6.5))))


def factual(count: int, gamma: float, random: np.random.RandomState) -> Trajectories:
    """Return what happens to so many patients whose treatment follows the tumour's size by γ."""
    patients = draw_patients(count, random)
    noise = NOISE * random.randn(count, DAYS)
    recovers, *wanted = (random.rand(count, DAYS) for _ in range(3))
    volume, given = np.zeros((count, DAYS)), np.zeros((count, DAYS, 2))
    volume[:, 0] = patients.volume
    held, days, alive = np.zeros(count), np.full(count, DAYS - 1), np.ones(count, bool)
    for day in range(1, DAYS):
        gray = RADIOTHERAPY_GY * given[:, day - 1, 1]
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            grown = patients.grown(volume[:, day - 1], held, gray, noise[:, day])
            likely = chance(gamma, diameter_of(volume[:, max(day - WINDOW, 0) : day]).mean(axis=1))
            gone = recovers[:, day] < np.exp(-grown * CELLS_PER_CM3)
        for therapy, luck in enumerate(wanted):
            given[:, day, therapy] = (luck[:, day] < likely) & alive
        held = held / 2.0 + CHEMOTHERAPY_MG_PER_L * given[:, day, 0]
        dead = grown > DEADLY_CM3
        now = np.where(dead, DEADLY_CM3, np.where(gone, 0.0, grown))
        volume[:, day] = np.where(alive, now, 0.0)
        days[alive & (dead | gone)] = day
        alive &= ~(dead | gone)
    return Trajectories(volume, given, days, patients.kind)


def counterfactual(count: int, gamma: float, random: np.random.RandomState, own: bool = False) -> Counterfactuals:
    """Return what happens to so many patients, and what would have happened a day after each treatment of each day.

    With `own`, treatment follows the patient's own tumour, as in training, and not another row, as published.
    """
    patients = draw_patients(count, random)
    volume, given = np.zeros((count, DAYS)), np.zeros((count, DAYS, 2))
    outcome, days = np.full((count, DAYS - 1, len(OPTIONS)), np.nan), np.zeros(count, np.int64)
    rows = np.zeros((count, DAYS))
    """The first rows of the published table, from which the published class reads the sizes that treatment follows."""
    filled = 0
    for patient in range(count):
        person, noise = patients.one(patient), NOISE * random.randn(DAYS)
        recovers, chemo_luck, radio_luck = (random.rand(DAYS) for _ in range(3))
        volume[patient, 0], held = person.volume, 0.0
        for day in range(DAYS - 1):
            looked_at = (volume if own else rows)[patient, max(day - WINDOW, 0) : day + 1]
            with np.errstate(invalid="ignore"):  # a volume below 0 has no diameter; then nothing is given, as published
                likely = chance(gamma, diameter_of(looked_at).mean())
            given[patient, day] = chemo_luck[day] < likely, radio_luck[day] < likely
            before = held / 2.0
            options = np.array(OPTIONS, np.float64)
            outcome[patient, day] = person.grown(
                volume[patient, day],
                before + CHEMOTHERAPY_MG_PER_L * options[:, 0],
                RADIOTHERAPY_GY * options[:, 1],
                noise[day + 1],
            )
            happened = int(2 * given[patient, day, 0] + given[patient, day, 1])
            after = float(np.clip(outcome[patient, day, happened], 0.0, DEADLY_CM3))
            outcome[patient, day, happened] = volume[patient, day + 1] = after
            for option in (happened, *(one for one in range(len(OPTIONS)) if one != happened)):
                if filled < count:
                    rows[filled, : day + 1] = volume[patient, : day + 1]
                    rows[filled, day + 1] = outcome[patient, day, option]
                filled += 1
            held, days[patient] = before + CHEMOTHERAPY_MG_PER_L * given[patient, day, 0], day + 1
            if after >= DEADLY_CM3 or recovers[day] <= np.exp(-after * CELLS_PER_CM3):
                break
    return Counterfactuals(Trajectories(volume, given, days, patients.kind), outcome, patients)
