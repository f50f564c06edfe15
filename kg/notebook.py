"""Notebook: how an answer shows itself there, as its text above its rows."""

import html
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def notebook_html(text: str, frame: "pd.DataFrame") -> str:
    """Return an answer's text and rows as HTML; what they say is escaped."""
    return f'<pre style="white-space: pre-wrap">{html.escape(text)}</pre>{frame.to_html(index=False)}'
