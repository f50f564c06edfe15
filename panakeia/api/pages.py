"""Pages: a long answer's rows a piece at a time; the cursor says of which answer, and after which row.

The answer of a question does not change as long as its ETag does not, so a page begins exactly where the last ended;
where data have changed in between, that is said, and no row is missed or told twice.
"""

import base64
import binascii
import io
import json
from dataclasses import dataclass

from starlette.requests import Request

from panakeia.api.problems import Changed, NotAsked
from panakeia.desk.tables import Form

MOST = 10_000
"""Rows of a page at most."""
USUAL = 100


@dataclass(frozen=True)
class Page:
    """Which rows are asked for: at most `limit`, after those that an answer's cursor stands behind."""

    limit: int
    etag: str = ""
    first: int = 0

    def require(self, etag: str) -> None:
        """Raise `Changed` if the cursor is of another answer."""
        if self.etag and self.etag != etag:
            raise Changed("the cursor is of another question, or the data have changed since: ask for the first page")


@dataclass(frozen=True)
class Piece:
    """A page's bytes, and the cursor of the next page; it is empty after the last row."""

    body: bytes
    following: str


def page_of(request: Request) -> Page | None:
    """Return the page that a request asks for, None for the whole answer; raises `NotAsked`."""
    asked = {name: request.query_params.getlist(name) for name in ("limit", "cursor")}
    if not any(asked.values()):
        return None
    if any(len(values) > 1 for values in asked.values()):
        raise NotAsked("expected limit and cursor once each")
    limit = asked["limit"][0] if asked["limit"] else str(USUAL)
    if not (limit.isascii() and limit.isdigit() and len(limit) < 7 and 1 <= int(limit) <= MOST):
        raise NotAsked(f"expected limit to be a whole number from 1 to {MOST}")
    return _begun(int(limit), asked["cursor"][0]) if asked["cursor"] else Page(int(limit))


def cut(body: bytes, form: Form, page: Page, etag: str, version: str) -> Piece:
    """Return a page of an answer, given the whole: of the form `jsonl` for a page in JSON, else of the page's own."""
    last = page.first + page.limit
    if form == "json":
        lines = body.splitlines()
        following = _cursor(etag, last, len(lines))
        about = json.dumps({"total": len(lines), "next": following or None, "version": version}, ensure_ascii=False)
        rows = b",\n".join(lines[page.first : last])
        return Piece(b'{"rows": [' + rows + b"], " + about[1:].encode(), following)
    if form == "jsonl":
        lines = body.splitlines(keepends=True)
        return Piece(b"".join(lines[page.first : last]), _cursor(etag, last, len(lines)))
    if form == "parquet":
        return _parquet(body, page, etag)
    head, *rows_ = records(body, quoted=form == "csv")
    return Piece(b"".join([head, *rows_[page.first : last]]), _cursor(etag, last, len(rows_)))


def records(body: bytes, *, quoted: bool) -> list[bytes]:
    """Return the records of a table as they are written; a quoted cell may hold the end of a line.

    >>> records(b'a,b\\n1,"x\\ny"\\n', quoted=True)
    [b'a,b\\n', b'1,"x\\ny"\\n']
    """
    found, open_ = [b""], False
    for line in body.split(b"\n")[:-1]:
        found[-1] += line + b"\n"
        open_ ^= quoted and line.count(b'"') % 2 == 1
        if not open_:
            found.append(b"")
    return found[:-1]


def _parquet(body: bytes, page: Page, etag: str) -> Piece:
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(io.BytesIO(body))
    held = io.BytesIO()
    pyarrow.parquet.write_table(table.slice(page.first, page.limit), held)
    return Piece(held.getvalue(), _cursor(etag, page.first + page.limit, table.num_rows))


def _cursor(etag: str, first: int, total: int) -> str:
    return base64.urlsafe_b64encode(f"{etag}.{first}".encode()).decode().rstrip("=") if first < total else ""


def _begun(limit: int, cursor: str) -> Page:
    try:
        told = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode("ascii")
        etag, _, first = told.partition(".")
        if len(first) < 10 and first.isdigit() and len(etag) == 32:
            return Page(limit, etag, int(first))
    except (binascii.Error, ValueError):
        pass
    raise NotAsked("the cursor is none that the desk gave: take `next` of the last page, or ask without a cursor")
