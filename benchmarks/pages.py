"""How large each view of the page is, and how long it takes, first and again.

    python benchmarks/pages.py --store out/graph.lbdb --model out/model

Signs in to a desk of its own in this process, warm as `panakeia serve` is, as a browser does, and asks each view for up
to eight diseases, drugs or pairs the first time and ten times again. Prints the HTML's bytes, as they are and by gzip,
beside those of what all views load once. A view that says to wait, as a twin does while its equations are compiled, is
asked until it has come; that is its first time. With `--patient ID` views of that patient are measured too.
"""

import argparse
import gzip
import tempfile
import time
from pathlib import Path

from desk import DISEASES, DRUGS, PAIRS, TEXTS, spread
from fastapi import FastAPI
from starlette.testclient import TestClient

from panakeia.api.access.authenticate import gate
from panakeia.api.access.keys import Keys
from panakeia.api.access.settings import Access
from panakeia.desk.desk import Desk, DeskSettings
from panakeia.page.render import STATIC, static
from panakeia.page.router import page

AGAIN = 10
VIEWS: dict[str, list[str]] = {
    "find": ["/", *(f"/?q={text}" for text in TEXTS)],
    "disease": [f"/disease?node={disease}" for disease in DISEASES],
    "disease, filters": [f"/disease?node={disease}&new=1&safe=1&half_to=24" for disease in DISEASES],
    "candidate": [f"/candidate?drug={drug}&disease={disease}" for drug, disease in PAIRS],
    "drug": [f"/node?node={drug}&kind=Drug" for drug in DRUGS],
    "targets": [f"/node?node={drug}&kind=Drug&see=targets" for drug in DRUGS],
    "twin": [f"/twin?dose={dose}" for dose in range(3, 11)],
    "trial": [f"/trial?effect=0.{tenth}" for tenth in range(2, 10)],
    "design": [f"/trial/twins?example={name}" for name in ("warfarin_trial", "coag", "survival_trial")],
    "ask": ["/ask", *(f"/ask/{verb}" for verb in ("rank", "risk_train", "trial_run"))],
    "about": ["/about"],
}
OF_A_PATIENT = {"patient": "/patient?patient={}", "risks": "/patient/risk?patient={}", "its twin": "/twin?patient={}"}


def timed(client: TestClient, address: str) -> tuple[float, bytes]:
    """Return how long a view takes and what it is; raises `SystemExit` for one that does not come."""
    begun = time.perf_counter()
    while True:
        answer = client.get(address)
        if answer.status_code != 200:
            raise SystemExit(f"{address}: {answer.status_code} {answer.text[:300]}")
        if "<progress" not in answer.text:
            return time.perf_counter() - begun, answer.content
        time.sleep(0.1)


def measured(client: TestClient, name: str, addresses: list[str]) -> None:
    first, sizes, packed = [], [], []
    for address in addresses:
        took, body = timed(client, address)
        first.append(took)
        sizes.append(len(body))
        packed.append(len(gzip.compress(body)))
    again = [timed(client, address)[0] for _ in range(AGAIN) for address in addresses]
    size = f"{max(sizes) / 1000:6.1f} KB at most, {max(packed) / 1000:5.1f} KB by gzip"
    print(f"{name:17} {size}   first {spread(first)}   again {spread(again)}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", default="out/graph.lbdb")
    parser.add_argument("--model", default="out/model")
    parser.add_argument("--patient", action="append", default=[])
    how = parser.parse_args()
    keys = Keys.ephemeral()
    key = keys.add("A measurer", "admin", days=None).text
    limits = {"requests_per_minute": 1e6, "burst": 1_000_000}
    with tempfile.TemporaryDirectory() as home:
        app = FastAPI(openapi_url=None)
        desk = Desk(DeskSettings(how.store, Path(how.model), None, Path(home)))
        if (warming := desk.warm(lambda told: None)) is not None:
            warming.join()
        app.include_router(page(desk, gate(Access.model_validate({"limits": limits}), keys)))
        with TestClient(app, base_url="http://localhost") as client:
            client.post("/sign-in", data={"key": key, "next": "/"})
            loaded = {name: len(gzip.compress(static(name))) / 1000 for name in STATIC}
            print("loaded once, by gzip:", ", ".join(f"{name} {size:.1f} KB" for name, size in loaded.items()))
            views = VIEWS | {
                name: [address.format(one) for one in how.patient] for name, address in OF_A_PATIENT.items()
            }
            for name, addresses in views.items():
                if addresses:
                    measured(client, name, addresses)
