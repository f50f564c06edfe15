"""Home: the desk's own folder, with its secret and its keys; nobody but its owner may read them."""

import os
import secrets
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

HOME_VARIABLE = "PANAKEIA_HOME"
SECRET_BYTES = 32
_SECRET, _KEYS, _AUDIT, _SETTINGS = "secret", "keys.db", "audit", "desk.toml"


class HomeError(ValueError):
    """A home that cannot be used as it is; the message says what to do."""


def home_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the desk's home: what PANAKEIA_HOME names, else a folder in the user's folder for state.

    >>> str(home_folder({"PANAKEIA_HOME": "/srv/desk"}))
    '/srv/desk'
    """
    if named := environment.get(HOME_VARIABLE):
        return Path(named)
    return Path(environment.get("XDG_STATE_HOME") or Path.home() / ".local/state") / "panakeia" / "desk"


def keys_file(home: Path) -> Path:
    """Return where a home keeps the keys."""
    return home / _KEYS


def audit_folder(home: Path) -> Path:
    """Return where a home keeps the audit log."""
    return home / _AUDIT


def settings_file(home: Path) -> Path:
    """Return where a home keeps its settings."""
    return home / _SETTINGS


def make_home(home: Path) -> None:
    """Make the folder if it is not there, for its owner alone; raise `HomeError` where others may write into it."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    if home.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise HomeError(f"others may write into {home}, and could put keys of their own there: chmod 700 {home}")


def require_private(path: Path) -> None:
    """Raise `HomeError` for a file that others than its owner may read or write."""
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise HomeError(f"{path} may be read or written by others than its owner: chmod 600 {path}")


def secret(home: Path) -> bytes:
    """Return the home's secret of 32 random bytes; made by whoever asks first.

    It keys the digests of API keys and signs cookies: without it all keys are to be made anew. Raises `HomeError`.
    """
    make_home(home)
    path = home / _SECRET
    if not path.exists():
        _make_secret(path)
    require_private(path)
    found = path.read_bytes()
    if len(found) != SECRET_BYTES:
        raise HomeError(
            f"{path} has {len(found)} bytes, expected {SECRET_BYTES}: put it back from a copy; or take it away "
            f"together with {keys_file(home)}, and make all keys anew"
        )
    return found


def _make_secret(path: Path) -> None:
    """Put a new secret in place whole, unless another process was faster, whose it then is."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(SECRET_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(part, path)
    finally:
        part.unlink()
