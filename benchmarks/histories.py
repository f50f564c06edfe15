"""Histories: four trials as tables of baseline, outcome and arm, for whoever measures what a prognosis is worth.

Each table is named as in ADaM. Only columns that are known at randomisation are features; every other column of the
file is left out by name of those kept, so that nothing from after baseline can slip in.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from twin.prognosis.question import Question, at_baseline
from twin.trials.analysis.table import Arms


@dataclass(frozen=True)
class History:
    """A trial: its table, what is asked of it, its arms, what analyses usually adjust for, and the data's version."""

    table: pd.DataFrame
    question: Question
    arms: Arms
    usual: tuple[str, ...]
    visit: float | None
    """The visit at which arms are compared."""
    version: str


DAYS_A_YEAR = 365.25


def actg175(folder: Path) -> History:
    """CD4 cells after 20 and 96 weeks (cells/mm3), 2,139 patients with HIV; zidovudine and zidovudine + didanosine."""
    raw, version = _read(folder, "trials/ACTG175.csv.gz")
    known = ("age", "wtkg", "hemo", "homo", "drugs", "karnof", "oprior", "z30", "preanti", "race", "gender")
    features = ("BASE", *known, "strat", "symptom", "cd80")
    wide = raw.rename(columns={"pidnum": "USUBJID", "cd40": "BASE"})
    arms = wide["arms"].map(
        {0: "zidovudine", 1: "zidovudine + didanosine", 2: "zidovudine + zalcitabine", 3: "didanosine"}
    )
    wide = wide.assign(TRT01P=arms)
    parts = [
        wide[["USUBJID", "TRT01P", *features]].assign(AVISITN=week, AVAL=wide[column])
        for week, column in ((20.0, "cd420"), (96.0, "cd496"))
    ]
    table = pd.concat(parts).dropna(subset=["AVAL"]).reset_index(drop=True)
    question = Question(features=features, visit="AVISITN")
    return History(table, question, Arms("zidovudine + didanosine", "zidovudine"), ("BASE",), 20.0, version)


def pbcseq(folder: Path) -> History:
    """Log bilirubin after 6, 12 and 24 months (mg/dL), 312 patients with primary biliary cholangitis."""
    raw, version = _read(folder, "trials/survival_pbcseq.csv.gz")
    raw = raw.rename(columns={"id": "USUBJID"}).assign(BASE=np.log(raw["bili"]), log_alk_phos=np.log(raw["alk.phos"]))
    measured = ("ascites", "hepato", "spiders", "edema", "chol", "albumin", "ast", "platelet", "protime", "stage")
    features = ("BASE", "age", "sex", "log_alk_phos", *measured)
    start = at_baseline(raw, features, day="day")
    start = start.merge(raw.groupby("USUBJID")["trt"].first().rename("TRT01P").reset_index())
    start["TRT01P"] = start["TRT01P"].map({1: "D-penicillamine", 0: "placebo"})
    parts = []
    for month, (first, last) in {6.0: (120, 260), 12.0: (300, 430), 24.0: (600, 830)}.items():
        near = raw[raw["day"].between(first, last)]
        away = (near["day"] - month * DAYS_A_YEAR / 12.0).abs()
        chosen = near.loc[away.groupby(near["USUBJID"]).idxmin()]
        parts.append(start.merge(chosen[["USUBJID", "BASE"]].rename(columns={"BASE": "AVAL"})).assign(AVISITN=month))
    table = pd.concat(parts).reset_index(drop=True)
    question = Question(features=features, visit="AVISITN")
    return History(table, question, Arms("D-penicillamine", "placebo"), ("BASE",), 12.0, version)


def ist(folder: Path) -> History:
    """Dead or dependent after 6 months, 19,285 patients with stroke; aspirin and none."""
    raw, version = _read(folder, "trials/IST_v2.csv.gz")
    deficits = tuple(f"RDEF{number}" for number in range(1, 9))
    features = ("RDELAY", "RCONSC", "SEX", "AGE", "RSLEEP", "RATRIAL", "RCT", "RVISINF", "RSBP", *deficits, "STYPE")
    known = raw[raw["OCCODE"].isin([1, 2, 3, 4])].reset_index(drop=True)
    table = known[[*features, "COUNTRY"]].fillna({name: "unknown" for name in features if known[name].dtype != float})
    table = table.assign(
        USUBJID=np.arange(len(known)),
        AVAL=known["OCCODE"].isin([1, 2]).astype(float),
        ALERT=known["RCONSC"].eq("F").astype(float),  # of the few unconscious nearly all die: their odds are infinite
        TRT01P=known["RXASP"].map({"Y": "aspirin", "N": "no aspirin"}),
    )
    question = Question(kind="binary", features=features)
    return History(table, question, Arms("aspirin", "no aspirin"), ("AGE", "ALERT"), None, version)


def colon(folder: Path) -> History:
    """Days to death, up to 5 years, of 929 patients with colon cancer; levamisole + 5-FU and observation."""
    raw, version = _read(folder, "trials/survival_colon.csv.gz")
    raw = raw[raw["etype"] == 2].reset_index(drop=True)
    features = ("sex", "age", "obstruct", "perfor", "adhere", "nodes", "differ", "extent", "surg", "node4")
    table = raw[list(features)].assign(
        USUBJID=raw["id"], AVAL=raw["time"], CNSR=1 - raw["status"], TRT01P=raw["rx"].replace("Obs", "observation")
    )
    question = Question(kind="survival", features=features, horizon=5 * DAYS_A_YEAR)
    return History(table, question, Arms("Lev+5FU", "observation"), ("node4",), None, version)


HISTORIES: dict[str, Callable[[Path], History]] = {"ACTG175": actg175, "pbcseq": pbcseq, "IST": ist, "colon": colon}


def _read(folder: Path, name: str) -> tuple[pd.DataFrame, str]:
    path = folder / name
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return pd.read_csv(path, low_memory=False), f"{name} sha256:{digest[:16]}"
