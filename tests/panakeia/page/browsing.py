"""A desk at a port of its own, and a browser's tab in which somebody has signed in."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI
from playwright.sync_api import BrowserContext, Page


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
    """Return a tab in which a reader has signed in by keyboard."""
    page = context.new_page()
    page.on("request", lambda one: elsewhere.append(one.url) if not one.url.startswith((served, "data:")) else None)
    page.goto(f"{served}/sign-in")
    page.locator("#key").focus()
    page.keyboard.type(key)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{served}/")
    return page
