"""Source: the head of a data set, as each file of `kg.sources` begins with one, and its release in a graph."""

from collections.abc import Mapping
from dataclasses import dataclass

from kg.fetch import Fetch, FoundFile, PublicFile
from kg.graph import SourceRelease


@dataclass(frozen=True)
class Source:
    """A public data set: what it is, which version is read, who may use it, whom to cite, and its files.

    `gives` says in one sentence what the graph gets from it; `licence` is an SPDX identifier, which its edges have
    where they name none of their own. Without one of `files` nothing is read; `extras` add what they can.
    """

    name: str
    gives: str
    version: str
    licence: str
    citation: str
    url: str
    files: tuple[PublicFile, ...] = ()
    extras: tuple[PublicFile, ...] = ()

    def fetched(self, fetch: Fetch) -> dict[PublicFile, FoundFile]:
        """Return the source's files on this machine, those of `extras` that are there among them.

        Raises `kg.fetch.FetchError` if one of `files` is nowhere or not what it should be.
        """
        needed = {file: fetch.get(file) for file in self.files}
        extras = {file: fetch.find(file) for file in self.extras}
        return needed | {file: found for file, found in extras.items() if found is not None}

    def release(self, found: Mapping[PublicFile, FoundFile]) -> SourceRelease:
        """Return the release that these files make; its version says so where nothing vouches for one of them."""
        unverified = any(file.verified_by == "nothing" for file in found.values())
        return SourceRelease(
            self.name,
            f"{self.version}-unverified" if unverified else self.version,
            self.licence,
            self.citation,
            self.url,
            {file.name: at.sha256 for file, at in found.items()},
        )
