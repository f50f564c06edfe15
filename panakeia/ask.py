"""Ask: a Session with every verb once, which all faces call; each answer is a frame, JSON and text.

The rooms are imported where a verb needs them: whoever asks for a path does not wait for torch.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kg.output import require_folder
from panakeia.verbs.adapting import AdaptingVerbs
from panakeia.verbs.cohorts import CohortVerbs
from panakeia.verbs.coverage import CoverageVerbs
from panakeia.verbs.disclosure import DisclosureVerbs
from panakeia.verbs.dosefinding import DoseFindingVerbs
from panakeia.verbs.doses import DoseVerbs
from panakeia.verbs.fairness import FairnessVerbs
from panakeia.verbs.federated import FederatedVerbs
from panakeia.verbs.fits import FitVerbs
from panakeia.verbs.formats import FormatVerbs
from panakeia.verbs.genomes import GenomeVerbs
from panakeia.verbs.graph import GraphVerbs
from panakeia.verbs.held import names
from panakeia.verbs.imaging import ImagingVerbs
from panakeia.verbs.likeness import LikenessVerbs
from panakeia.verbs.many import ManyVerbs
from panakeia.verbs.matrix import MatrixVerbs
from panakeia.verbs.models import ModelVerbs
from panakeia.verbs.network import NetworkVerbs
from panakeia.verbs.notes import NoteVerbs
from panakeia.verbs.operating import OperatingVerbs
from panakeia.verbs.patients import PatientVerbs
from panakeia.verbs.planning import PlanningVerbs
from panakeia.verbs.policies import PolicyVerbs
from panakeia.verbs.response import ResponseVerbs
from panakeia.verbs.risk import RiskVerbs
from panakeia.verbs.safety import SafetyVerbs
from panakeia.verbs.series import SeriesVerbs
from panakeia.verbs.studies import StudyVerbs
from panakeia.verbs.trials import TrialVerbs
from panakeia.verbs.twins import TwinVerbs
from panakeia.verbs.updates import UpdateVerbs
from panakeia.verbs.walks import WalkVerbs

if TYPE_CHECKING:
    from panakeia.report import Report


class Session(
    StudyVerbs,
    GraphVerbs,
    WalkVerbs,
    FormatVerbs,
    NetworkVerbs,
    ModelVerbs,
    PatientVerbs,
    TwinVerbs,
    UpdateVerbs,
    FitVerbs,
    ManyVerbs,
    MatrixVerbs,
    PlanningVerbs,
    AdaptingVerbs,
    DoseFindingVerbs,
    TrialVerbs,
    OperatingVerbs,
    DoseVerbs,
    PolicyVerbs,
    RiskVerbs,
    CohortVerbs,
    CoverageVerbs,
    DisclosureVerbs,
    GenomeVerbs,
    LikenessVerbs,
    ImagingVerbs,
    SafetyVerbs,
    FederatedVerbs,
    NoteVerbs,
    FairnessVerbs,
    ResponseVerbs,
    SeriesVerbs,
):
    """A graph, a trained model and a data mirror, and every verb that can be asked of them.

    `store` is a file or a server's URL, `model` a folder, `data` a mirror folder of public files; `progress` is told
    how far a long verb is (a bar is shown where none is given). Nothing is opened before it is needed. Without
    `patients`, walks and neighbours know none. A node is given
    by name, synonym or CURIE. A verb raises what its room raises: `ValueError` or `OSError` with the cure.

    >>> from panakeia import Session
    >>> Session("out/graph.lbdb", "out/model")
    Session('out/graph.lbdb', 'out/model')
    """

    def demo(
        self,
        disease: str = "coronary artery disease",
        *,
        sources: str | Sequence[str] = (),
        out: str | Path = "out/demo",
        seed: int = 0,
    ) -> "Report":
        """Run the main job end to end: build, train, rank, explain, import a patient, simulate, run a trial, report.

        It makes a graph and a model of its own, in `out`.
        """
        from panakeia.study import Question, answer

        require_folder(out)

        with self._telling() as progress:
            asked = Question(disease=disease, data=self.data, out=out, seed=seed, sources=tuple(names(sources)))
            return answer(asked, progress)
