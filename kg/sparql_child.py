"""The process of one SPARQL query, `python -m kg.sparql_child`, which ends where it passes what it is allowed.

Oxigraph cannot be stopped in the middle of a query; a process can. Only Oxigraph is imported: it starts in 50 ms.
"""

import json
import resource
import sys
from typing import IO, cast

import pyoxigraph

TOO_LONG = 3
"""The exit status where the answer has more bytes than it may."""


class _Counted:
    """Standard output, up to a length."""

    def __init__(self, out: IO[bytes], most: int) -> None:
        self._out, self._left = out, most

    def write(self, data: bytes) -> int:
        self._left -= len(data)
        if self._left < 0:
            sys.exit(TOO_LONG)
        return self._out.write(data)

    def flush(self) -> None:
        self._out.flush()


def main() -> None:
    """Answer the query on standard input: a line that says what the answer is, and the answer in a W3C format."""
    asked = json.load(sys.stdin)
    resource.setrlimit(resource.RLIMIT_AS, (asked["memory_bytes"],) * 2)
    resource.setrlimit(resource.RLIMIT_CPU, (asked["seconds"] + 1,) * 2)
    found = pyoxigraph.Store.read_only(asked["index"]).query(asked["query"], prefixes=asked["prefixes"])
    out = cast(IO[bytes], _Counted(sys.stdout.buffer, asked["answer_bytes"]))
    if isinstance(found, pyoxigraph.QueryTriples):
        out.write(b"triples\n")
        found.serialize(out, format=pyoxigraph.RdfFormat.N_TRIPLES)
    else:
        out.write(b"results\n")
        found.serialize(out, format=pyoxigraph.QueryResultsFormat.JSON)
    out.flush()


if __name__ == "__main__":
    main()
