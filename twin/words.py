"""Words: how a quantity whose name ends with its unit is called for a reader."""


def without_unit(name: str, unit: str) -> str:
    """Return a quantity's name for a reader, without the unit that names of quantities end with.

    >>> without_unit("tacrolimus_ug_per_L", "ug/L"), without_unit("INR", "1")
    ('tacrolimus', 'INR')
    """
    plain = name.removesuffix("_" + unit.replace("/", "_per_").replace("%", "percent"))
    return plain.replace("_", " ")


def with_unit(name: str, unit: str) -> str:
    """Return a quantity's name with its unit; of a pure number, which has the unit 1, the name alone.

    >>> with_unit("tacrolimus_ug_per_L", "ug/L"), with_unit("INR", "1")
    ('tacrolimus [ug/L]', 'INR')
    """
    return without_unit(name, unit) + (f" [{unit}]" if unit not in ("", "1") else "")
