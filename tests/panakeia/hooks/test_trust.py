"""Who is answered (signed tokens), and which FHIR servers are asked: those of the settings, and nobody else."""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from fastapi import FastAPI
from fastapi.testclient import TestClient

from panakeia.api.access.authenticate import gate
from panakeia.api.access.keys import Keys
from panakeia.api.access.settings import Access, Limits
from panakeia.hooks.desk import desk
from panakeia.hooks.memory import Memory
from panakeia.hooks.problem import HookProblem
from panakeia.hooks.router import router
from panakeia.hooks.settings import Settings
from tests.kg.patients.made_up_records import PATIENT
from tests.panakeia.dripping import dripping
from tests.panakeia.hooks.conftest import CLOPIDOGREL, POOR, SELECT, SIGN, Json, call

BASE = "https://cds.example.org/cds-services"
ISSUER = "https://ehr.example.org"
FHIR = "https://fhir.example.org/r4"


def jwk(key: Any, kid: str) -> Json:
    algorithm = jwt.get_algorithm_by_name("ES384" if isinstance(key, ec.EllipticCurvePrivateKey) else "RS384")
    return {**json.loads(algorithm.to_jwk(key.public_key())), "kid": kid}


@pytest.fixture(scope="module")
def keys() -> dict[str, Any]:
    return {
        "ES384": ec.generate_private_key(ec.SECP384R1()),
        "RS384": rsa.generate_private_key(public_exponent=65537, key_size=2048),
    }


@pytest.fixture
def client(settings: Settings, keys: dict[str, Any], tmp_path: Path) -> TestClient:
    file = tmp_path / "keys.json"
    file.write_text(json.dumps({"keys": [jwk(key, kid) for kid, key in keys.items()]}), encoding="utf-8")
    trusting = Settings(
        settings.session, base_url=BASE, clients={ISSUER: file}, feedback=settings.feedback, doses=False
    )
    app = FastAPI()
    app.include_router(router(trusting), prefix="/cds-services")
    return TestClient(app, client=("203.0.113.9", 50000))


def token(key: Any, algorithm: str, head: Json | None = None, **change: Any) -> str:
    moment = int(time.time())
    claims = {
        "iss": ISSUER,
        "aud": f"{BASE}/{SIGN}",
        "exp": moment + 300,
        "iat": moment,
        "jti": str(uuid4()),
    }
    told = {name: value for name, value in {**claims, **change}.items() if value is not None}
    return jwt.encode(told, key, algorithm, {"kid": algorithm, **(head or {})})


def asked(client: TestClient, given: str | None) -> httpx.Response:
    headers = {} if given is None else {"Authorization": f"Bearer {given}"}
    return client.post(f"/cds-services/{SIGN}", json=call(SIGN, [CLOPIDOGREL], [POOR]), headers=headers)


@pytest.mark.parametrize("algorithm", ["ES384", "RS384"])
def test_a_signed_token_opens_the_service_once(client: TestClient, keys: dict[str, Any], algorithm: str) -> None:
    given = token(keys[algorithm], algorithm)
    assert asked(client, given).json()["cards"]
    again = asked(client, given)
    assert again.status_code == 401 and "used before" in again.json()["detail"]
    discovery = token(keys[algorithm], algorithm, aud=BASE)
    assert client.get("/cds-services", headers={"Authorization": f"Bearer {discovery}"}).status_code == 200
    assert client.get("/cds-services").status_code == 401


def test_other_tokens_are_refused_with_a_reason(client: TestClient, keys: dict[str, Any]) -> None:
    good, moment = keys["ES384"], int(time.time())
    strange = ec.generate_private_key(ec.SECP384R1())
    bad: list[str | None] = [
        None,
        "no token",
        token(strange, "ES384"),
        token(good, "ES384", iss="https://other.example.org"),
        token(good, "ES384", aud=f"{BASE}/panakeia-order-select"),
        token(good, "ES384", exp=moment - 100),
        token(good, "ES384", exp=moment + 100_000),
        token(good, "ES384", iat=moment + 1_000),
        token(good, "ES384", jti=None),
        token(good, "ES384", head={"kid": "unheard"}),
        token("a secret of more than thirty-two bytes, at least", "HS256"),
        jwt.encode({"iss": ISSUER}, "", "none"),
    ]
    for given in bad:
        answer = asked(client, given)
        assert answer.status_code == 401 and answer.json()["detail"], given
        assert answer.headers["www-authenticate"].startswith("Bearer")


