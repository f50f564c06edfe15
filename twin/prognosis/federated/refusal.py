"""Refusal: why a site is not asked on, or answers nothing; and why a whole fit cannot be made."""


class FederatedError(ValueError):
    """A fit that cannot be made, for all sites together."""


class TooFewSites(FederatedError):
    """So many sites were refused that too few are left."""


class SiteRefuses(ValueError):
    """What a site does not answer: it would tell too much of few patients, or is not what it holds."""


class SiteRefused(ValueError):
    """A site whose answer cannot be used: it is late, of another form, another version, or no answer at all."""


class ServeMissing(ImportError):
    """FastAPI, httpx or uvicorn is not installed."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is not installed; to ask or be asked over HTTP: pip install 'panakeia[serve]'")
