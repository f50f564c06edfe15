"""What the README asks the desk, asked."""

import re
from pathlib import Path
from urllib.parse import urlsplit

from tests.panakeia.api.conftest import Asking

README = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")


def test_each_url_of_the_desk_answers(asking: Asking) -> None:
    urls = re.findall(r"http://127\.0\.0\.1:8765[^\s\"'`>]*", README)
    assert len(urls) >= 2
    for url in urls:
        parts = urlsplit(url.replace("multiple+sclerosis", "hypertension"))  # the starter graph has no other
        answer = asking("admin").get(f"{parts.path or '/'}?{parts.query}")
        assert answer.status_code == 200, url
    assert answer.text.startswith("rank,drug,name")