def test_what_one_client_was_told_is_told_to_another_that_has_a_patient_of_the_same_id(
    settings: Settings, keys: dict[str, Any], tmp_path: Path
) -> None:
    file, other = tmp_path / "keys.json", "https://clinic.example.org"
    file.write_text(json.dumps({"keys": [jwk(keys["ES384"], "ES384")]}), encoding="utf-8")
    both = replace(settings, base_url=BASE, clients={ISSUER: file, other: file})
    app = FastAPI()
    app.include_router(router(both), prefix="/cds-services")

    def told(issuer: str, service: str) -> list[Json]:
        given = token(keys["ES384"], "ES384", iss=issuer, aud=f"{BASE}/{service}")
        body, headers = call(service, [CLOPIDOGREL], [POOR]), {"Authorization": f"Bearer {given}"}
        cards: list[Json] = TestClient(app).post(f"/cds-services/{service}", json=body, headers=headers).json()["cards"]
        return cards

    assert told(ISSUER, SELECT) and not told(ISSUER, SIGN)
    assert told(other, SIGN)


@pytest.mark.parametrize("gated", [True, False])
def test_who_asks_or_fails_too_often_is_told_when_to_come_again(
    client: TestClient, keys: dict[str, Any], gated: bool
) -> None:
    """In a desk by its gate, in an application of one's own by that of a desk of which nothing is said."""
    limits = Limits(requests_per_minute=1, burst=2, failures_per_minute=3) if gated else Limits()
    if gated:
        client.app.state.gate = gate(Access(limits=limits), Keys.ephemeral())  # type: ignore[attr-defined]

    def status(given: str) -> int:
        headers = {"Authorization": f"Bearer {given}"}
        answer = client.post("/cds-services/none", json={}, headers=headers)
        if answer.status_code == 429:
            assert int(answer.headers["retry-after"]) > 0 and "ratelimit" in answer.headers
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["type"] == "urn:panakeia:too-many-requests"
        return answer.status_code

    failures = int(limits.failures_per_minute)
    assert [status("guess") for _ in range(failures)] == [401] * failures
    assert 429 in [status("guess") for _ in range(10)]
    right = [status(token(keys["ES384"], "ES384", aud=f"{BASE}/none")) for _ in range(3)]
    assert right == [404, 404, 429 if gated else 404], "whoever is right is not kept out by another's failures"


def test_without_clients_only_this_machine_is_answered(settings: Settings) -> None:
    app = FastAPI()
    app.include_router(router(settings), prefix="/cds-services")
    assert TestClient(app, client=("203.0.113.9", 50000)).get("/cds-services").status_code == 401
    assert TestClient(app, client=("::1", 50000)).get("/cds-services").status_code == 200


def served(settings: Settings, answer: Callable[[httpx.Request], Any], body: Json) -> httpx.Response:
    """Return the answer to a call, where FHIR servers answer so."""
    asks = Settings(settings.session, servers=(FHIR,), feedback=settings.feedback, doses=False)
    app = FastAPI()
    app.include_router(router(asks, desk(asks, httpx.MockTransport(answer))), prefix="/cds-services")
    return TestClient(app, client=("127.0.0.1", 50000)).post(f"/cds-services/{SIGN}", json=body)


def test_what_was_not_prefetched_is_asked_of_the_fhir_server(settings: Settings) -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if "/Patient/" in request.url.path:
            return httpx.Response(200, json=PATIENT)
        first = "page" not in request.url.params
        about = {"reference": f"Patient/{PATIENT['id']}"}
        entries = [] if first else [{"resource": {**POOR, "subject": about}}]
        links = [{"relation": "next", "url": f"{FHIR}/Observation?page=2"}] if first else []
        return httpx.Response(
            200, json={"resourceType": "Bundle", "type": "searchset", "entry": entries, "link": links}
        )

    permission = {"access_token": "t0ken", "token_type": "Bearer", "expires_in": 300, "scope": "x", "subject": "y"}
    body = call(SIGN, [CLOPIDOGREL], None, fhirServer=FHIR, fhirAuthorization=permission)
    del body["prefetch"]
    assert served(settings, answer, body).json()["cards"][0]["indicator"] == "critical"
    assert [one.headers["authorization"] for one in seen] == ["Bearer t0ken"] * 3
    assert all(str(one.url).startswith(FHIR) for one in seen)


@pytest.mark.parametrize(
    "server",
    [
        "https://fhir.example.org",
        "http://169.254.169.254/latest",
        "https://fhir.example.org/r4@evil.example",
        "file:///",
    ],
)
def test_a_server_that_is_not_listed_is_never_asked(settings: Settings, server: str) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise AssertionError(f"asked {request.url}")

    refused = served(settings, answer, call(SIGN, [CLOPIDOGREL], None, fhirServer=server))
    assert refused.status_code == 412 and "settings" in refused.json()["detail"]


