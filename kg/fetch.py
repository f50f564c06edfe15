"""Fetch: where a source's public files are found (mirror folder, cache, network), and what vouches for them."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pooch

from kg.files.text import FileError, read_text

SUMS = "SHA256SUMS"
"""The file in a mirror folder that lists its files' sums, as `sha256sum` writes them."""


class FetchError(OSError):
    """A public file that is nowhere to be found, or that is not what it should be."""


class NotFoundAnywhere(FetchError):
    """A public file that neither the mirror, nor the cache, nor the network has."""


@dataclass(frozen=True)
class PublicFile:
    """A file of a source: its path in a mirror folder, and where and as what it is published.

    A file without `url` is looked for in the mirror only; one without `sha256` is not published as it is.
    """

    path: str
    url: str | None = None
    sha256: str | None = None

    @property
    def name(self) -> str:
        """The file's name without folders."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True)
class FoundFile:
    """A file on this machine, its SHA-256, and what vouches for it: the published sum, the mirror's, or nothing."""

    path: Path
    sha256: str
    verified_by: Literal["public", "mirror", "nothing"]


@dataclass(frozen=True)
class Fetch:
    """Where to look for public files: the mirror folder first, then the cache, then (unless `offline`) the network."""

    mirror: str | Path | None = None
    cache: str | Path = field(default_factory=lambda: Path(pooch.os_cache("panakeia")))
    offline: bool = False

    def get(self, file: PublicFile) -> FoundFile:
        """Return the file, downloaded into the cache if it is nowhere nearer.

        Raises `NotFoundAnywhere` if it is nowhere, `FetchError` if it is not what the sums say.
        """
        found = self.find(file)
        if found is not None:
            return found
        if file.url is None or self.offline:
            raise NotFoundAnywhere(self._nowhere(file, "the network was not asked"))
        try:
            known = f"sha256:{file.sha256}"
            path = pooch.retrieve(file.url, known_hash=known, fname=self._cached(file).name, path=self.cache)
        except OSError as failure:
            raise NotFoundAnywhere(self._nowhere(file, f"{file.url} did not answer ({failure})")) from failure
        except ValueError as failure:
            raise FetchError(f"{file.url} is not the published file: {failure}") from failure
        return FoundFile(Path(path), _sha256(Path(path)), "public")

    def find(self, file: PublicFile) -> FoundFile | None:
        """Return the file if the mirror or the cache has it, else None; the network is not asked.

        In the mirror it lies at its path or directly in the folder. It is taken if its sum is the published one or
        the one in the mirror's `SHA256SUMS`; a file that no sum is given for is taken too, as verified by nothing.
        Raises `FetchError` if the mirror is no folder, or the file has another sum than `SHA256SUMS` gives.
        """
        if self.mirror is not None:
            mirror = Path(self.mirror)
            if not mirror.is_dir():
                raise FetchError(f"{mirror} is not a folder: expected a mirror folder of public files")
            for path in (mirror / file.path, mirror / file.name):
                if path.is_file():
                    return _vouched(path, file, _mirror_sums(mirror))
        cached = self._cached(file)
        if file.sha256 is not None and cached.is_file():
            sha256 = _sha256(cached)
            if sha256 == file.sha256:
                return FoundFile(cached, sha256, "public")
        return None

    def _cached(self, file: PublicFile) -> Path:
        return Path(self.cache) / file.path.replace("/", "-")

    def _nowhere(self, file: PublicFile, network: str) -> str:
        mirror = f"the mirror {self.mirror}" if self.mirror else "no mirror folder (--data DIR or PANAKEIA_DATA) is set"
        return f"{file.path} is nowhere: looked in {mirror}, in the cache {self.cache}; {network}"


def _vouched(path: Path, file: PublicFile, sums: Mapping[str, str]) -> FoundFile:
    sha256 = _sha256(path)
    if sha256 == file.sha256:
        return FoundFile(path, sha256, "public")
    listed = sums.get(path.resolve().as_posix())
    if listed is None:
        return FoundFile(path, sha256, "nothing")
    if listed != sha256:
        raise FetchError(
            f"{path} has the SHA-256 {sha256}, but {SUMS} beside it says {listed}: "
            f"get the file again or, if it was changed on purpose, take its line out of {SUMS}"
        )
    return FoundFile(path, sha256, "mirror")


def _mirror_sums(mirror: Path) -> dict[str, str]:
    """Return the listed sums by absolute path; lines that are not `<64 hex digits>  <path>` raise `FetchError`."""
    listing = mirror / SUMS
    if not listing.is_file():
        return {}
    try:
        lines = read_text(listing).splitlines()
    except FileError as failure:
        raise FetchError(str(failure)) from None
    sums = {}
    for number, line in enumerate(lines, start=1):
        sha256, _, name = line.partition(" ")
        if len(sha256) != 64 or not name:
            raise FetchError(f"{listing}, line {number}: expected a SHA-256 and a path, as sha256sum writes them")
        sums[(mirror / name.strip().removeprefix("*")).resolve().as_posix()] = sha256.lower()
    return sums


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
