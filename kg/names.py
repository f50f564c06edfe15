"""Names: the one form in which any two spellings of a name are equal, whatever their capitals and Unicode form."""

from collections.abc import Collection
from unicodedata import normalize

import pyarrow as pa
import pyarrow.compute as pc

END = "\n"
"""Stands around each name in a list of names (see `listed`): no folded name holds it."""


def folded(text: str) -> str:
    """Return the text as it is compared: Unicode's canonical caseless form, with single spaces between words.

    Capitals, and letters that are composed or not, do not count; what looks alike but is another letter (full-width,
    superscript, Latin for Greek) does. The form is that of definition D145 of the Unicode Standard, in NFC.

    >>> folded("ΝΌΣΟΣ") == folded("νόσος") == folded("νόσοσ")
    True
    >>> folded("Straße") == folded("STRASSE"), folded("Me\u0301nie\u0300re") == folded("MÉNIÈRE")
    (True, True)
    >>> folded(" Type 2\u00a0  Diabetes"), folded("ＩＮＲ") == folded("INR"), folded("İ") == folded("i")
    ('type 2 diabetes', False, False)
    """
    return " ".join(normalize("NFC", normalize("NFD", text).casefold()).split())


def listed(names: Collection[str]) -> str:
    """Return names, folded, as one text in which a whole name, its beginning or a part of it can be found.

    >>> listed(["Coumadin", "Jantoven"])
    '\\ncoumadin\\njantoven\\n'
    >>> listed([])
    ''
    """
    return END + END.join(map(folded, names)) + END if names else ""


def composed(nodes: pa.Table) -> pa.Table:
    """Return nodes with their names and synonyms, which are lists and never null, in Unicode's composed form (NFC)."""
    synonyms = [
        pa.ListArray.from_arrays(chunk.offsets, pc.utf8_normalize(chunk.values, "NFC"))
        for chunk in nodes["synonyms"].chunks
    ]
    columns = {
        "name": pc.utf8_normalize(nodes["name"], "NFC"),
        "synonyms": pa.chunked_array(synonyms, pa.list_(pa.string())),
    }
    for column, values in columns.items():
        nodes = nodes.set_column(nodes.column_names.index(column), column, values)
    return nodes
