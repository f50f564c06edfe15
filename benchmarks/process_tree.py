"""Process tree: run a command in a process of its own, and say what it took with all of its children."""

import os
import subprocess
import threading
import time
from collections.abc import Sequence
from typing import NamedTuple

import psutil


class Taken(NamedTuple):
    """What a command printed, its seconds, and the largest resident memory of it and its children."""

    said: str
    wall_s: float
    peak_gib: float


def run(command: Sequence[str], **environment: str) -> Taken:
    """Run a command with these variables beside the environment's own; raises `SystemExit` where it fails."""
    begin = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=os.environ | environment, text=True) as process:
        held, ended = [0], threading.Event()
        watcher = threading.Thread(target=_watch, args=(psutil.Process(process.pid), ended, held))
        watcher.start()
        said, _ = process.communicate()
        ended.set()
        watcher.join()
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed")
    return Taken(said, time.perf_counter() - begin, held[0] / 2**30)


def _watch(process: psutil.Process, ended: threading.Event, held: list[int]) -> None:
    """Keep the largest resident memory of a process and its children in bytes, sampled twenty times a second."""
    while not ended.wait(0.05):
        try:
            held[0] = max(held[0], sum(p.memory_info().rss for p in (process, *process.children(recursive=True))))
        except psutil.NoSuchProcess:  # one ended between being listed and being asked
            continue
