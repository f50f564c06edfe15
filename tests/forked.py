"""Run many commands of one Python program without starting it anew: each is a fork of a process that has imported it.

    python -P tests/forked.py serve SOCKET MODULE ...      import the modules; then fork for each command that comes
    python -IS tests/forked.py run SOCKET ARGUMENT ...  run the first module's `main` with these arguments

A command has the working folder, environment and standard streams of who asks for it, and ends with its exit status.
"""

import importlib
import json
import os
import signal
import socket
import sys
from collections.abc import Callable

LONGEST_REQUEST = 1 << 18
"""Bytes of arguments and environment in one message."""


def serve(address: str, modules: list[str]) -> None:
    """Import the modules and serve commands until the process is ended."""
    program, *_ = [importlib.import_module(name) for name in modules]
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # who asks waits for a command, not we
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(f"{address}.new")
        listener.listen()
        os.rename(f"{address}.new", address)  # there when it answers
        while True:
            asked, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                return _answer(program.main, asked)
            asked.close()


def _answer(main: Callable[[], None], asked: socket.socket) -> None:
    """Run a command as its own process does, and tell its exit status."""
    message, streams, _, _ = socket.recv_fds(asked, LONGEST_REQUEST, 3)
    said = json.loads(message)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    sys.stdin = os.fdopen(0, closefd=False)
    sys.stdout = os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, errors="backslashreplace", closefd=False)
    os.chdir(said["folder"])
    os.environ.clear()
    os.environ.update(said["environment"])
    sys.argv = said["arguments"]
    status, answer = 1, asked.detach()  # which closes when all is written and this process is at its end
    try:
        main()
        status = 0
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        raise
    finally:
        os.write(answer, bytes([status]))


def run(address: str, arguments: list[str]) -> int:
    """Have a command run, and return its exit status; without an answer it ended unnaturally, which is 1."""
    said = {"folder": os.getcwd(), "environment": dict(os.environ), "arguments": arguments}
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as server:
        server.connect(address)
        socket.send_fds(server, [json.dumps(said).encode()], [0, 1, 2])
        status = server.recv(1) or b"\1"
        server.recv(1)  # its end
        return status[0]


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(sys.argv[2], sys.argv[3:])
    else:
        sys.exit(run(sys.argv[2], sys.argv[3:]))