def test_neither_redirects_nor_foreign_pages_are_followed(settings: Settings) -> None:
    bundle = {"resourceType": "Bundle", "link": [{"relation": "next", "url": "https://evil.example/x"}]}
    answers = [
        httpx.Response(302, headers={"location": "https://evil.example"}),
        httpx.Response(200, json=bundle),
        httpx.Response(200, content=b"no json"),
        httpx.Response(401),
    ]
    for given in answers:

        def answer(request: httpx.Request, given: httpx.Response = given) -> httpx.Response:
            assert request.url.host == "fhir.example.org"
            return given

        refused = served(settings, answer, call(SIGN, [CLOPIDOGREL], None, fhirServer=FHIR))
        assert refused.status_code == 412 and refused.json()["detail"]


@pytest.mark.parametrize("there", ["../../admin", "%2e%2e/%2E%2E/admin", "..%2fadmin", "a/%252e%252e/b", "..\\\\admin"])
def test_a_page_above_the_base_is_not_asked(settings: Settings, there: str) -> None:
    bundle = {"resourceType": "Bundle", "link": [{"relation": "next", "url": f"{FHIR}/{there}"}]}
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(200, json=bundle)

    refused = served(settings, answer, call(SIGN, [CLOPIDOGREL], None, fhirServer=FHIR))
    assert refused.status_code == 412 and asked == ["/r4/Observation"]


@pytest.mark.parametrize("patient", ["..", ".", "1/../../Practitioner/2", "1?_count=1", "a" * 65])
def test_an_id_that_is_none_is_not_asked_for(settings: Settings, patient: str) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise AssertionError(f"asked {request.url}")

    body = call(SIGN, [CLOPIDOGREL], None, fhirServer=FHIR)
    body["context"]["patientId"] = patient
    assert served(settings, answer, body).status_code == 400


@pytest.mark.parametrize("where", ["head", "body"])
def test_a_server_that_drips_is_not_waited_for(settings: Settings, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    monkeypatch.setattr("panakeia.hooks.chart._TIMEOUT_S", 0.2)
    body = call(SIGN, [CLOPIDOGREL], None)
    del body["prefetch"]
    with dripping(PATIENT, where) as server:
        made = desk(replace(settings, servers=(server,)))
        with pytest.raises(HookProblem, match=r"took more than 0\.2 s: prefetch"):
            made.answer(SIGN, body | {"fhirServer": server})


def test_all_that_is_asked_of_a_server_has_one_deadline(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each page comes in time, all of them do not."""
    monkeypatch.setattr("panakeia.hooks.chart._TIMEOUT_S", 0.5)
    again = {"resourceType": "Bundle", "link": [{"relation": "next", "url": f"{FHIR}/Observation?page=2"}]}

    async def answer(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0.1)
        return httpx.Response(200, json=again)

    refused = served(settings, answer, call(SIGN, [CLOPIDOGREL], None, fhirServer=FHIR))
    assert refused.status_code == 412 and "took more than" in refused.json()["detail"]


def test_a_token_that_was_seen_is_refused_after_a_restart_and_by_another_process(tmp_path: Path) -> None:
    now = [1000.0]
    first, second = (Memory(tmp_path / "hooks.db", b"s" * 32, lambda: now[0]) for _ in range(2))
    assert first.first("token", ["a", "b"], "one", 60) == ["one", "one"]
    assert second.first("token", ["b", "c"], "two", 60) == ["one", "two"]
    assert second.first("told", ["a"], "two", 60) == ["two"], "another kind"
    now[0] += 61
    assert second.first("token", ["a"], "two", 60) == ["two"]
    assert (tmp_path / "hooks.db").stat().st_mode & 0o077 == 0
    assert not [one for one in tmp_path.iterdir() if b"told" in one.read_bytes() or one.stat().st_mode & 0o077]
    (tmp_path / "bad.db").write_text("x" * 5000, encoding="utf-8")
    with pytest.raises(ValueError, match="no memory of the services"):
        Memory(tmp_path / "bad.db", b"s" * 32)


@pytest.mark.parametrize(
    "url", ["http://fhir.example.org", "https://user:word@fhir.example.org", "ftp://x", "https://"]
)
def test_settings_take_safe_addresses_alone(settings: Settings, url: str) -> None:
    with pytest.raises(ValueError, match=r"safe|address"):
        Settings(settings.session, servers=(url,))
