"""The desk as it is started, by a server that listens: with its own certificate, and behind a proxy that speaks TLS."""

import re
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from panakeia.api.access.keys import Keys

COMMAND = [sys.executable, "-c", "from panakeia.cli import main; main()", "serve", "--port", "0"]


@contextmanager
def serving(store: Path, home: Path, settings: str, *more: str) -> Iterator[tuple[str, str]]:
    """Yield the address of a desk with these settings, and a reader's key."""
    keys = Keys.of(home)
    key = keys.add("somebody", "reader").text
    keys.close()
    (home / "desk.toml").write_text(settings, encoding="utf-8")
    told = ["--store", str(store), "--model", str(home / "model"), "--home", str(home), *more]
    with subprocess.Popen([*COMMAND, *told], stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        said = ""
        for line in server.stderr:
            said += line
            if found := re.search(r"https?://\S+", line):
                break
        else:
            raise AssertionError(said)
        try:
            yield found[0], key
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(120)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that it signs itself, and its key."""
    folder, key = tmp_path_factory.mktemp("tls"), ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, "desk")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "desk.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "desk.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "desk.pem", folder / "desk.key"


def test_a_desk_with_a_certificate_speaks_tls_alone(
    starter_store: Path, tmp_path: Path, certificate: tuple[Path, Path]
) -> None:
    pem, key = certificate
    trusted = ssl.create_default_context(cafile=str(pem))
    given = ("--certificate", str(pem), "--certificate-key", str(key))
    with serving(starter_store, tmp_path, 'hosts = ["desk.example.org"]\ntransport = "tls"\n', *given) as (base, shown):
        assert base.startswith("https://127.0.0.1:")
        with httpx.Client(
            base_url=base, verify=trusted, headers={"X-API-Key": shown}, trust_env=False, timeout=120
        ) as client:
            answer = client.get("/api/v1/info")
            assert answer.status_code == 200
            assert answer.headers["strict-transport-security"] == "max-age=31536000"
            assert "server" not in answer.headers
            signed = client.post("/sign-in", data={"key": shown}, headers={"Origin": base})
            cookie = signed.headers["set-cookie"]
            assert cookie.startswith("__Host-panakeia=1.") and "; Secure" in cookie and "HttpOnly" in cookie
            assert client.get("/healthz", headers={"X-Long": "x" * 200_000}).status_code == 400
            forged = client.post("/sign-in", data={"key": shown}, headers={"Origin": base.replace("https", "http")})
            assert forged.status_code == 403
            assert client.get("/healthz", headers={"Host": "evil.example"}).status_code == 421
            with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
                httpx.get(base, trust_env=False, timeout=120)
            with pytest.raises(httpx.RemoteProtocolError):
                httpx.get(base.replace("https", "http"), trust_env=False, timeout=120)
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{base}/healthz", verify=trusted, trust_env=False, timeout=120)


def test_behind_a_proxy_failures_are_counted_for_who_asks_the_proxy(starter_store: Path, tmp_path: Path) -> None:
    settings = 'hosts = ["desk.example.org"]\ntransport = "proxy"\n[limits]\nfailures_per_minute = 2\n'
    with serving(starter_store, tmp_path, settings) as (base, shown):
        client = httpx.Client(base_url=base, headers={"Host": "desk.example.org"}, trust_env=False, timeout=120)
        with client:

            def wrong(forwarded: str) -> int:
                headers = {"X-Forwarded-For": forwarded, "X-Forwarded-Proto": "https", "X-API-Key": "pnk_no"}
                return client.get("/api/v1/info", headers=headers).status_code

            assert [wrong("203.0.113.7") for _ in range(3)] == [401, 401, 429]
            assert wrong("203.0.113.8") == 401, "another client of the proxy is another address"
            assert wrong("203.0.113.8, 203.0.113.7") == 429, "what a client adds before the proxy does not count"
            right = client.get("/api/v1/info", headers={"X-Forwarded-For": "203.0.113.7", "X-API-Key": shown})
            assert right.status_code == 200, "who shows what is right is kept out by nobody"
            assert right.headers["strict-transport-security"]
            page = {"Origin": "https://desk.example.org", "X-Forwarded-Proto": "https"}
            signed = client.post("/sign-in", data={"key": shown}, headers=page)
            assert signed.headers["set-cookie"].startswith("__Host-panakeia=1.")
            assert client.post("/sign-in", data={"key": shown}, headers={"Origin": "http://desk.example.org"}).is_error


@pytest.mark.parametrize(
    ("settings", "more", "told"),
    [
        ('transport = "tls"\n', (), "without --certificate"),
        ("", ("--certificate", "desk.pem"), "give both, or neither"),
        ('transport = "proxy"\n[hooks]\n', (), "clients"),
        ('transport = "tls"\n', ("--certificate", "none.pem"), r"none\.pem cannot be used \(No such file"),
        ('transport = "tls"\n', ("--certificate", __file__), r"test_transport\.py cannot be used"),
    ],
)
def test_a_desk_that_would_not_be_safe_does_not_start(
    starter_store: Path, tmp_path: Path, settings: str, more: tuple[str, ...], told: str
) -> None:
    from panakeia.api.serving import Listening, serve_desk
    from panakeia.desk.desk import DeskSettings

    (tmp_path / "desk.toml").write_text(settings, encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    at = Listening(port=port, certificate=Path(more[1]) if more else None)
    with pytest.raises(ValueError, match=told):
        serve_desk(DeskSettings(str(starter_store), tmp_path / "model", home=tmp_path), at, None, lambda line: None)
