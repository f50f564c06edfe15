"""Intensities: first-order features of the voxels of a region, wherever they lie.

Definitions are those of the Image Biomarker Standardisation Initiative (Zwanenburg et al., Radiology 2020) in the form
that pyradiomics gives them (van Griethuysen et al., Cancer Research 2017): the kurtosis is not in excess, variance and
standard deviation are of the region as a whole population, percentiles are interpolated linearly.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from kg.patients.imaging.error import ImagingError

Values = NDArray[np.float64]

MOST_BINS = 1_000_000


def intensity_features(values: Values, voxel_mm3: float, bin_width: float, shift: float = 0.0) -> Mapping[str, float]:
    """Return the features of intensities by their names; those of a flat region that divide by 0 are 0.

    `bin_width` is that of the histogram of entropy and uniformity, whose edges are its multiples; `shift` is added
    before squares are taken, so that negative values such as those of CT do not count as much as positive ones.
    Raises `ImagingError` for a width that is none, or makes too many bins.

    Shapes: values [voxel].
    """
    low, q10, q25, median, q75, q90, high = np.percentile(values, (0, 10, 25, 50, 75, 90, 100))
    mean, away = values.mean(), values - values.mean()
    variance = (away**2).mean()
    robust = values[(values >= q10) & (values <= q90)]
    energy = float(((values + shift) ** 2).sum())
    share = _histogram(values, bin_width)
    return {
        "Energy": energy,
        "TotalEnergy": energy * voxel_mm3,
        "Entropy": float(-(share * np.log2(share)).sum()) + 0.0,
        "Minimum": float(low),
        "10Percentile": float(q10),
        "90Percentile": float(q90),
        "Maximum": float(high),
        "Mean": float(mean),
        "Median": float(median),
        "InterquartileRange": float(q75 - q25),
        "Range": float(high - low),
        "MeanAbsoluteDeviation": float(np.abs(away).mean()),
        "RobustMeanAbsoluteDeviation": float(np.abs(robust - robust.mean()).mean()),
        "RootMeanSquared": float(np.sqrt(energy / len(values))),
        "StandardDeviation": float(np.sqrt(variance)),
        "Skewness": float((away**3).mean() / variance**1.5) if variance > 0 else 0.0,
        "Kurtosis": float((away**4).mean() / variance**2) if variance > 0 else 0.0,
        "Variance": float(variance),
        "Uniformity": float((share**2).sum()),
    }


def _histogram(values: Values, width: float) -> Values:
    """Return the shares of the bins that are not empty."""
    if not (np.isfinite(width) and width > 0):
        raise ImagingError(f"the bins' width is {width}: expected a number above 0, in units of the image")
    bins = np.floor(values / width)
    if bins.max() - bins.min() > MOST_BINS:
        raise ImagingError(
            f"bins {width:g} wide are more than {MOST_BINS:,} for values from {values.min():g} to {values.max():g}: "
            "take wider ones"
        )
    counts = np.unique(bins, return_counts=True)[1]
    return counts / len(values)
