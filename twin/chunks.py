"""Chunks: long work cut into pieces that are files of a folder, done here, by processes, or by Ray's workers.

A piece is a file that is put in place when it is whole: work that was stopped goes on where it was, and a worker that
is killed costs the piece that it was at, which another does again.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import redirect_stdout
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from kg.output import whole_file
from twin import engine

LISTING = "run.json"
"""What a folder's chunks are of."""
RETRIES = 3
"""How often a chunk whose worker is killed is tried again."""
Task = Callable[[Any, Path, int], int]
"""What is asked, the folder and the chunk's number -> that number, when its file is in place."""
_QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
"""What Ray is told where the environment says nothing: to send nobody anything, to leave a GPU's variables alone."""
_KILLED = "a worker was killed again and again; the chunks that are done stay: give it memory, and run again"


class ChunkError(ValueError):
    """A run that cannot begin, or go on; the message says what to do."""


def claim(folder: Path, told: Mapping[str, Any]) -> None:
    """Write what a folder's chunks are of, `told` with a `digest`; raise `ChunkError` where they are of another run."""
    listing = folder / LISTING
    if listing.exists():
        if json.loads(listing.read_text(encoding="utf-8")).get("digest") == told["digest"]:
            return
        raise ChunkError(f"{folder} has the chunks of another run: choose another folder, or delete this one")
    if any(folder.iterdir()):
        raise ChunkError(f"{folder} is not empty, and has no {LISTING} of a run: choose another folder")
    with whole_file(listing) as part:
        part.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")


def by_processes(task: Task, asked: Any, folder: Path, chunks: Sequence[int], workers: int) -> Iterator[int]:
    """Yield chunks as so many processes of this machine finish them, each on one core."""
    left = iter(chunks)
    with ProcessPoolExecutor(workers, get_context("spawn"), _alone) as pool:
        waiting: set[Future[int]] = set()
        try:
            while True:
                waiting |= {pool.submit(task, asked, folder, one) for one in islice(left, 2 * workers - len(waiting))}
                if not waiting:
                    return
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                yield from (one.result() for one in done)
        except BrokenProcessPool as failure:
            raise ChunkError(_KILLED) from failure
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def by_ray(task: Task, asked: Any, folder: Path, chunks: Sequence[int], workers: int) -> Iterator[int]:
    """Yield chunks as Ray's workers finish them; a Ray that runs already, of many machines too, is used as it is.

    At most two chunks a worker wait at a time.
    """
    try:
        import ray
    except ImportError:
        raise ChunkError("several workers need Ray: pip install 'panakeia[many]', or take one worker") from None
    own = not ray.is_initialized()
    if own:
        os.environ.update(_QUIET | {name: os.environ[name] for name in _QUIET if name in os.environ})
        ray.init(num_cpus=workers, include_dashboard=False, log_to_driver=False, logging_level="error")
    try:
        remote, told = ray.remote(num_cpus=1, max_retries=RETRIES)(task), ray.put(asked)
        left = iter(chunks)
        waiting: list[Any] = []
        while True:
            waiting += [remote.remote(told, folder, chunk) for chunk in islice(left, 2 * workers - len(waiting))]
            if not waiting:
                return
            with redirect_stdout(sys.stderr):  # where Ray says that a worker died; standard output stays data
                (ready, *_), waiting = ray.wait(waiting)
                done = ray.get(ready)
            yield done
    except ray.exceptions.WorkerCrashedError as failure:
        raise ChunkError(_KILLED) from failure
    finally:
        if own:
            ray.shutdown()


def _alone() -> None:
    """Compute on one core: the other processes have the others."""
    engine.THREADS = 1
