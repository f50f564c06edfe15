"""Cookie: signed, over in time, bound to its forms."""

import pytest

from panakeia.api.access.cookie import (
    CsrfMissing,
    clear_cookie,
    csrf_token,
    new_session,
    read,
    require_csrf,
    set_cookie,
)
from panakeia.api.access.cookie import written as as_cookie
from panakeia.api.access.refusal import Unauthenticated

SECRET = b"s" * 32
SESSION = new_session("0123abcd", now=1000.0, hours=8)


def test_a_cookie_comes_back_until_it_is_over() -> None:
    value = as_cookie(SESSION, SECRET)
    assert read(value, SECRET, 1000.0 + 8 * 3600 - 1) == SESSION
    with pytest.raises(Unauthenticated, match="is over"):
        read(value, SECRET, 1000.0 + 8 * 3600)


def test_every_character_of_a_cookie_counts() -> None:
    value = as_cookie(SESSION, SECRET)
    for place, sign in enumerate(value):
        for other in "09afx.":
            if other != sign:
                with pytest.raises(Unauthenticated):
                    read(value[:place] + other + value[place + 1 :], SECRET, 1001.0)
    for forged in ("", value + "0", value + "\n", value.upper(), "1...", as_cookie(SESSION, b"t" * 32), "é" * 60):
        with pytest.raises(Unauthenticated):
            read(forged, SECRET, 1001.0)


def test_a_form_is_of_one_session() -> None:
    require_csrf(SESSION, SECRET, csrf_token(SESSION, SECRET))
    other = csrf_token(new_session("0123abcd", 1000.0, 8), SECRET)
    for shown in (None, "", other, as_cookie(SESSION, SECRET).rpartition(".")[2], "é\udc80"):
        with pytest.raises(CsrfMissing):
            require_csrf(SESSION, SECRET, shown)


def test_what_a_browser_is_told() -> None:
    told = set_cookie(SESSION, SECRET, 1000.0, encrypted=True)
    assert told.startswith("__Host-panakeia=1.0123abcd.")
    assert told.endswith("; Path=/; Max-Age=28800; HttpOnly; SameSite=Strict; Secure")
    assert clear_cookie(encrypted=False) == "panakeia=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict"
