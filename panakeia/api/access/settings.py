"""Settings: what a desk's owner writes in desk.toml about access, checked whole before anything is served."""

from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from kg.files.checked import Checked, Count, Flag, Name, Number, at_least, read_toml
from panakeia.api.access.roles import Role

LOOPBACK = ("127.0.0.1", "::1", "localhost")
Algorithm = Literal["RS256", "ES256"]


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine alone.

    >>> is_loopback("127.0.0.2"), is_loopback("0.0.0.0"), is_loopback("localhost.example.org")
    (True, False, False)
    """
    if host in LOOPBACK:
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _secure_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.username is not None or parts.fragment or not parts.hostname:
        raise ValueError(f"got {url!r}, expected a URL such as https://login.example.org, without user or fragment")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname)):
        raise ValueError(f"got {url!r}, expected https: whoever is on the way could put their own keys there")
    return url


def _origin(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or url != f"{parts.scheme}://{parts.netloc}".lower():
        raise ValueError(f"got {url!r}, expected an origin such as https://portal.example.org, without a path")
    return url


def _host(name: str) -> str:
    if name != name.lower() or any(sign in name for sign in "/*@ ") or name.endswith("."):
        raise ValueError(
            f"got {name!r}, expected a name such as desk.example.org, in small letters, without * or a path"
        )
    return name


SecureUrl = Annotated[Name, AfterValidator(_secure_url)]
Origin = Annotated[Name, AfterValidator(_origin)]
Host = Annotated[Name, AfterValidator(_host)]


class Oidc(Checked):
    """Who issues bearer tokens, and what they are worth here.

    `roles` says which value of the claim `role_claim` is which role; a claim inside another is written with dots, as in
    `realm_access.roles`. Without `jwks` the issuer's own description names its keys.
    """

    issuer: SecureUrl
    audience: Name
    jwks: SecureUrl | None = None
    algorithms: Annotated[tuple[Algorithm, ...], at_least(1)] = ("RS256", "ES256")
    leeway_s: Annotated[Number, Field(ge=0, le=300)] = 30
    role_claim: Name = "roles"
    name_claim: Name = "sub"
    roles: Annotated[dict[Name, Role], at_least(1)]


class Limits(Checked):
    """How often one caller may ask, and how much may be sent; `failures_per_minute` is of an address that is nobody."""

    requests_per_minute: Annotated[Number, Field(ge=1)] = 1200
    burst: Count = 200
    failures_per_minute: Annotated[Number, Field(ge=1)] = 30
    body_bytes: Annotated[Count, Field(le=1 << 30)] = 16 << 20


class Hooks(Checked):
    """The point of care: CDS Hooks at `/cds-services`, which are there where this is said (`panakeia.hooks.settings`).

    `base_url` is what the clients call, `clients` has the file of each one's keys (a JWK set) by its issuer; without
    any, only this machine is answered. `servers` are the FHIR servers that may be asked.
    """

    base_url: Name = "http://127.0.0.1:8765/cds-services"
    clients: dict[str, Path] = Field(default_factory=dict)
    servers: tuple[Name, ...] = ()
    products: Path | None = None
    once_h: Annotated[Number, Field(ge=0)] = 4.0
    least: Literal["info", "warning", "critical"] = "info"
    untested: Flag = True
    doses: Flag = True


class Access(Checked):
    """All that is said of access; nothing said means this machine alone.

    `hosts` are the names that the desk is called by, `origins` the pages elsewhere that may ask it from a browser.
    `transport` says who encrypts where others than this machine may ask: the desk itself, a proxy before it, or nobody
    (`plain`: for a container whose port is published on the loopback of its machine).
    """

    hosts: tuple[Host, ...] = ()
    origins: tuple[Origin, ...] = ()
    transport: Literal["tls", "proxy", "plain"] | None = None
    session_hours: Annotated[Number, Field(gt=0, le=24)] = 8
    oidc: Oidc | None = None
    limits: Limits = Limits()
    hooks: Hooks | None = None

    @property
    def encrypted(self) -> bool:
        """Whether all that comes has come by TLS."""
        return self.transport in ("tls", "proxy")


class BindingRefused(ValueError):
    """A host that the desk does not listen at as it is configured; the message says what is missing."""


def read_access(path: str | Path | None) -> Access:
    """Return the settings in a file, or those that hold where there is none.

    Raises `kg.files.checked.DesignError`, which names every mistake with its key.
    """
    return Access() if path is None or not Path(path).exists() else read_toml(path, Access)


def require_bindable(host: str, access: Access, *, keys: bool) -> None:
    """Raise `BindingRefused` where others than this machine could ask and nothing says who, by which name, how safely.

    `keys` says whether the home has a key that opens.
    """
    if is_loopback(host):
        return
    missing = []
    if not keys and access.oidc is None:
        missing.append(
            "nobody could be told from anybody: make a key (panakeia key add NAME --role ROLE), or give [oidc]"
        )
    if not access.hosts:
        missing.append('the names it is called by are not known: give hosts = ["desk.example.org"]')
    if access.transport is None:
        missing.append(
            'keys would be read on the way: give transport = "tls" (the desk has a certificate), "proxy" (a proxy '
            'before it speaks TLS) or "plain" (a container whose port is published on loopback)'
        )
    if missing:
        raise BindingRefused(f"the desk does not listen at {host}, where others can ask it:\n  " + "\n  ".join(missing))
