"""A real Neo4j server without Docker: fetched by Maven, run in a folder of its own, stopped with the command it serves.

    python tests/neo4j/server.py run -- make test

The command finds the server's URL in `PANAKEIA_TEST_NEO4J`, and its user and password in `NEO4J_USER` and
`NEO4J_PASSWORD`. What the server stores is deleted when the command ends. Needs Java 17 or 21 and Maven.
"""

import argparse
import hashlib
import os
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

POM = Path(__file__).parent / "pom.xml"
HEAP = "2g"
PAGE_CACHE = "512m"
COLLECTOR = "-XX:+UseParallelGC"
"""On two cores it leaves more time for writing than Java's default, G1."""
COMPILER = "-XX:TieredStopAtLevel=1"
"""Java's fast compiler alone: the other one takes longer than what it makes faster gives back while tests run."""
START_SECONDS = 120
STOP_SECONDS = 60
OPENED = ("java.nio", "java.io", "sun.nio.ch", "java.lang", "java.util.concurrent")
BOLT_HANDSHAKE = bytes.fromhex("6060b017" + "00000405" + "00000000" * 3)


class ServerError(Exception):
    """The server cannot be fetched or started; the message says what to do."""


def fetch_jars(cache: Path) -> Path:
    """Return the folder of the server's jars, fetching them from Maven Central the first time."""
    folder = cache / f"neo4j-{hashlib.sha256(POM.read_bytes()).hexdigest()[:12]}"
    if folder.is_dir():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as scratch:
        jars = Path(scratch) / "jars"
        goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={jars}"]
        fetched = subprocess.run(["mvn", "--batch-mode", "--quiet", "--file", str(POM), *goal], stdout=sys.stderr)
        if fetched.returncode:
            raise ServerError("Maven could not fetch Neo4j; its messages are above. It needs Maven Central or a mirror")
        if not folder.is_dir():  # another run may have been faster
            jars.rename(folder)
    return folder


def require_commands() -> None:
    """Raise `ServerError` where Java or Maven is missing; nothing is installed."""
    missing = [command for command in ("java", "mvn") if shutil.which(command) is None]
    if missing:
        raise ServerError(
            f"missing {' and '.join(missing)}; on Debian or Ubuntu: apt-get install openjdk-17-jre-headless maven"
        )


def free_port() -> int:
    """Return a TCP port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def speaks_bolt(port: int) -> bool:
    """Tell whether a Bolt server answers the protocol's handshake on this port."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.sendall(BOLT_HANDSHAKE)
            return len(connection.recv(4)) == 4
    except OSError:
        return False


def configure(home: Path, port: int) -> None:
    """Write the server's configuration: Bolt on loopback, no HTTP, nothing reported to anyone."""
    settings = {
        "server.directories.data": home / "data",
        "server.directories.logs": home / "logs",
        "server.default_listen_address": "127.0.0.1",
        "server.bolt.listen_address": f"127.0.0.1:{port}",
        "server.bolt.advertised_address": f"127.0.0.1:{port}",
        "server.http.enabled": "false",
        "server.https.enabled": "false",
        "server.memory.pagecache.size": PAGE_CACHE,
        "dbms.usage_report.enabled": "false",
    }
    conf = home / "conf"
    conf.mkdir()
    (conf / "neo4j.conf").write_text("".join(f"{key}={value}\n" for key, value in settings.items()), encoding="utf-8")


def java(jars: Path, *arguments: str) -> list[str]:
    """Return a command that runs one of Neo4j's main classes."""
    opened = [f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in OPENED]
    memory = [f"-Xms{HEAP}", f"-Xmx{HEAP}", COLLECTOR, COMPILER] if "CommunityEntryPoint" in arguments[0] else []
    return ["java", *memory, *opened, "-cp", f"{jars}/*", *arguments]


