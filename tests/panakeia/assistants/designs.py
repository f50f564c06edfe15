"""A trial that is over in a moment."""

import re
from pathlib import Path

import panakeia

DESIGN = re.sub(
    "(weeks|subjects_per_arm) = .*",
    lambda found: f"{found[1]} = {'4' if found[1] == 'weeks' else '20'}",
    (Path(panakeia.__file__).parent / "examples" / "warfarin_trial.toml").read_text(encoding="utf-8"),
).replace("36, 43, 50, 57, 64, 71, 78, 85", "")
