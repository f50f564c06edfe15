"""Body: a request's body is taken up to a length, whether or not its length is told."""

from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from panakeia.api.access.refusal import Refusal, send_refusal


class TooLarge(Refusal):
    """A body that is longer than the desk takes."""

    status = 413
    slug = "too-large"

    def __init__(self, most: int) -> None:
        super().__init__(
            f"the request's body has more than {most} bytes: send it in parts, or let whoever runs the desk raise "
            "limits.body_bytes",
            [("Connection", "close")],
        )


@dataclass(frozen=True)
class BodyLimit:
    """A middleware that answers 413 to a body of more than `most` bytes, as soon as that is known."""

    app: ASGIApp
    most: int

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, its body piece by piece; what the app says after a 413 is not sent."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        told = Headers(scope=scope).get("content-length", "")
        if told.isdecimal() and (len(told) > 18 or int(told) > self.most):
            await send_refusal(send, TooLarge(self.most))
            return
        taken, started, refused = 0, False, False

        async def counted() -> Message:
            nonlocal taken, refused
            if refused:
                return {"type": "http.disconnect"}
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self.most:
                refused = True
                if not started:
                    await send_refusal(send, TooLarge(self.most))
                return {"type": "http.disconnect"}
            return message

        async def unless_refused(message: Message) -> None:
            nonlocal started
            if not refused:
                started = True
                await send(message)

        try:
            await self.app(scope, counted, unless_refused)
        except Exception:
            if not refused:  # else it is the app's word that the client went away
                raise
