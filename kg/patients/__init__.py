"""Patient records, one module a format: identifiers become pseudonyms before anything is written."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kg.query.people import events

__all__ = ["events"]


def __getattr__(name: str) -> Any:
    """Give `events` to whoever asks for it: the command line names formats without waiting for pandas."""
    if name == "events":
        from kg.query.people import events

        return events
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
