"""The verbs about models themselves: what lies where, one beside another, and what one predicts for the store."""

from pathlib import Path

from panakeia.answer import Table
from panakeia.verbs.held import Held


class ModelVerbs(Held):
    """List, compare and delete models; write what one predicts into the store."""

    def models_list(self, folder: str | Path = "out") -> Table:
        """List the models in a folder and those under it: task, seed, data, when trained, what was measured."""
        import pandas as pd

        from gnn.folders import found

        models = found(folder)
        rows = []
        for model in models:
            told = {"folder": str(model.folder), **model.summary}
            rows.append({**told, "evaluated": ", ".join(model.evaluation.get("splits", {}))})
        content = [{**row, "evaluation": dict(model.evaluation)} for row, model in zip(rows, models, strict=True)]
        shown = [
            "folder",
            "task",
            "seed",
            "data_version",
            "known_pairs",
            "patients",
            "held_out_pairs",
            "trained",
            "evaluated",
        ]
        return Table(f"{len(models)} models in {folder}", pd.DataFrame(rows, columns=shown), content=content)

    def models_compare(self, one: str | Path, other: str | Path) -> Table:
        """Compare two models: their settings, data and figures, where they differ."""
        import pandas as pd

        from gnn.folders import described, differences

        rows = [
            {"what": name, str(one): _told(a), str(other): _told(b)}
            for name, a, b in differences(described(one), described(other))
        ]
        return Table(
            f"where {one} and {other} differ",
            pd.DataFrame(rows, columns=list(dict.fromkeys(["what", str(one), str(other)]))),
        )

    def models_delete(self, folder: str | Path) -> Table:
        """Delete the model in a folder, with its card and evaluation; other files in the folder stay."""
        import pandas as pd

        from gnn.folders import delete

        gone = delete(folder)
        self._loaded.pop(Path(folder), None)
        return Table(f"deleted the model in {folder}", pd.DataFrame({"file": [str(path) for path in gone]}))

    def predict(self, *, top: int = 20, each: bool = False, write: bool = False) -> Table:
        """Predict the best pairs that no source lists; with `write`, put them into the store as predicted edges.

        `top` of all, or, with `each`, of each node that is asked for, such as each disease. Written edges carry model,
        data version, probability, prior and explanation, replace those of an earlier model of the task, and are neither
        learned from nor walked along. Raises `ValueError` for a model of patients: of a person no guess is stored.
        """
        from gnn.checkpoint import about
        from gnn.explain import explain
        from gnn.patients.model import PatientModel
        from gnn.predict import candidates
        from gnn.predict import write as written

        model, store = self._any_network(), self._graph()
        if isinstance(model, PatientModel):
            raise ValueError(
                f"the model in {self.model} is one of patients: nothing is predicted of all of them at once or stored "
                "with their records, where a guess would outlive a withdrawn consent, a later record and the warnings "
                "that belong to it; ask when it is needed: `panakeia rank PATIENT`, `panakeia rank DRUG --for patients`"
            )
        self._begins()
        found = candidates(model, store, top, each=each)
        if not write:
            return Table(f"{len(found)} pairs of {model.task.name} that no source lists", found)
        identity = f"{model.task.name}-{(about(self.model) or {}).get('arrays_sha256', '')[:16]}"
        replaced = written(model, store, identity, found, lambda a, b: explain(model, store, a, b, top=1).to_text())
        note = f"written into the store as predicted edges of model {identity}; {replaced} earlier ones taken out"
        return Table(f"{len(found)} pairs of {model.task.name} that no source lists", found, (note,))


def _told(value: object) -> str:
    return "" if value is None else ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
