"""The verb of images: features of a region, with a table to import and a picture to look at."""

from pathlib import Path
from typing import TYPE_CHECKING

from kg.output import refuse_inputs, require_file, whole_file
from panakeia.verbs.held import Held

if TYPE_CHECKING:
    from kg.patients.imaging.features import Features, Settings
    from kg.patients.imaging.regions import Region
    from kg.patients.imaging.table import Whose


class ImagingVerbs(Held):
    """Measure images; what is measured enters the graph by `patient_import`."""

    def imaging_features(
        self,
        image: str | Path,
        mask: str | Path,
        *,
        label: int = 1,
        settings: "Settings | None" = None,
        out: str | Path | None = None,
        whose: "Whose | None" = None,
        plot: str | Path | None = None,
    ) -> "Features":
        """Compute the first-order and shape features of a label of a mask, as pyradiomics defines them (IBSI).

        Both are files of NRRD or NIfTI, DICOM, or folders with one DICOM series. `out` gets the features as a table of
        scores of the patient `whose` image it is, which `patient_import` reads; `plot` the middle slice with the
        outline, as PNG. Raises `kg.patients.imaging.error.ImagingError`, which names no patient.
        """
        from kg.patients.imaging.error import ImagingError
        from kg.patients.imaging.features import features
        from kg.patients.imaging.table import scores_table

        for place in (out, plot):
            if place is not None:
                require_file(place)
                refuse_inputs(place, [image, mask])
        if (out is None) != (whose is None):
            raise ImagingError("a table of scores is of a patient: give both the file (out) and whose image it is")
        if plot is not None and Path(plot).suffix.casefold() != ".png":
            raise ImagingError("the picture is written as PNG: give it a name that ends in .png")
        self._begins()
        found = features(image, mask, label, settings)
        if out is not None and whose is not None:
            with whole_file(out) as part:
                scores_table(found, whose).to_csv(part, index=False, lineterminator="\n")
        if plot is not None:
            self._draw(found.region, plot)
        return found

    def _draw(self, region: "Region", plot: str | Path) -> None:
        from panakeia.slices import slice_figure

        with whole_file(plot) as part:
            slice_figure(region).savefig(part, format="png", dpi=120)
