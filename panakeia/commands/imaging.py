"""The commands of images."""

from pathlib import Path
from typing import Annotated

import typer

from panakeia.answer import Answer
from panakeia.ask import Session
from panakeia.options import As, decimal, decimals, whole
from panakeia.verb import verb

app = typer.Typer(help="Images: features of a region, for a patient's record.", no_args_is_help=True)

_FORMATS = "NRRD, NIfTI, DICOM, or a folder with one DICOM series"


@verb(app, "imaging features", right="patients", long=True)
def imaging_features(
    session: Session,
    image: Annotated[Path, typer.Argument(help=f"The image: {_FORMATS}.", metavar="IMAGE")],
    mask: Annotated[Path, typer.Argument(help="The mask, on the image's own grid: 0 is outside.", metavar="MASK")],
    label: Annotated[int, typer.Option(parser=whole(1), help="The label of the mask.", metavar="N")] = 1,
    bin_width: Annotated[
        float, typer.Option(parser=decimal, help="Width of the bins of entropy and uniformity.", metavar="X")
    ] = 25.0,
    shift: Annotated[
        float, typer.Option(parser=decimal, help="Added to intensities before they are squared.", metavar="X")
    ] = 0.0,
    normalize: Annotated[
        float | None,
        typer.Option(parser=decimal, help="Make the image's standard deviation this, its mean 0.", metavar="X"),
    ] = None,
    resample: Annotated[
        str | None, typer.Option(help="New spacing in mm, such as 2,2,2 (B-splines).", metavar="X,Y,Z")
    ] = None,
    within_sd: Annotated[
        float | None,
        typer.Option(parser=decimal, help="Leave out voxels farther from the region's mean.", metavar="SD"),
    ] = None,
    out: Annotated[
        Path | None,
        As("out", of="patient"),
        typer.Option(help="Table of scores for `patient import`; needs --patient.", metavar="FILE.csv"),
    ] = None,
    patient: Annotated[
        str | None, typer.Option(help="Whose image: a pseudonym, or an identifier of --system.", metavar="ID")
    ] = None,
    system: Annotated[
        str | None, typer.Option(help="The system of the identifier, as other records write it.", metavar="SYSTEM")
    ] = None,
    day: Annotated[
        str | None, typer.Option(help="The day; of a pseudonym, one of the shifted calendar.", metavar="YYYY-MM-DD")
    ] = None,
    plot: Annotated[
        Path | None, As("out"), typer.Option(help="Picture of the middle slice with the outline.", metavar="FILE.png")
    ] = None,
) -> Answer:
    """Compute first-order and shape features of a region, as pyradiomics defines them (IBSI).

    Example: panakeia imaging features panakeia/examples/lesion.nrrd panakeia/examples/lesion_mask.nrrd --json
    """
    from kg.patients.imaging.features import Settings
    from kg.patients.imaging.preparation import Preparation
    from kg.patients.imaging.table import Whose

    steps = Preparation(normalize, None if resample is None else decimals(resample), within_sd)
    whose = None if patient is None else Whose(patient, day, system)
    if patient is None and (day is not None or system is not None):
        raise typer.BadParameter("--day and --system are of a patient: give --patient too")
    found = session.imaging_features(
        image, mask, label=label, settings=Settings(bin_width, shift, steps), out=out, whose=whose, plot=plot
    )
    return found
