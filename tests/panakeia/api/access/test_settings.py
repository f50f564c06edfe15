"""Settings: what a file may say, what holds without one, and where the desk does not listen."""

from pathlib import Path

import pytest

from kg.files.checked import DesignError
from panakeia.api.access.settings import Access, BindingRefused, Oidc, is_loopback, read_access, require_bindable

WHOLE = """
hosts = ["desk.example.org"]
origins = ["https://portal.example.org"]
transport = "proxy"
session_hours = 4

[limits]
requests_per_minute = 60
burst = 10

[oidc]
issuer = "https://login.example.org/realms/lab"
audience = "panakeia"
role_claim = "realm_access.roles"
roles = { pharmacist = "clinician", "trial planner" = "designer" }
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "desk.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_whole_file(tmp_path: Path) -> None:
    access = read_access(written(tmp_path, WHOLE))
    assert access.encrypted
    assert access.oidc is not None
    assert access.oidc.roles == {"pharmacist": "clinician", "trial planner": "designer"}
    assert (access.limits.burst, access.limits.body_bytes) == (10, 16 << 20)


def test_without_a_file_nothing_is_open(tmp_path: Path) -> None:
    access = read_access(tmp_path / "desk.toml")
    assert access == Access() == read_access(None)
    assert (access.hosts, access.origins, access.oidc) == ((), (), None)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("host = ['a']", "did you mean hosts"),
        ("hosts = ['*']", "without \\* or a path"),
        ("hosts = ['Desk.Example.org']", "small letters"),
        ("origins = ['*']", "expected an origin"),
        ("origins = ['https://a.org/']", "without a path"),
        ("session_hours = 100", "<= 24"),
        ("session_hours = true", "got True"),
        ("transport = 'none'", "transport: got 'none'"),
        ("[limits]\nburst = 0", "limits.burst: got 0"),
        ("[oidc]\nissuer = 'http://login.example.org'\naudience = 'a'\nroles = {a = 'reader'}", "expected https"),
        ("[oidc]\nissuer = 'https://a.org'\naudience = 'a'\nroles = {}", "at least 1"),
        ("[oidc]\nissuer = 'https://a.org'\naudience = 'a'\nroles = {a = 'root'}", "got 'root'"),
        ("[oidc]\nissuer = 'https://a.org'\naudience = 'a'\nroles = {a='reader'}\nalgorithms = ['HS256']", "'HS256'"),
        ("[oidc]\nissuer = 'https://a.org'\naudience = 'a'\nroles = {a='reader'}\nleeway_s = 9000", "<= 300"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(DesignError, match=told):
        read_access(written(tmp_path, text))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.8.8.8"])
def test_this_machine_alone_needs_nothing(host: str) -> None:
    require_bindable(host, Access(), keys=False)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.2", "desk.example.org", "", "127.0.0.1.example.org"])
def test_others_need_who_what_and_how(host: str) -> None:
    assert not is_loopback(host)
    with pytest.raises(BindingRefused, match="does not listen") as refused:
        require_bindable(host, Access(), keys=False)
    assert [word in str(refused.value) for word in ("panakeia key add", "hosts =", "transport =")] == [True] * 3
    told = Access(hosts=("desk.example.org",), transport="tls")
    with pytest.raises(BindingRefused, match="nobody could be told"):
        require_bindable(host, told, keys=False)
    require_bindable(host, told, keys=True)
    oidc = Oidc(issuer="https://a.org", audience="a", roles={"a": "reader"})
    require_bindable(host, told.model_copy(update={"oidc": oidc}), keys=False)
