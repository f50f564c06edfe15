"""Sign: in with a key, and out."""

from urllib.parse import urlsplit

from panakeia.api.access.audit import note_caller
from panakeia.api.access.authenticate import session_of, sign_in, sign_out
from panakeia.api.access.refusal import Unauthenticated
from panakeia.page.asked import Asked
from panakeia.page.view import Away, Page, View


def _in(asked: Asked) -> Page | Away:
    """Show the form, or begin a session with the key that was sent, and go on to where one wanted to be."""
    onward = own_address(asked.one("next"))
    if asked.request.method == "GET":
        return Page("sign_in.html.j2", "Sign in", {"next": onward, "problem": ""})
    try:
        caller, cookie = sign_in(
            asked.gate, asked.one("key"), asked.request.client.host if asked.request.client else ""
        )
    except Unauthenticated as failure:
        return Page("sign_in.html.j2", "Sign in", {"next": onward, "problem": str(failure)}, status=401)
    note_caller(asked.request.scope, caller)
    return Away(onward, [("Set-Cookie", cookie)])


def _out(asked: Asked) -> Away:
    """End the session."""
    session = session_of(asked.gate, asked.request.cookies)
    return Away("/sign-in", [("Set-Cookie", sign_out(asked.gate, session))] if session else [])


def own_address(text: str) -> str:
    """Return an address of the desk itself, its first page for any other.

    >>> own_address("/disease?node=DOID:2377"), own_address("//elsewhere.example"), own_address("https://x.example/")
    ('/disease?node=DOID:2377', '/', '/')
    """
    parts = urlsplit(text)
    local = text.startswith("/") and not text.startswith(("//", "/\\")) and not parts.scheme and not parts.netloc
    return text if local and text.isprintable() else "/"


IN = View("sign-in", "/sign-in", "", _in, right=None, methods=("GET", "POST"))
OUT = View("sign-out", "/sign-out", "", _out, methods=("POST",))
