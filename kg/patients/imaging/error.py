"""Error: what is wrong with an image, in words that hold nothing of its header and no name of its files."""


class ImagingError(ValueError):
    """An image or a mask that no feature can be computed from; the message quotes no header and no file's name."""


class ImagingMissing(ImagingError, ImportError):
    """The extra that images need is not installed."""

    def __init__(self) -> None:
        super().__init__("images are read by SimpleITK, which is not installed: pip install 'panakeia[imaging]'")
