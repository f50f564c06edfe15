"""Headers: what tells a browser to run nothing but the desk's own files, and to tell nobody where it was."""

from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""The Content-Security-Policy: no script and no style inside a page, nothing from elsewhere, no frame around it."""

SECURITY_HEADERS = (
    ("Content-Security-Policy", POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    # not no-referrer, which makes a browser send "Origin: null" with the page's own forms (Fetch, section 3.2)
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
)
_DEFAULTS = (("Cache-Control", "private, no-cache"),)
"""What an answer says for itself stands: a vendored script may be kept, a patient's page may not."""
_ENCRYPTED = (("Strict-Transport-Security", "max-age=31536000"),)


@dataclass(frozen=True)
class SecurityHeaders:
    """A middleware that sets the security headers of every answer; `encrypted` adds that only TLS is to be spoken."""

    app: ASGIApp
    encrypted: bool = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; the answer passes as it comes."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": self._added(list(message.get("headers", [])))}
            await send(message)

        await self.app(scope, receive, with_headers)

    def _added(self, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        fixed = [*SECURITY_HEADERS, *(_ENCRYPTED if self.encrypted else ())]
        ours = {name.lower().encode() for name, _ in fixed}
        kept = [(name, value) for name, value in headers if name.lower() not in ours]
        said = {name.lower() for name, _ in kept}
        fixed += [(name, value) for name, value in _DEFAULTS if name.lower().encode() not in said]
        return kept + [(name.lower().encode(), value.encode()) for name, value in fixed]
