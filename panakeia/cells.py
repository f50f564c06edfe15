"""How one value is written for a reader, on the terminal and in the report."""


def cell(value: object, digits: int = 4) -> str:
    """Return a value as the text of a table's cell: nothing for a missing one, lists joined, numbers short.

    >>> cell(0.123456), cell(1000.0), cell(None), cell(["a", "b"]), cell(True)
    ('0.1235', '1,000', '', 'a, b', 'yes')
    """
    if value is None or repr(value) == "<NA>" or value != value:  # pandas' NA is neither true nor false
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:z,.0f}" if value.is_integer() or abs(value) >= 1000 else f"{value:z.{digits}g}"
    if isinstance(value, list | tuple):
        return ", ".join(str(item) for item in value)
    return str(value)
