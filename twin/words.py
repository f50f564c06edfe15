"""Words: how a quantity whose name ends with its unit, and the way that equations are solved, is told a reader."""

_WAYS = {
    "driven": "by formula where the equations allow it, and by fine numerical integration where one drives another",
    "closed form": "by formula, exactly: no step is too long",
    "matrix exponential": "by formula, exactly: no step is too long",
    "steps by their error": "step by step, each as short as its error asks for",
    "stiff": "step by step, by a method for what is fast and slow at once, with its error checked",
    "graded steps": "step by step, in short steps after a dose and longer ones before the next, with its error checked",
}
"""What the name of a solver (`twin.solve.solver.Solver.name`) has in it, and what that means; the first that fits."""


def solver_words(name: str) -> str:
    """Return how a course was computed, in plain words, with the solver's own name.

    >>> solver_words("Runge-Kutta of order 5, 32 graded steps an interval")  # doctest: +ELLIPSIS
    'computed step by step, in short ... checked (solver: Runge-Kutta of order 5, 32 graded steps an interval)'
    """
    way = next((words for sign, words in _WAYS.items() if sign in name), "")
    return f"computed {way} (solver: {name})" if way else f"solver: {name}"


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
