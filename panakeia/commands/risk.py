"""The commands of risks."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import typer

from panakeia.answer import Answer
from panakeia.ask import Session
from panakeia.option_groups import grouped
from panakeia.options import As, SeedOption, decimal, whole
from panakeia.verb import verb

if TYPE_CHECKING:
    from twin.prognosis.question import Kind
    from twin.prognosis.risk.asked import Asked
    from twin.prognosis.risk.train import RiskSettings
else:
    Kind: TypeAlias = Literal["binary", "continuous", "survival"]

app = typer.Typer(no_args_is_help=True, help="Learn a risk from patients, foretell it, explain it.")

TableArgument = Annotated[Path, typer.Argument(help="A table of patients, a row each.", metavar="TABLE.csv")]
CohortArgument = Annotated[
    Path, typer.Argument(help="A table, a row each patient; or a cohort's definition.", metavar="TABLE.csv|COHORT.toml")
]
PatientsArgument = Annotated[
    str,
    As("named"),
    typer.Argument(help="A table; or a patient's pseudonym, of a cohort's risk.", metavar="TABLE.csv|ID"),
]
RiskArgument = Annotated[Path, As("kept"), typer.Argument(help="The folder of a trained risk.", metavar="DIR")]
_Names: TypeAlias = list[str] | None


@dataclass(frozen=True)
class AskedOptions:
    """Which columns mean what."""

    outcome: Annotated[str, typer.Option(help="The outcome: 0 and 1, a number, or a time.", metavar="COL")]
    features: Annotated[
        _Names, typer.Option("--feature", help="A feature, known at the index date; else all columns.", metavar="COL")
    ] = None
    all_but: Annotated[
        _Names,
        typer.Option(
            "--all-but", help="All columns are features but this, known later; repeatable, '' for none.", metavar="COL"
        ),
    ] = None
    kind: Annotated[Kind | None, typer.Option(help="What the outcome is, where its values do not say.")] = None
    event: Annotated[
        str | None, typer.Option(help="The outcome's value that is the event, if not plain.", metavar="VALUE")
    ] = None
    levels: Annotated[
        _Names, typer.Option("--level", help="A feature that is a code though a number; repeatable.", metavar="COL")
    ] = None
    subject: Annotated[str, typer.Option(help="Whose a row is.", metavar="COL")] = "USUBJID"
    visit: Annotated[
        str | None, typer.Option(help="The visit of a row, where a patient has several.", metavar="COL")
    ] = None
    censored: Annotated[str, typer.Option(help="Of times: 0 for an event, 1 for a time cut off.", metavar="COL")] = (
        "CNSR"
    )
    horizon: Annotated[
        float | None, typer.Option(help="Of times: foretell the event until then.", parser=decimal, metavar="TIME")
    ] = None
    repeated: Annotated[bool, typer.Option("--repeated", help="Rows may repeat a patient.")] = False

    def asked(self) -> "Asked":
        """Return what is asked."""
        from twin.prognosis.risk.asked import Asked

        return Asked(
            self.outcome,
            tuple(self.features or ()),
            None if self.all_but is None else tuple(name for name in self.all_but if name),
            self.kind,
            self.event,
            tuple(self.levels or ()),
            self.subject,
            self.visit,
            self.censored,
            self.horizon,
            self.repeated,
        )


@dataclass(frozen=True)
class TrainingOptions:
    """How it is trained."""

    split: Annotated[Literal["patient", "site", "time"], typer.Option(help="By what patients left out are parted.")] = (
        "patient"
    )
    site: Annotated[
        str | None, typer.Option(help="The site of a row, for --split site, if its name does not say.", metavar="COL")
    ] = None
    time: Annotated[
        str | None, typer.Option(help="The index date, for --split time, if its name does not say.", metavar="COL")
    ] = None
    learners: Annotated[
        _Names, typer.Option("--learner", help="Compare this learner only; repeatable; else all.", metavar="NAME")
    ] = None
    keep: Annotated[
        str | None,
        typer.Option(help="The learner that is kept; else the plain one unless it is beaten.", metavar="NAME"),
    ] = None
    outer: Annotated[int, typer.Option("--folds", help="Folds that judge.", parser=whole(2), metavar="N")] = 5
    inner: Annotated[
        int, typer.Option("--inner-folds", help="Folds that choose settings.", parser=whole(2), metavar="N")
    ] = 3
    resamples: Annotated[int, typer.Option(help="Draws for intervals.", parser=whole(20), metavar="N")] = 500
    groups: Annotated[
        _Names,
        typer.Option(
            "--group", help="Compare figures by this column too; repeatable. Cohorts: sex, age.", metavar="COL"
        ),
    ] = None
    purpose: Annotated[str, typer.Option(help="What it is for, in words, for the model card.", metavar="TEXT")] = ""
    seed: SeedOption = 0

    def settings(self) -> "RiskSettings":
        """Return the settings."""
        from twin.prognosis.risk.judge import JudgeSettings
        from twin.prognosis.risk.split import SplitSettings
        from twin.prognosis.risk.train import RiskSettings

        return RiskSettings(
            tuple(self.learners or ()),
            self.keep,
            SplitSettings(self.split, self.site, self.time, self.outer, self.inner, self.seed),
            JudgeSettings(resamples=self.resamples, seed=self.seed),
            purpose=self.purpose,
            groups=tuple(self.groups or ()),
        )


@verb(app, "risk train", right="patients", needs=("store",), long=True)
@grouped
def risk_train(
    session: Session,
    table: CohortArgument,
    asked: AskedOptions,
    training: TrainingOptions,
    out: Annotated[Path, As("out"), typer.Option(help="Folder for the model, its card and figures.", metavar="DIR")],
) -> Answer:
    """Train a risk on a table or a cohort, judged on patients left out beside the base rate and the plain model.

    Example: panakeia risk train patients.csv --outcome died --all-but discharge_day --out out/risk
    """
    return session.risk_train(table, asked.asked(), training.settings(), out=out)


@verb(app, "risk list", right="patients")
def risk_list(
    session: Session,
    folder: Annotated[Path, As("kept"), typer.Argument(help="Where to look, three levels deep.", metavar="DIR")] = Path(
        "out"
    ),
) -> Answer:
    """List the trained risks in a folder and those under it: outcome, data, base rate, figures, also by group.

    Example: panakeia risk list
    """
    return session.risk_list(folder)


@verb(app, "risk validate", right="patients", long=True)
def risk_validate(session: Session, model: RiskArgument, table: TableArgument) -> Answer:
    """Judge a trained risk on other patients, whose outcomes are known, beside what it was worth at home.

    Example: panakeia risk validate out/risk another_hospital.csv --json
    """
    return session.risk_validate(model, table)


@verb(app, "risk predict", right="patients", needs=("store",))
def risk_predict(session: Session, model: RiskArgument, patients: PatientsArgument) -> Answer:
    """Foretell each row of a table; what lies outside of what was learned from is flagged.

    Example: panakeia risk predict out/risk patients.csv --json
    """
    return session.risk_predict(model, patients)


@verb(app, "risk explain", right="patients", needs=("store",))
def risk_explain(
    session: Session,
    model: RiskArgument,
    patients: PatientsArgument,
    patient: Annotated[str | None, typer.Option(help="Whose row.", metavar="ID")] = None,
    row: Annotated[int | None, typer.Option(help="Which row, from 1.", parser=whole(1), metavar="N")] = None,
    out: Annotated[Path | None, As("out"), typer.Option(help="A figure: .svg, .png or .pdf.", metavar="FILE")] = None,
) -> Answer:
    """Explain one patient's forecast: what each feature adds to it; the parts make the whole.

    Example: panakeia risk explain out/risk patients.csv --row 1 --json
    """
    return session.risk_explain(model, patients, patient=patient, row=row, out=out)
