"""Render: templates with their values, to the bytes of a page; and what all templates share."""

import hashlib
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import quote, urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from panakeia.cells import cell
from panakeia.commands.every import EVERY
from panakeia.desk.wording import by_verbs
from panakeia.page.columns import fixed, in_columns
from panakeia.page.words import (
    kind_words,
    model_words,
    path_words,
    pattern_words,
    quantity_words,
    relation_words,
    unit_of,
)

STATIC: dict[str, str] = {
    "panakeia.css": "text/css; charset=utf-8",
    "panakeia.js": "text/javascript; charset=utf-8",
    "htmx.min.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
"""The files that the pages load, and their media types."""


@cache
def static(name: str) -> bytes:
    """Return a file that the pages load; raises `KeyError` for any other name."""
    STATIC[name]
    return files("panakeia.page").joinpath("static", name).read_bytes()


def static_address(name: str) -> str:
    """Return where a page loads a file from: the address changes with its content, so that it may be kept."""
    return f"/static/{name}?v={hashlib.sha256(static(name)).hexdigest()[:12]}"


def rendered(template: str, values: Mapping[str, Any]) -> str:
    """Return a page; a value that a template names and nobody gives is an error."""
    return environment().get_template(template).render(values)


def read_templates() -> None:
    """Read all templates, for nobody to wait until theirs is."""
    for name in environment().list_templates():
        environment().get_template(name)


@cache
def environment() -> Environment:
    """Return the templates, with every value escaped."""
    made = Environment(
        loader=PackageLoader("panakeia.page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(linked=linked)
    made.filters.update(fixed=fixed, in_columns=in_columns)
    made.filters.update(cell=cell, relation=relation_words, kind=kind_words, reference=reference)
    made.filters.update(
        pattern=pattern_words, path=path_words, quantity=quantity_words, unit=unit_of, model=model_words
    )
    made.globals.update(static=static_address, address=address)
    return made


def address(path: str, **state: Any) -> str:
    """Return a link to a view: its path and its state, in this order.

    >>> address("/candidate", drug="DRUGBANK:DB00741", disease="DOID:2377")
    '/candidate?drug=DRUGBANK:DB00741&disease=DOID:2377'
    """
    given = {name: value for name, value in state.items() if value not in (None, "", [])}
    return path + (f"?{urlencode(given, doseq=True, safe=':')}" if given else "")


_VERB = re.compile("`([a-z_]+)`")


def linked(text: str) -> Markup:
    """Return what a verb says, its verbs as links to where they are asked.

    >>> str(linked("a < b: train one with `panakeia train --task benefits`"))
    'a &lt; b: train one with <a href="/ask/train">train</a> (task: benefits)'
    """
    parts = _VERB.split(by_verbs(str(text)))
    links = [
        Markup('<a href="/ask/{}">{}</a>').format(name, EVERY[name].command)
        if name in EVERY and not EVERY[name].here
        else Markup.escape(f"`{name}`")
        for name in parts[1::2]
    ]
    return Markup("").join(
        part for pair in zip(map(Markup.escape, parts[::2]), [*links, Markup("")], strict=True) for part in pair
    )


_PLACES = {
    "PMID": "https://pubmed.ncbi.nlm.nih.gov/{}/",
    "DOI": "https://doi.org/{}",
    "CLINICALTRIALS": "https://clinicaltrials.gov/study/{}",
    "PMC": "https://www.ncbi.nlm.nih.gov/pmc/articles/{}/",
}


def reference(text: str) -> Markup:
    """Return a reference as a link to where it can be read, where that is known.

    >>> str(reference("PMID:1"))
    '<a href="https://pubmed.ncbi.nlm.nih.gov/1/" rel="noreferrer">PMID:1</a>'
    """
    prefix, _, local = str(text).partition(":")
    place = _PLACES.get(prefix.upper())
    if place is None or not local:
        return Markup.escape(text)
    return Markup('<a href="{}" rel="noreferrer">{}</a>').format(place.format(quote(local, safe="/().")), text)
