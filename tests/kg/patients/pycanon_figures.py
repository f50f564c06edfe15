"""Compute pycanon's figures of NHANES 2009-2012, which `tests/data/nhanes-pycanon.json` holds and the tests compare.

pycanon needs an older pandas than ours, so it has an environment of its own:

    python -m venv out/pycanon && out/pycanon/bin/pip install pycanon==1.3.6
    out/pycanon/bin/python tests/kg/patients/pycanon_figures.py ../shared/data > tests/data/nhanes-pycanon.json
"""

import csv
import gzip
import json
import sys
from pathlib import Path
from typing import Any

QUESTIONS: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("Gender", "Race1"), ("Diabetes",)),
    (("AgeBand", "Gender"), ("Diabetes",)),
    (("AgeBand", "Gender", "Race1"), ("Diabetes", "HealthGen")),
    (("Age", "Gender", "Race1"), ("Depressed",)),
    (("AgeBand", "Gender", "Race1", "Education", "MaritalStatus"), ("HHIncome",)),
    (("SurveyYr", "Gender", "HomeOwn"), ("Age",)),
    (("Gender", "Race1", "Work"), ("BMI_WHO", "SmokeNow", "HardDrugs")),
    (("Gender",), ("SexOrientation", "Age")),
    (("Age", "Gender", "HHIncome", "HomeOwn"), ("HardDrugs", "Age")),
)
"""Quasi-identifiers and sensitive attributes; `AgeBand` is the age in tens of years."""


def people(mirror: Path) -> list[dict[str, Any]]:
    """Return NHANES's rows: texts as they stand (a missing one is ""), but for `Age` and `AgeBand`, numbers."""
    with gzip.open(mirror / "risk" / "nhanes-2009-2012.csv.gz", "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [row | {"Age": int(row["Age"]), "AgeBand": int(row["Age"]) // 10} for row in rows]


def main() -> None:
    """Print the figures of every question as JSON."""
    import pandas as pd
    from pycanon import anonymity

    data = pd.DataFrame(people(Path(sys.argv[1])))
    found = []
    for quasi, sensitive in QUESTIONS:
        asked = (data, list(quasi), list(sensitive))
        found.append(
            {
                "quasi": quasi,
                "sensitive": sensitive,
                "k": anonymity.k_anonymity(data, list(quasi)),
                "alpha": anonymity.alpha_k_anonymity(*asked)[0],
                "distinct_l": anonymity.l_diversity(*asked),
                "entropy_l": anonymity.entropy_l_diversity(*asked),
                "recursive_c": anonymity.recursive_c_l_diversity(*asked)[0],
                "t": anonymity.t_closeness(*asked),
                "basic_beta": anonymity.basic_beta_likeness(*asked),
                "enhanced_beta": anonymity.enhanced_beta_likeness(*asked),
                "delta": anonymity.delta_disclosure(*asked),
            }
        )
    figures = [{name: plain(value) for name, value in one.items()} for one in found]
    sys.stdout.write("[\n" + ",\n".join(json.dumps(one) for one in figures) + "\n]\n")


def plain(value: Any) -> Any:
    """Return a figure as JSON has it; what pycanon cannot say is null."""
    if not hasattr(value, "item"):
        return None if value != value else value
    return plain(value.item())


if __name__ == "__main__":
    main()
