"""Imaging: an image with a mask becomes numbers whose definitions are published; no network is trained here.

`volumes` reads NRRD, NIfTI and DICOM, `regions` puts an image and its mask together and refuses what does not fit,
`preparation` normalises, resamples and segments anew, `intensities` and `shape` compute the features, `features` is
the whole way. Of what a file's header says, only the geometry and the modality are read: a DICOM header tells who the
patient is.
"""
