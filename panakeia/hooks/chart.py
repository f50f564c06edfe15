"""Chart: the patient and the results of genes, from prefetch or, for what it lacks, from the client's FHIR server.

Only a server that the settings list is asked, over https or on this machine, without following any redirect; pages are
followed under the same base alone.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import quote, unquote, urljoin, urlsplit

import httpx

from kg.patients.formats.fhir.genotypes import METABOLISM, PHENOTYPES
from panakeia.api.access.elsewhere import Answered, Elsewhere, TooLong
from panakeia.hooks import starting
from panakeia.hooks.asked import Asked, Json
from panakeia.hooks.problem import HookProblem

GENETICS = ("84413-4", "69548-6", METABOLISM, *PHENOTYPES)
"""LOINC of a genotype, of a variant, and of what a gene does to drugs."""
PATIENT, GENES, BODY = "patient", "genotypes", "body"
_ID = re.compile(r"(?!\.+$)[A-Za-z0-9.-]{1,64}", re.ASCII)
_MOST_PAGES, _MOST_BYTES, _TIMEOUT_S = 20, 8_000_000, 5.0


def templates() -> dict[str, str]:
    """Return the prefetch templates; the patient and the genotypes are needed."""
    observed = "Observation?patient={{context.patientId}}&code="
    return {
        PATIENT: "Patient/{{context.patientId}}",
        GENES: observed + ",".join(f"http://loinc.org|{one}" for one in GENETICS),
        BODY: observed + ",".join(f"http://loinc.org|{one.removeprefix('LOINC:')}" for one in starting.BODY),
    }


def chart(
    asked: Asked,
    servers: tuple[str, ...],
    transport: httpx.AsyncBaseTransport | None = None,
    *,
    with_body: bool = False,
) -> tuple[Json, ...]:
    """Return the resources of a patient; raises `HookProblem`: 412 where they cannot be had, 400 for another's.

    `transport` leads to the server, else the network does; all that is asked of it has one deadline. Measures of the
    body are there if wanted, and if they can be had.
    """
    found: list[Json] = []
    with Elsewhere(_TIMEOUT_S, _MOST_BYTES, transport=transport) as elsewhere:
        for key, template in templates().items():
            if key != BODY:
                found += _resources(_sent(key, template, asked, servers, elsewhere))
            elif with_body:
                with suppress(HookProblem):  # what goes by them says that they are not known
                    found += _resources(_sent(key, template, asked, servers, elsewhere))
    patients = [one for one in found if one.get("resourceType") == "Patient"]
    if not patients:
        raise HookProblem(412, "there is no Patient: expected prefetch 'patient' to be the one of context.patientId")
    if any(one.get("id") != asked.patient for one in patients):
        raise HookProblem(400, "prefetch 'patient' is not the patient of context.patientId: check the template")
    return tuple(found)


_UNSENT = object()


def _sent(key: str, template: str, asked: Asked, servers: tuple[str, ...], elsewhere: Elsewhere) -> Any:
    """Return what was prefetched, or what the server has; raises `HookProblem` where it cannot be had."""
    sent = asked.prefetch.get(key) if key in asked.prefetch else _UNSENT
    if sent is not _UNSENT and _is_whole(sent):
        return sent
    if asked.server is None:
        raise HookProblem(
            412, f"prefetch {key!r} was not sent, or not whole, and no fhirServer to ask: prefetch it by its template"
        )
    return _Server(asked, servers, elsewhere).get(template)


def _is_whole(sent: Any) -> bool:
    """Return whether what was prefetched is all there is: null says that there is nothing."""
    if sent is None:
        return True
    if not isinstance(sent, Mapping) or sent.get("resourceType") == "OperationOutcome":
        return False
    return _next(sent) is None and not any(one.get("resourceType") == "OperationOutcome" for one in _resources(sent))


def _resources(sent: Any) -> Iterator[Json]:
    if isinstance(sent, Mapping) and sent.get("resourceType") == "Bundle":
        for entry in sent.get("entry") or ():
            if isinstance(entry, Mapping) and isinstance(entry.get("resource"), Mapping):
                yield entry["resource"]
    elif isinstance(sent, Mapping):
        yield sent


def _next(bundle: Any) -> str | None:
    links = bundle.get("link") if isinstance(bundle, Mapping) else None
    for link in links if isinstance(links, list) else ():
        if isinstance(link, Mapping) and link.get("relation") == "next":
            return str(link.get("url") or "")
    return None


def _is_below(url: str, base: str) -> bool:
    """Return whether a URL is of this base, as it will be asked, with no step upwards in whatever spelling."""
    steps = unquote(unquote(urlsplit(url).path)).replace("\\", "/").split("/")
    return url.startswith(base) and not {".", ".."} & set(steps)


class _Server:
    """The client's FHIR server, which is asked only if it is one of those allowed."""

    def __init__(self, asked: Asked, servers: tuple[str, ...], elsewhere: Elsewhere) -> None:
        base = (asked.server or "").rstrip("/")
        if base not in {one.rstrip("/") for one in servers}:
            raise HookProblem(412, "fhirServer is not one that may be asked: list it in the settings, or prefetch")
        self.base, self.asked, self.elsewhere = f"{base}/", asked, elsewhere

    def get(self, template: str) -> Json:
        """Return the resource, or the bundle of all pages, of a template."""
        if not _ID.fullmatch(self.asked.patient):  # ".." would be another place of the server
            raise HookProblem(400, "context.patientId is no id of FHIR: expected letters, digits, - and . alone")
        url: str | None = self.base + template.replace("{{context.patientId}}", quote(self.asked.patient, safe=""))
        first: dict[str, Any] = {}
        for page in range(_MOST_PAGES):
            if url is None:
                return first
            got = self._page(url)
            if page and isinstance(got.get("entry"), list):
                first["entry"] = [*(first.get("entry") or ()), *got["entry"]]
            first = first or dict(got)
            follows = _next(got)
            url = urljoin(self.base, follows) if follows is not None else None
            if url is not None and not _is_below(url, self.base):
                raise HookProblem(412, "fhirServer refers to a page of another server, which is not asked")
        raise HookProblem(412, f"fhirServer has more than {_MOST_PAGES} pages of results: narrow them, or prefetch")

    def _page(self, url: str) -> Json:
        headers = {"Accept": "application/fhir+json"}
        if self.asked.token:
            headers["Authorization"] = f"Bearer {self.asked.token}"
        try:
            found = self.elsewhere.get(url, headers)
        except TimeoutError:
            raise HookProblem(412, f"fhirServer took more than {_TIMEOUT_S:g} s: prefetch") from None
        except Answered as answer:
            raise HookProblem(412, f"fhirServer answered {answer.status}: check the token and its scope") from None
        except TooLong:
            raise HookProblem(412, "fhirServer sends more than 8 MB: narrow the results, or prefetch") from None
        except (OSError, ValueError):
            raise HookProblem(412, "fhirServer gave no JSON: look whether it can be reached, or prefetch") from None
        if not isinstance(found, Mapping):
            raise HookProblem(412, "fhirServer gave no resource")
        return found
