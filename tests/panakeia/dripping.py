"""A server on loopback that sends a byte now and then, for longer than anybody should wait, and then a whole answer."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

_EACH_S, _BYTES = 0.02, 500


@contextmanager
def dripping(told: Any, where: str) -> Iterator[str]:
    """Give the URL of a server that drips in its `head`, in its `body` or, `at once`, nowhere."""
    ended = threading.Event()
    body = json.dumps(told).encode()
    before, after = (b"HTTP/1.1 200 OK\r\nX-Slow: ", b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    drop, drops = b"x", 0 if where == "at once" else _BYTES
    if where == "body":
        before = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (len(body) + _BYTES)
        drop, after = b" ", body

    def answer(to: socket.socket) -> None:
        with to, suppress(OSError):
            to.recv(65536)
            to.sendall(before)
            for _ in range(drops):
                if ended.wait(_EACH_S):
                    return
                to.sendall(drop)
            to.sendall(after)

    def serve() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=answer, args=(listening.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        ended.set()
        listening.shutdown(socket.SHUT_RDWR)
        thread.join(10)
