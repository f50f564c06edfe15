"""Models: which trained model a view's figures are of, and among how many candidates it ranks."""

from typing import Any

from panakeia.page.asked import Asked


def model_of(asked: Asked, task: str = "treats") -> dict[str, Any] | None:
    """Return what is told of the desk's model of a task: its folder, data version, known pairs; None without one."""
    rows = asked.ask("models_list", {}, quiet=True).content
    return next((dict(row) for row in rows if row["task"] == task), None)


def candidates(asked: Asked, task: str = "treats", column: str = "drugs") -> int | None:
    """Return among how many candidates a model ranks."""
    found = model_of(asked, task)
    return None if found is None or column not in found else int(found[column])
