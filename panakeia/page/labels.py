"""Labels: each cell of a table says what its column is called, so that a row can stand as a card on a small screen."""

import re

_TABLE = re.compile(r"<table[^>]*>.*?</table>", re.DOTALL)
_HEAD = re.compile(r"<thead>.*?</thead>", re.DOTALL)
_NAME = re.compile(r"<t([hd])[^>]*>(.*?)</t\1>", re.DOTALL)
_MARKUP = re.compile(r"<[^>]*>")
_PART = re.compile(r"<(tr|th|td)\b([^>]*)>")
_ROWS = re.compile(r'rowspan="(\d+)"')


def labelled(page: str) -> str:
    """Return a page in which each cell of a table with a head names its column; a cell over several columns does not.

    >>> labelled("<table><thead><tr><th>Drug</th></tr></thead><tr><td>metformin</td></tr></table>")
    '<table><thead><tr><th>Drug</th></tr></thead><tr><td data-label="Drug">metformin</td></tr></table>'
    """
    return _TABLE.sub(lambda found: _table(found[0]), page)


def _table(table: str) -> str:
    head = _HEAD.search(table)
    if head is None:
        return table
    names = [_MARKUP.sub("", inner).strip().replace('"', "&quot;") for _, inner in _NAME.findall(head[0])]
    open_for = [0] * len(names)  # for how many rows more a cell from above stands in a column
    column = 0

    def part(found: re.Match[str]) -> str:
        nonlocal column, open_for
        kind, attributes = found[1], found[2]
        if kind == "tr":
            column, open_for = 0, [max(left - 1, 0) for left in open_for]
            return found[0]
        while column < len(names) and open_for[column]:
            column += 1
        if column >= len(names) or "colspan" in attributes:
            return found[0]
        name, rows = names[column], _ROWS.search(attributes)
        open_for[column] = int(rows[1]) if rows else 0
        column += 1
        is_name = kind == "th" and 'class="n"' not in attributes  # what a row is of; a number alone names nothing
        return found[0] if is_name or not name else f'<{kind}{attributes} data-label="{name}">'

    return table[: head.end()] + _PART.sub(part, table[head.end() :])
