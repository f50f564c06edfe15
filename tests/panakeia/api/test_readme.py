"""What the README and the page on HTTP ask the desk, asked."""

import json
import re
from pathlib import Path
from urllib.parse import urlsplit

from tests.panakeia.api.conftest import Asking

ROOT = Path(__file__).parents[3]
README = (ROOT / "README.md").read_text(encoding="utf-8")
HTTP = (ROOT / "docs" / "http.md").read_text(encoding="utf-8")


def test_each_url_of_the_desk_answers(asking: Asking) -> None:
    urls = re.findall(r"http://127\.0\.0\.1:8765[^\s\"'`>]*", README)
    assert len(urls) >= 2
    for url in urls:
        parts = urlsplit(url.replace("multiple+sclerosis", "hypertension"))  # the starter graph has no other
        answer = asking("admin").get(f"{parts.path or '/'}?{parts.query}")
        assert answer.status_code == 200, url
    assert answer.text.startswith("rank,drug,name")


def test_each_body_of_the_page_on_http_is_answered(asking: Asking) -> None:
    posted = re.findall(
        r"http://127\.0\.0\.1:8765(/\S+) -H \"Content-Type: application/json\" \\\n  -d '([^']*)'", HTTP
    )
    assert [path for path, _ in posted] == ["/api/v1/score", "/api/v1/batch"]
    for path, body in posted:
        answer = asking("admin").post(path, json=json.loads(body))
        assert answer.status_code == 200, (path, answer.text)


def test_what_is_nowhere_or_asked_otherwise_has_the_kind_that_the_page_on_http_says(asking: Asking) -> None:
    caller = asking("reader")
    for answer, kind in (
        (caller.get("/api/v1/rankk"), "not-found"),
        (caller.put("/api/v1/rank", json={}), "method-not-allowed"),
    ):
        assert answer.json()["type"] == f"urn:panakeia:{kind}"
        assert f"| {answer.status_code} |" in HTTP and f"`{kind}`" in HTTP
