"""View: a page of the desk, as one file declares it: its path, its name in the menu, and what it shows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from panakeia.page.asked import Asked
from panakeia.verb import Right

ON_A_PAGE = 100
"""Rows of a table that a page shows, so that it stays below 100 KB; the exports have all that were asked for."""


@dataclass(frozen=True)
class Page:
    """What a view shows: a template with its values, and what is exported: the rows as seen, the figures as SVG.

    `rows` are records of JSON values; `content` is what the JSON export has where that is more than the rows;
    `version` is that of the data where it may be another than the desk's now.
    """

    template: str
    title: str
    values: Mapping[str, Any] = field(default_factory=dict)
    rows: Sequence[Mapping[str, Any]] | None = None
    content: Any = None
    figures: Mapping[str, str] = field(default_factory=dict)
    status: int = 200
    version: str = ""


@dataclass(frozen=True)
class Away:
    """Another page to go to, with headers of the answer."""

    address: str
    headers: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class View:
    """A view: `show` is called in a thread, with what is asked; without a `label` it is not in the menu.

    `right` is what who asks must be allowed; None: the view is for everybody, signed in or not.
    """

    name: str
    path: str
    label: str
    show: Callable[[Asked], Page | Away]
    right: Right | None = "graph"
    methods: tuple[str, ...] = ("GET",)