def environment(home: Path) -> dict[str, str]:
    """Return the environment in which Neo4j's classes find their folders."""
    return os.environ | {"NEO4J_HOME": str(home), "NEO4J_CONF": str(home / "conf")}


def wait_until_ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Wait until the server answers; raise `ServerError` with the end of its log where it does not."""
    deadline = time.monotonic() + START_SECONDS
    while not speaks_bolt(port):
        if process.poll() is not None or time.monotonic() > deadline:
            tail = "".join(log.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)[-20:])
            raise ServerError(f"the Neo4j server did not answer on port {port}; the end of its log:\n{tail}")
        time.sleep(0.1)


def stop(process: subprocess.Popen[bytes]) -> None:
    """Stop the server that we started, cleanly if it lets us."""
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@dataclass(frozen=True)
class Home:
    """A server's folder, prepared and not running: its jars are elsewhere, shared by all."""

    folder: Path
    jars: Path
    port: int
    password: str

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables that lead to the server when it runs."""
        return {
            "PANAKEIA_TEST_NEO4J": f"bolt://127.0.0.1:{self.port}",
            "NEO4J_USER": "neo4j",
            "NEO4J_PASSWORD": self.password,
        }


@contextmanager
def prepared_home() -> Iterator[Home]:
    """Yield a server's folder with a configuration, a password and `bin/neo4j-admin`; it is deleted afterwards.

    Raises `ServerError` where the server cannot be fetched.
    """
    require_commands()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "panakeia"
    jars = fetch_jars(cache)
    password = secrets.token_hex(16)  # no leading dash, which the admin tool would take for an option
    with tempfile.TemporaryDirectory(prefix="panakeia-neo4j-") as folder:
        home = Home(Path(folder), jars, free_port(), password)
        configure(home.folder, home.port)
        tool = home.folder / "bin" / "neo4j-admin"
        tool.parent.mkdir()
        tool.write_text(
            f"#!/bin/sh\nNEO4J_CONF='{home.folder / 'conf'}' "
            f'exec {shlex.join(java(jars, "org.neo4j.cli.AdminTool"))} "$@"\n',
            encoding="utf-8",
        )
        tool.chmod(0o755)
        admin = [str(tool), "dbms", "set-initial-password", password]
        told = subprocess.run(admin, env=environment(home.folder), capture_output=True, text=True)
        if told.returncode:
            raise ServerError(f"Neo4j's admin tool failed:\n{told.stderr}")
        yield home


@contextmanager
def started(home: Home) -> Iterator[subprocess.Popen[bytes]]:
    """Run the server of a prepared folder while the context is open; raises `ServerError` where it does not start."""
    folder, log = home.folder, home.folder / "server.log"
    arguments = ("org.neo4j.server.CommunityEntryPoint", f"--home-dir={folder}", f"--config-dir={folder / 'conf'}")
    with log.open("wb") as output:
        process = subprocess.Popen(
            java(home.jars, *arguments), env=environment(folder), stdout=output, stderr=output, process_group=0
        )
    try:
        wait_until_ready(process, home.port, log)
        yield process
    finally:
        stop(process)


@contextmanager
def running_server() -> Iterator[dict[str, str]]:
    """Run a server while the context is open; yield the environment variables that lead to it.

    Raises `ServerError` where it cannot be fetched or does not start.
    """
    with prepared_home() as home, started(home):
        yield home.variables


def main() -> int:
    """Run the command line; return the served command's exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("verb", choices=["run"], help="start a server, run a command beside it, stop it")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="-- COMMAND ...")
    arguments = parser.parse_args()
    command = arguments.command[1:] if arguments.command[:1] == ["--"] else arguments.command
    if not command:
        parser.error("say which command to run: run -- COMMAND ...")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        with running_server() as variables:
            return subprocess.run(command, env=os.environ | variables).returncode
    except ServerError as failure:
        sys.stderr.write(f"{failure}\n")
        return 2
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


if __name__ == "__main__":
    sys.exit(main())
