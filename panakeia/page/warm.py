"""Warm: a twin's equations are compiled the first time that they are solved, which takes seconds: done beside."""

from collections.abc import Callable
from threading import Lock, Thread

_LOCK = Lock()
_STARTED: dict[str, Thread] = {}


def is_warm(model: str, simulate: Callable[[], object]) -> bool:
    """Return whether a model has been compiled in this process; the first who asks has it begun by `simulate`.

    What fails there is no matter here: whoever asks next gets the error itself.
    """
    with _LOCK:
        thread = _STARTED.get(model)
        if thread is None:
            thread = _STARTED[model] = Thread(target=_quietly, args=(simulate,), name=f"warm {model}", daemon=True)
            thread.start()
    thread.join(0.05)
    return not thread.is_alive()


def _quietly(simulate: Callable[[], object]) -> None:
    try:
        simulate()
    except (ValueError, OSError):
        return
