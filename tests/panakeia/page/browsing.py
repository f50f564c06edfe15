"""A desk at a port of its own, and a browser's tab in which somebody has signed in."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, expect

PATIENCE_MS = 120_000
"""How long a busy machine may take for what is looked for."""
expect.set_options(timeout=PATIENCE_MS)


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """Yield where an app listens until nobody asks any more."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="critical", ws="none"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        thread.join(0.05)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


def opened(context: BrowserContext, served: str, key: str, elsewhere: list[str]) -> Page:
    """Return a tab in which a reader has signed in by keyboard.

    What it asks of another place stands in `elsewhere`, and what it finds wrong: an error or warning of a script, or a
    style that the policy refuses. That an answer is no 200 is none: there are views of what went wrong.
    """
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.on("request", lambda one: elsewhere.append(one.url) if not one.url.startswith((served, "data:")) else None)
    page.on("console", lambda one: elsewhere.append(one.text) if _is_wrong(one) else None)
    page.on("pageerror", lambda one: elsewhere.append(str(one)))
    page.goto(f"{served}/sign-in")
    page.locator("#key").focus()
    page.keyboard.type(key)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{served}/")
    return page


def _is_wrong(told: ConsoleMessage) -> bool:
    return told.type in ("error", "warning") and not told.text.startswith("Failed to load resource")
