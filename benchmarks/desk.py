"""How fast the desk answers: each question alone, first and again, then many at once for a while, and its memory.

    python benchmarks/desk.py --store out/graph.lbdb --model out/model --seconds 300

Starts `panakeia serve` on a free port with a home of its own, with a key of its own, waits until it is ready, and asks
it over HTTP. The mixed load is 20 askers, each of whom asks ten times a second at most, and waits for each answer: as
`hey -c 20 -q 10` would, but of all questions; one in fifty is a search that nobody asked before.
"""

import argparse
import asyncio
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import httpx

DRUGS = ("metformin", "simvastatin", "warfarin", "fingolimod", "prednisone", "methotrexate", "losartan", "sertraline")
DISEASES = ("DOID:2377", "DOID:2841", "DOID:10763", "DOID:9352", "DOID:3393", "DOID:7148", "DOID:1612", "DOID:1936")
TEXTS = ("metfor", "warfarin", "asprin", "sclerosis", "statin", "kinase", "hypertens", "cyp2c9")
NEW = 0.02
"""The share of the mixed load that nobody asked before."""
PAIRS = tuple(zip(DRUGS, DISEASES, strict=True))
QUESTIONS: dict[str, list[tuple[str, dict[str, str]]]] = {
    "rank": [("rank", {"nodes": disease}) for disease in DISEASES],
    "show": [("show", {"node": drug, "kind": "Drug"}) for drug in DRUGS],
    "search": [("search", {"text": text}) for text in TEXTS],
    "paths": [("paths", {"a": drug, "b": disease}) for drug, disease in PAIRS],
    "explain": [("explain", {"a": drug, "b": disease}) for drug, disease in PAIRS],
}
VIEWS: dict[str, list[tuple[str, dict[str, str]]]] = {
    "Find": [("/", {}), *(("/", {"q": text}) for text in ("metf", "warfar", "scleros", "insulin"))],
    "Disease": [("/disease", {"node": disease}) for disease in ("DOID:2531", "DOID:3083", "DOID:5419", "DOID:10652")],
    "Candidate": [("/candidate", {"drug": drug, "disease": disease}) for drug, disease in PAIRS[:4]],
    "node": [("/node", {"node": node}) for node in ("ibuprofen", "NCBIGene:7124", "NCBIGene:1559", "imatinib")],
    "Patient": [("/patient", {})],
}
"""Views of the page, by their addresses."""


@contextmanager
def serving(store: str, model: str, home: Path) -> Iterator[tuple[str, str, int]]:
    """Yield a desk's address, a key and its process's number."""
    (home / "desk.toml").write_text("[limits]\nrequests_per_minute = 1e6\nburst = 1000000\n", encoding="utf-8")
    start = "from panakeia.cli import main; main()"
    command = [sys.executable, "-c", start, "serve", "--port", "0", "--home", str(home)]
    command += ["--store", store, "--model", model]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stderr is not None
            address = key = ""
            while not key:
                line = server.stderr.readline()
                if not line:
                    raise SystemExit("the desk did not start")
                address = line.split()[-1] if " at http" in line else address
                key = line.strip() if line.startswith("pnk_") else ""
            Thread(target=server.stderr.read, daemon=True).start()
            begun = time.perf_counter()
            while httpx.get(f"{address}/readyz", timeout=60).status_code != 200:
                time.sleep(0.1)
            print(f"ready    {time.perf_counter() - begun:.1f} s after it listened", flush=True)
            yield address, key, server.pid
        finally:
            server.terminate()


def resident_mib(process: int) -> float:
    """Return how much memory a process holds."""
    pages = int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def worked_s(process: int) -> float:
    """Return how long the threads of a process have worked: a busy machine does not lengthen it much."""
    told = [task.read_text(encoding="ascii") for task in Path(f"/proc/{process}/task").glob("*/schedstat")]
    return sum(int(one.split()[0]) for one in told) / 1e9


def core_s(process: int) -> float:
    """Return for how many seconds a process has had a core, those of threads that have ended too."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def spread(times_s: list[float]) -> str:
    """Return the median and the 95th percentile, in milliseconds."""
    ordered = sorted(times_s)
    at = [ordered[min(int(len(ordered) * share), len(ordered) - 1)] for share in (0.5, 0.95)]
    return f"p50 {1000 * at[0]:8.1f} ms   p95 {1000 * at[1]:8.1f} ms"


async def timed(client: httpx.AsyncClient, path: str, asked: dict[str, str]) -> float:
    begun = time.perf_counter()
    answer = await client.get(path if path.startswith("/") else f"/api/v1/{path}", params=asked)
    if answer.status_code != 200:
        raise SystemExit(f"{path} {asked}: {answer.status_code} {answer.text[:300]}")
    return time.perf_counter() - begun


async def alone(client: httpx.AsyncClient, process: int) -> None:
    """Print each question's and view's times when nobody else asks: first, as work of the processor, and again."""
    for name, asked in (QUESTIONS | VIEWS).items():
        first, worked = [], []
        for one in asked:
            before = worked_s(process)
            first.append(await timed(client, *one))
            worked.append(worked_s(process) - before)
        again = [await timed(client, *one) for _ in range(20) for one in asked]
        print(f"{name:9} first {spread(first)}    work {spread(worked)}    again {spread(again)}", flush=True)


async def together(client: httpx.AsyncClient, askers: int, per_second: float, seconds: float) -> int:
    """Print how many mixed requests a second are answered, when several ask at a rate; return how many were."""
    ends, times, failed = time.perf_counter() + seconds, [], 0
    mixed = [one for asked in QUESTIONS.values() for one in asked]

    async def ask(number: int) -> None:
        nonlocal failed
        choose = random.Random(f"{number} {ends}")
        while (begun := time.perf_counter()) < ends:
            try:
                is_new = choose.random() < NEW
                text = "".join(choose.choices("abcdefghijklmnopqrstuvwxyz", k=6))
                times.append(await timed(client, *(("search", {"text": text}) if is_new else choose.choice(mixed))))
            except (SystemExit, httpx.HTTPError):
                failed += 1
            await asyncio.sleep(max(0.0, 1 / per_second - (time.perf_counter() - begun)))

    await asyncio.gather(*(ask(number) for number in range(askers)))
    print(
        f"mixed    {len(times) / seconds:.0f} requests/s of {askers * per_second:.0f} asked for, {spread(times)}",
        end="",
    )
    print(f"   {failed} failed", flush=True)
    return len(times)


async def measured(address: str, key: str, process: int, seconds: float) -> None:
    limits = httpx.Limits(max_connections=100)
    async with httpx.AsyncClient(base_url=address, headers={"X-API-Key": key}, timeout=60, limits=limits) as client:
        await alone(client, process)
        held, worked, answered = [resident_mib(process)], core_s(process), 0
        for _ in range(5):
            answered += await together(client, askers=20, per_second=10, seconds=seconds / 5)
            held.append(resident_mib(process))
        print(f"core     {1000 * (core_s(process) - worked) / max(answered, 1):.1f} ms of a core for each answer")
        print(
            f"memory   {', '.join(f'{one:.0f}' for one in held)} MiB before the mixed load and after each fifth of it"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", default="out/graph.lbdb")
    parser.add_argument("--model", default="out/model")
    parser.add_argument("--seconds", type=float, default=60)
    how = parser.parse_args()
    with tempfile.TemporaryDirectory() as home, serving(how.store, how.model, Path(home)) as (address, key, process):
        asyncio.run(measured(address, key, process, how.seconds))
