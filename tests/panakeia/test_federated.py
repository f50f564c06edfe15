"""Sites in processes of their own, asked over HTTP by the command line; a bad one does not stop the others."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pandas as pd
import pytest
from numpy.testing import assert_allclose
from typer.testing import CliRunner

from panakeia import Session
from panakeia.cli import app
from tests.twin.prognosis.federated.conftest import LOGISTIC, patients
from twin.prognosis.federated.access import Access
from twin.prognosis.federated.fit import FitSettings

TOKEN = "a token of the tests only"[:16].replace(" ", "-")
MAIN = [sys.executable, "-c", "from panakeia.cli import main; main()"]
ASKED = ["--model", "logistic", "--outcome", "dead", "--feature", "age,sex,stage"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with three sites' patients, one of a single patient, and a token."""
    made = tmp_path_factory.mktemp("federated")
    for seed, rows in enumerate((240, 180, 300)):
        patients(seed, rows).to_csv(made / f"{seed}.csv", index=False)
    patients(5, 1).to_csv(made / "one.csv", index=False)
    (made / "token").write_text(TOKEN, encoding="utf-8")
    return made


@pytest.fixture(scope="module")
def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate of this machine's own, and its key."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    made += ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", str(key), "-out", str(cert)]
    subprocess.run(made, check=True, capture_output=True, timeout=180)
    return cert, key


@pytest.fixture(scope="module")
def urls(folder: Path, certificate: tuple[Path, Path]) -> Iterator[list[str]]:
    """Three sites, each in a process of its own; the last one speaks TLS."""
    served = []
    for seed in range(3):
        call = [*MAIN, "federated", "site", "--data", str(folder / f"{seed}.csv"), "--port", "0"]
        call += ["--token-file", str(folder / "token")]
        call += ["--cert", str(certificate[0]), "--key", str(certificate[1])] if seed == 2 else []
        served.append(subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
    try:
        lines = [one.stdout.readline() if one.stdout else "" for one in served]
        assert all(" answers: " in line for line in lines), [one.poll() for one in served]
        yield [line.split()[0] for line in lines]
    finally:
        for one in served:
            one.terminate()
        for one in served:
            told = one.communicate(timeout=180)
            assert TOKEN not in "".join(told)


@pytest.fixture(scope="module")
def liar() -> Iterator[str]:
    """A server that answers with something else."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"format": "panakeia-federated", "version": 9}')

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_sites_in_processes_give_the_pooled_fit(
    folder: Path, urls: list[str], certificate: tuple[Path, Path], liar: str
) -> None:
    silent = "http://127.0.0.1:9"
    sites = ",".join([*urls, silent, liar])
    call = ["federated", "fit", "--sites", sites, *ASKED, "--token-file", str(folder / "token"), "--json"]
    called = CliRunner().invoke(app, [*call, "--ca", str(certificate[0])], catch_exceptions=False)
    found = json.loads(called.stdout)
    pooled = pd.concat([pd.read_csv(folder / f"{seed}.csv") for seed in range(3)])
    pooled.to_csv(folder / "pooled.csv", index=False)
    there = Session().federated_fit(
        [str(folder / "pooled.csv")], LOGISTIC, settings=FitSettings(least_sites=1, masked=False)
    )
    assert_allclose(
        [one["value"] for one in found["coefficients"].values()],
        [one.value for one in there.coefficients.values()],
        rtol=1e-10,
    )
    assert (found["masked"], len(found["rounds"]) <= 10, list(found["sites"])) == (True, True, urls)
    assert found["refused"][liar] == "the message is of version 9, expected 1"
    assert "cannot be reached" in found["refused"][silent]


def test_a_site_is_not_told_to_whoever_has_no_token_or_does_not_trust_it(
    folder: Path, urls: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PANAKEIA_SITE_TOKEN", raising=False)
    with pytest.raises(ValueError, match="does not take the token"):
        Session().federated_fit(urls[:2], LOGISTIC)
    with pytest.raises(ValueError, match=r"cannot be reached.*CERTIFICATE_VERIFY_FAILED"):
        Session().federated_fit(urls[1:], LOGISTIC, access=Access(TOKEN))
    assert TOKEN not in repr(Access(TOKEN))


REFUSED: list[tuple[list[str], str]] = [
    (["site", "--data", "0.csv"], "at a port or through a folder"),
    (["site", "--data", "one.csv", "--port", "0"], "fewer patients than its minimum of 10"),
    (["site", "--data", "0.csv", "--port", "0", "--host", "0.0.0.0"], "a token and a certificate are needed"),
    (["site", "--data", "0.csv", "--port", "0", "--outcome", "alive"], "alive"),
    (["fit", "--sites", "nowhere.csv", *ASKED], "expected a URL"),
    (["fit", "--sites", "ftp://a", *ASKED], "expected a URL"),
    (["fit", "--sites", "0.csv,0.csv", *ASKED], "name 0.csv more than once"),
    (["fit", "--sites", "0.csv,1.csv", "--model", "cox", *ASKED[2:]], "no site says which column is its time"),
    (["fit", "--sites", "http://10.0.0.1:1", *ASKED, "--token-file", "token"], "a token would be read on the way"),
    (["fit", "--sites", "0.csv,1.csv", *ASKED, "--token-file", "0.csv"], "tokens and not whose"),
]


@pytest.mark.parametrize(("call", "reason"), REFUSED)
def test_what_cannot_be_done_is_said(
    folder: Path, call: list[str], reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.delenv("PANAKEIA_SITE_TOKEN", raising=False)
    called = CliRunner().invoke(app, ["federated", *call])
    assert called.exit_code != 0
    assert reason in str(called.exception)


def test_a_rehearsal_with_files_leaves_sites_out(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    call = ["federated", "fit", "--sites", "0.csv,1.csv,2.csv", *ASKED, "--leave-one-out"]
    called = CliRunner().invoke(app, call, catch_exceptions=False)
    assert "AUROC at the site left out" in called.stdout
    assert os.path.exists("0.csv")
