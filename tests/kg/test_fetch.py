"""Public files: the mirror first, then the cache, then the network; nothing unverified passes as verified."""

import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from kg.fetch import Fetch, FetchError, NotFoundAnywhere, PublicFile

ABC = b"abc"
ABC_SHA256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-4's own example
OTHER_SHA256 = "0" * 64


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def mirror_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "mirror"
    (folder / "set").mkdir(parents=True)
    (folder / "set" / "a.tsv").write_bytes(ABC)
    return folder


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """A loopback web server of one folder with the file a.tsv."""
    folder = tmp_path / "web"
    folder.mkdir()
    (folder / "a.tsv").write_bytes(ABC)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(folder))) as httpd:
        thread = threading.Thread(target=httpd.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()
        thread.join()


def fetch(tmp_path: Path, mirror: Path | None = None, *, offline: bool = True) -> Fetch:
    return Fetch(mirror, cache=tmp_path / "cache", offline=offline)


def test_a_mirror_file_with_the_published_sum_is_public(tmp_path: Path, mirror_folder: Path) -> None:
    found = fetch(tmp_path, mirror_folder).get(PublicFile("set/a.tsv", sha256=ABC_SHA256))
    assert (found.path, found.sha256, found.verified_by) == (mirror_folder / "set" / "a.tsv", ABC_SHA256, "public")


def test_the_mirror_vouches_for_its_own_files(tmp_path: Path, mirror_folder: Path) -> None:
    (mirror_folder / "SHA256SUMS").write_text(f"{ABC_SHA256}  set/a.tsv\n", encoding="utf-8")
    found = fetch(tmp_path, mirror_folder).get(PublicFile("set/a.tsv", sha256=OTHER_SHA256))
    assert found.verified_by == "mirror"


def test_a_file_that_no_sum_is_given_for_is_taken_as_unverified(tmp_path: Path, mirror_folder: Path) -> None:
    found = fetch(tmp_path, mirror_folder).get(PublicFile("set/a.tsv", sha256=OTHER_SHA256))
    assert (found.sha256, found.verified_by) == (ABC_SHA256, "nothing")


def test_a_file_directly_in_the_folder_is_found(tmp_path: Path, mirror_folder: Path) -> None:
    found = fetch(tmp_path, mirror_folder / "set").find(PublicFile("set/a.tsv"))
    assert found is not None and found.path == mirror_folder / "set" / "a.tsv"


def test_a_file_with_another_sum_than_listed_is_refused_with_both(tmp_path: Path, mirror_folder: Path) -> None:
    (mirror_folder / "SHA256SUMS").write_text(f"{OTHER_SHA256}  set/a.tsv\n", encoding="utf-8")
    with pytest.raises(FetchError, match="take its line out of SHA256SUMS") as failure:
        fetch(tmp_path, mirror_folder).get(PublicFile("set/a.tsv"))
    assert ABC_SHA256 in str(failure.value) and OTHER_SHA256 in str(failure.value)
    assert "a.tsv" in str(failure.value)


def test_an_unreadable_list_of_sums_is_named_with_its_line(tmp_path: Path, mirror_folder: Path) -> None:
    (mirror_folder / "SHA256SUMS").write_text(f"{ABC_SHA256}  set/a.tsv\nnonsense\n", encoding="utf-8")
    with pytest.raises(FetchError, match="SHA256SUMS, line 2: expected a SHA-256 and a path"):
        fetch(tmp_path, mirror_folder).find(PublicFile("set/a.tsv"))


def test_a_list_of_sums_that_is_no_text_is_named(tmp_path: Path, mirror_folder: Path) -> None:
    listing = mirror_folder / "SHA256SUMS"
    listing.write_text(f"{ABC_SHA256}  set/a.tsv\r\n", encoding="utf-8-sig")
    assert fetch(tmp_path, mirror_folder).get(PublicFile("set/a.tsv")).verified_by == "mirror"
    listing.write_text("", encoding="utf-16")
    with pytest.raises(FetchError, match="SHA256SUMS is UTF-16 text; save it as UTF-8 text"):
        fetch(tmp_path, mirror_folder).find(PublicFile("set/a.tsv"))


def test_a_mirror_that_is_no_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="nowhere is not a folder"):
        fetch(tmp_path, tmp_path / "nowhere").find(PublicFile("set/a.tsv"))


def test_an_absent_optional_file_is_none_and_an_absent_required_one_says_where_it_looked(tmp_path: Path) -> None:
    nowhere = fetch(tmp_path)
    assert nowhere.find(PublicFile("set/a.tsv")) is None
    with pytest.raises(NotFoundAnywhere, match="--data DIR or PANAKEIA_DATA"):
        nowhere.get(PublicFile("set/a.tsv", "http://127.0.0.1:9/a.tsv", ABC_SHA256))


def test_a_download_is_verified_and_cached(tmp_path: Path, server: str) -> None:
    file = PublicFile("set/a.tsv", f"{server}/a.tsv", hashlib.sha256(ABC).hexdigest())
    online = fetch(tmp_path, offline=False)
    assert online.find(file) is None
    assert online.get(file).path.read_bytes() == ABC
    assert fetch(tmp_path).get(file).verified_by == "public"  # the second time without network


def test_a_damaged_cached_file_is_not_used(tmp_path: Path, server: str) -> None:
    file = PublicFile("set/a.tsv", f"{server}/a.tsv", ABC_SHA256)
    cached = fetch(tmp_path, offline=False).get(file).path
    cached.write_bytes(b"abd")
    assert fetch(tmp_path).find(file) is None
    assert fetch(tmp_path, offline=False).get(file).path.read_bytes() == ABC


def test_a_download_of_something_else_is_refused(tmp_path: Path, server: str) -> None:
    with pytest.raises(FetchError, match="is not the published file"):
        fetch(tmp_path, offline=False).get(PublicFile("set/a.tsv", f"{server}/a.tsv", OTHER_SHA256))
    assert fetch(tmp_path).find(PublicFile("set/a.tsv", sha256=OTHER_SHA256)) is None


def test_no_network_is_told_from_a_wrong_file(tmp_path: Path, server: str) -> None:
    with pytest.raises(NotFoundAnywhere, match="did not answer"):
        fetch(tmp_path, offline=False).get(PublicFile("set/b.tsv", f"{server}/b.tsv", ABC_SHA256))
