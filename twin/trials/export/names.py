"""Short names: CDISC allows eight characters, a capital first, then capitals, digits and underscores."""

import re
from collections.abc import Iterable

LONGEST = 8


def short_names(names: Iterable[str], taken: Iterable[str] = ()) -> dict[str, str]:
    """Return a short name for each name, none of them twice, nor one that is taken.

    >>> short_names(["tacrolimus_ug_per_L", "tacrolimus_free", "1st"], ["X1ST"])
    {'tacrolimus_ug_per_L': 'TACROLIM', 'tacrolimus_free': 'TACROLI2', '1st': 'X1ST2'}
    """
    used, found = set(taken), {}
    for name in names:
        plain = re.sub("[^A-Z0-9_]+", "_", name.upper()).strip("_") or "X"
        plain = plain if plain[0].isalpha() else f"X{plain}"
        short, number = plain[:LONGEST].rstrip("_"), 1
        while short in used:
            number += 1
            short = f"{plain[: LONGEST - len(str(number))]}{number}"
        used.add(short)
        found[name] = short
    return found


def slug(name: str, longest: int = 20) -> str:
    """Return a name's first words as an identifier: capitals, digits and hyphens.

    >>> slug("Genotype-guided start of warfarin"), slug("α")
    ('GENOTYPE-GUIDED', 'STUDY')
    """
    plain = re.sub("[^A-Z0-9]+", "-", name.upper()).strip("-")
    whole = plain if len(plain) <= longest else plain[: longest + 1].rpartition("-")[0] or plain[:longest]
    return whole or "STUDY"
