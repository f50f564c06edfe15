"""The verb of operating characteristics: a trial run many times, under its scenarios."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from kg.output import refuse_inputs, require_folder
from panakeia.answer import Table
from panakeia.verbs.held import Held

if TYPE_CHECKING:
    from twin.trials.operating import OperatingCharacteristics
    from twin.trials.protocol import TrialDesign


class OperatingVerbs(Held):
    """Run trials many times over, and tell what a design may be made of."""

    def trial_choices(self) -> Table:
        """List what a trial's file may say: each table and kind, and the type, values, unit and default of each key."""
        import pandas as pd

        from twin.trials.choices import choices

        told = choices()
        rows = [row for kind in told for row in _rows(kind)]
        notes = ("the first line of a kind says what it is; its keys follow, of which `needed` ones must be written",)
        return Table(
            f"choices: {len(told)} tables and kinds, {len(rows) - len(told)} keys", pd.DataFrame(rows), notes, told
        )

    def trial_simulate(
        self,
        design: "str | Path | TrialDesign",
        *,
        out: str | Path,
        replicates: int = 1000,
        workers: int = 1,
        ray: bool = False,
        truth_patients: int = 10_000,
    ) -> "OperatingCharacteristics":
        """Run a trial many times under each of its scenarios, and without an effect: power, type I error, bias,
        coverage, expected size, stopping.

        The design is a TOML file, or made in Python. A run that was stopped goes on in its folder; several `workers`
        are processes of this machine, or Ray's. The true effect is found by `truth_patients`, each in every arm, and
        told with its Monte-Carlo error.
        """
        from panakeia.trials.operating import write_characteristics
        from twin.trials.operating import Asked, simulate
        from twin.trials.run import load

        refuse_inputs(out, [design] if isinstance(design, str | Path) else [])
        require_folder(out)
        checked = load(design) if isinstance(design, str | Path) else design
        asked = Asked(checked, replicates, truth_patients)
        with self._telling() as progress:
            found = simulate(asked, Path(out) / "chunks", workers, ray=ray, progress=progress)
        write_characteristics(found, out)
        return found


def _rows(kind: dict[str, Any]) -> list[dict[str, str]]:
    """Return the rows of a kind as a user reads them: what it is, then a row a key."""
    place = {"part": kind["part"], "kind": kind["kind"]}
    first = {"key": "", "what": kind["what"], "unit": "", "default": ""}
    return [place | first, *(place | _key(key) for key in kind["keys"])]


def _key(key: dict[str, Any]) -> dict[str, str]:
    """Return a key's name, what it may be, its unit, and its value where it is left out."""
    values = " | ".join(map(str, key["allowed"] or ()))
    what = f"{key['type']}: {values}" if values else f"{key['type']} {key['range']}".strip()
    return {"key": key["name"], "what": what, "unit": key["unit"], "default": _default(key)}


def _default(key: dict[str, Any]) -> str:
    """Return what a key is where it is left out."""
    usual = key["usual"]
    if key["needed"]:
        return "needed"
    if isinstance(usual, bool):
        return str(usual).lower()
    return ", ".join(map(str, usual)) or "none" if isinstance(usual, list) else "none" if usual is None else str(usual)
