"""Listed: the keys of a home as an answer."""

from panakeia.answer import Table
from panakeia.api.access.keys import Key

COLUMNS = ("name", "role", "id", "made", "expires", "revoked", "last_used")


def keys_table(keys: tuple[Key, ...]) -> Table:
    """Return the keys as rows: name, role, public number, and the days of each; what is not so is missing."""
    import pandas as pd

    rows = [[_told(getattr(key, column)) for column in COLUMNS] for key in keys]
    frame = pd.DataFrame(rows, columns=list(COLUMNS), dtype=object)
    return Table(f"{len(keys)} keys", frame, ("a key's text is shown when it is made, and kept nowhere",))


def _told(value: object) -> str | None:
    return None if value is None else str(value)
