"""Here: a site in this very process, to rehearse a federation before any site is set up."""

from dataclasses import dataclass

from twin.prognosis.federated.site import Site


@dataclass(frozen=True)
class Here:
    """A way to a site that needs no way."""

    name: str
    site: Site

    def ask(self, message: bytes, seconds: float) -> bytes:
        """Return its answer."""
        return self.site.answer(message)
