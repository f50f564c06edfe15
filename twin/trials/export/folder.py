"""The folder of an export: sdtm and adam, each with its define.xml, and the simulated truth apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from kg.output import whole_folder
from twin.trials.export import dataset_json, xpt
from twin.trials.export.adam import adam, potential
from twin.trials.export.dataset import Dataset
from twin.trials.export.define import SIMULATED, define_xml
from twin.trials.export.sdtm import sdtm
from twin.trials.export.study import Study

Format = Literal["xpt", "dataset-json"]
FORMATS = {"xpt": xpt, "dataset-json": dataset_json}
APART = "not-for-submission"
"""Where what no real trial knows lies."""


@dataclass(frozen=True)
class Exported:
    """A dataset that was written: in which folder, and what it is."""

    folder: str
    file: str
    dataset: Dataset


def export(study: Study, form: Format, out: str | Path) -> list[Exported]:
    """Write a study's datasets, their define.xml and the potential outcomes into a folder, all of them or none.

    Raises an `ExportError` for what the format cannot hold.
    """
    if form == "xpt":
        xpt.check_names(study.named, ((f"population.{name}", name) for name in study.covariates))
    chosen, parts = FORMATS[form], {"sdtm": sdtm(study), "adam": adam(study), APART: [potential(study)]}
    written = []
    with whole_folder(out) as place:
        for name, datasets in parts.items():
            (place / name).mkdir()
            for one in datasets:
                file = f"{one.name.lower()}.{chosen.ENDING}"
                chosen.write(one, place / name / file)
                written.append(Exported(name, file, one))
            if name != APART:
                content = define_xml(datasets, study.stored.design.trial.name, chosen.ENDING)
                (place / name / "define.xml").write_bytes(content)
        (place / "README.txt").write_text(_told(study, written), encoding="utf-8")
    return written


def _told(study: Study, written: Sequence[Exported]) -> str:
    """Say what lies in the folder and what is made up."""
    lines = [
        study.stored.design.trial.name,
        "",
        SIMULATED,
        f"Study {study.study_id}, start {study.start}, one site, seed {study.stored.design.trial.seed}.",
    ]
    if study.twins:
        lines.append("A trial of twins: the subjects that share a TWINID are one virtual patient, in each arm.")
    lines += ["", f"{APART}: what each twin's outcome would have been in every arm. NOT FOR SUBMISSION.", ""]
    lines += [f"{one.folder}/{one.file}  {one.dataset.label}, {len(one.dataset.rows)} records" for one in written]
    return "\n".join(lines) + "\n"
