"""The process that indexes a graph for SPARQL, `python -m kg.rdf.index_child STORE [1]`; it ends with who began it.

Its standard input is a pipe that nobody writes into. When that closes, because whoever holds its other end has ended,
however that was, the system sends SIGIO, and SIGIO ends a process that has no handler: also in the middle of Oxigraph's
loading, where no other thread of Python's might come to its turn.
"""

import fcntl
import os
import select
import sys

from kg.rdf.index import open_index

_POLITE = 10


def main() -> None:
    """Index the store that the command line names, with each edge's own node where a second word is not empty."""
    end_with(sys.stdin.fileno())
    os.nice(_POLITE)
    open_index(sys.argv[1], evidence=bool(sys.argv[2]))


def end_with(pipe: int) -> None:
    """Let this process end when the other end of a pipe closes."""
    fcntl.fcntl(pipe, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(pipe, fcntl.F_SETFL, fcntl.fcntl(pipe, fcntl.F_GETFL) | os.O_ASYNC)
    if select.select([pipe], [], [], 0)[0]:  # it closed before
        sys.exit(1)


if __name__ == "__main__":
    main()
