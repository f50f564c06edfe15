"""Claim: ten million patients in bounded memory, by two workers; a worker that is killed costs no result.

    python benchmarks/many.py [--patients 10000000] [--folder DIR]

prints one JSON object: seconds and the largest memory of all processes together, for the patients asked and for a
tenth of them (what is bounded does not grow), one worker beside two on that tenth, and whether a run one of whose
workers was killed gives the same summary. Warfarin, 28 daily doses, INR and concentration each week.
"""

import argparse
import json
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil
from process_tree import run

ROOT = Path(__file__).parents[1]
RUN = """
import sys
from twin import library
from twin.many import Asked, read_population, simulate_many
from twin.regimen import every
from twin.simulate import parse_times
population, patients, workers, folder = sys.argv[1:]
known = read_population(population, library.load("warfarin_hamberg2007"))
asked = Asked("warfarin_hamberg2007", known, int(patients), every(5.0, 24, 28), parse_times("0:28:7d"))
told = lambda step, share: sys.stderr.write(f"\\r{step} {share:.1%} ")
print(simulate_many(asked, folder, int(workers), told).frame.to_json(orient="records", double_precision=15))
"""


def measured(patients: int, workers: int, folder: Path) -> dict[str, object]:
    """Simulate in processes of their own; return what it took, and the summary."""
    population = ROOT / "panakeia" / "examples" / "population.toml"
    taken = run(
        [sys.executable, "-c", RUN, str(population), str(patients), str(workers), str(folder)], PYTHONPATH=str(ROOT)
    )
    disk = sum(file.stat().st_size for file in folder.iterdir())
    return {
        "patients": patients,
        "workers": workers,
        "seconds": round(taken.wall_s, 1),
        "patients_per_s": round(patients / taken.wall_s),
        "peak_gib": round(taken.peak_gib, 2),
        "disk_gib": round(disk / 2**30, 2),
        "summary": json.loads(taken.said.splitlines()[-1]),
    }


def kill_one(folder: Path, killed: list[int]) -> None:
    """Kill a worker that is at work, once a third chunk is there."""
    while not killed:
        if len(list(folder.glob("*.parquet"))) >= 3:
            for process in psutil.process_iter(["cmdline"]):
                if "ray::write" in " ".join(process.info["cmdline"] or ()):
                    process.kill()
                    killed.append(process.pid)
                    return
        time.sleep(0.02)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--patients", type=int, default=10_000_000)
    parser.add_argument("--folder", type=Path, help="where chunks lie meanwhile; else a temporary folder")
    options = parser.parse_args()
    few, killed = max(1, options.patients // 10), list[int]()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        parts = {
            "one worker, a tenth": measured(few, 1, Path(folder, "one")),
            "two workers, a tenth": measured(few, 2, Path(folder, "two")),
        }
        killer = threading.Thread(target=kill_one, args=(Path(folder, "killed"), killed), daemon=True)
        killer.start()
        parts["two workers, one killed, a tenth"] = measured(few, 2, Path(folder, "killed"))
        parts["two workers, all"] = measured(options.patients, 2, Path(folder, "all"))
    tenths = [part.pop("summary") for name, part in parts.items() if name.endswith("a tenth")]
    parts["two workers, all"].pop("summary")
    same = {"killed_worker": bool(killed), "same_summary": tenths[0] == tenths[1] == tenths[2]}
    sys.stdout.write(json.dumps({"claim": __doc__.splitlines()[0], **parts, **same}, indent=2) + "\n")


if __name__ == "__main__":
    main()
