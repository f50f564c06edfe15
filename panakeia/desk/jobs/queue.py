"""Queue: keeps the jobs of a home, runs a few at once, each in its own process, and goes on after a restart."""

import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

from panakeia.desk.desk import DeskSettings, NotAllowed
from panakeia.desk.jobs.job import OVER, Asked, Job, made_job, read_job
from panakeia.desk.jobs.work import told
from panakeia.desk.problems import Problem
from panakeia.verb import Right, Verb

_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)
_CLEAN_S = 3600.0


class QuotaPassed(ValueError):
    """More jobs of one caller than the desk keeps open or keeps at all."""


@dataclass(frozen=True)
class Quota:
    """How many jobs run at once and for how many hours one may, how many a caller may have open and keep, how long
    results are kept, and how often a job is begun that the desk did not survive."""

    at_once: int = 1
    open: int = 8
    kept: int = 200
    days: float = 30
    begun: int = 3
    hours: float = 24


class Jobs:
    """The jobs of a desk; safe between threads. One process serves a home's jobs."""

    def __init__(self, settings: DeskSettings, quota: Quota | None = None) -> None:
        self._settings, self.quota = settings, quota or Quota()
        self.folder = settings.home / "jobs"
        self._changed = threading.Condition(threading.RLock())
        self._known: dict[str, Job] = {}
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._turns: dict[str, int] = {}
        self._ending = False
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Look what is there, go on with what was not over, and begin to run jobs."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in sorted(self.folder.iterdir(), key=lambda one: one.stat().st_mtime):
            if _ID.fullmatch(folder.name):
                self._take_up(folder.name)
        self.clean()
        for run in (self._run, self._clean_often):
            thread = threading.Thread(target=run, daemon=True, name="jobs")
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """End what runs; it is begun again at the next start."""
        with self._changed:
            self._ending = True
            for worker in self._running.values():
                _kill(worker)
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(timeout=10)

    def add(self, asked: Asked) -> Job:
        """Queue a job; raises `QuotaPassed`, which says what to do."""
        with self._changed:
            own = list(self.of(asked.owner))
            waiting = [job for job in own if job.stands().state not in OVER]
            if len(waiting) >= self.quota.open:
                raise QuotaPassed(
                    f"{len(waiting)} of your jobs are not over, and no more are taken: wait for one, or cancel one"
                )
            if len(own) >= self.quota.kept:
                raise QuotaPassed(
                    f"{len(own)} of your jobs are kept, and no more are: delete some that you need no more"
                )
            job = made_job(self.folder / secrets.token_hex(16), asked)
            self._known[job.id] = job
            self._changed.notify_all()
            return job

    def of(self, owner: str) -> Iterator[Job]:
        """Yield a caller's jobs, the newest first."""
        yield from (job for job in reversed(list(self._known.values())) if job.asked.owner == owner)

    def seen(self, owner: str, rights: frozenset[Right]) -> list[Job]:
        """Return those of a caller's jobs that `find` gives them, the newest first."""
        return [job for job in self.of(owner) if job.asked.rights <= rights]

    def find(self, number: str, owner: str, rights: frozenset[Right]) -> Job:
        """Return a caller's job by its number.

        Raises `KeyError`, also for one of somebody else, and `NotAllowed` where the caller has today less rights than
        the job had: what it found may be more than they may see now.
        """
        job = self._known[number]
        if job.asked.owner != owner:
            raise KeyError(number)
        if missing := sorted(job.asked.rights - rights):
            raise NotAllowed(missing[0], "the job was asked with a role that you no longer have, and it")
        return job

    def taken(self, verb: Verb, request: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """Yield the jobs, whosesoever they are, whose output a request takes: the parameter, the job's number."""
        for name, about in verb.given.items():
            kept = request.get(name)
            if about.role == "kept" and isinstance(kept, str) and (number := kept.split("/")[0]) in self._known:
                yield name, number

    def cancel(self, job: Job) -> None:
        """End a job that is not over."""
        with self._changed:
            stands = job.stands()
            if stands.state in OVER:
                return
            job.becomes("cancelled", stands.begun)
            if job.id in self._running:
                _kill(self._running[job.id])
            self._changed.notify_all()

    def forget(self, job: Job) -> None:
        """Delete a job that is over, with all that it wrote."""
        with self._changed:
            self._known.pop(job.id, None)
        shutil.rmtree(job.folder, ignore_errors=True)

    def clean(self) -> None:
        """Delete the jobs that were over for as many days as results are kept."""
        before = (datetime.now(UTC) - timedelta(days=self.quota.days)).isoformat()
        for job in list(self._known.values()):
            stands = job.stands()
            if stands.state in OVER and stands.since < before:
                self.forget(job)

    def _take_up(self, number: str) -> None:
        """Know a job of an earlier start: what ran is over if its worker came to the end, else queued again."""
        try:
            job = read_job(self.folder / number)
            stands = job.stands()
        except (OSError, ValueError, KeyError, TypeError):
            return  # it was being made when the desk was killed: nobody was told its number
        self._known[number] = job
        if stands.state == "running" and not self._settle(job, stands.begun):
            if stands.begun >= self.quota.begun:
                job.becomes("failed", stands.begun, _lost(f"the desk ended {stands.begun} times while it ran"))
            else:
                job.becomes("queued", stands.begun)

    def _run(self) -> None:
        """Begin jobs as soon as there is room: the callers' in turn, each one's in the order in which it asked."""
        while True:
            with self._changed:
                job = None
                while not self._ending and (job := self._next()) is None:
                    self._changed.wait()
                if self._ending or job is None:
                    return
                begun = job.stands().begun + 1
                job.becomes("running", begun)
                worker = self._begin(job)
                self._running[job.id] = worker
            threading.Thread(target=self._wait, args=(job, worker, begun), daemon=True).start()

    def _next(self) -> Job | None:
        if len(self._running) >= self.quota.at_once:
            return None
        queued = [job for job in self._known.values() if job.stands().state == "queued"]
        job = min(queued, key=lambda one: self._turns.get(one.asked.owner, 0), default=None)
        if job is not None:
            self._turns[job.asked.owner] = max(self._turns.values(), default=0) + 1
        return job

    def _begin(self, job: Job) -> "subprocess.Popen[bytes]":
        worker = subprocess.Popen(
            [sys.executable, "-m", "panakeia.desk.jobs.work", str(job.folder.absolute())],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,  # a kill reaches its own processes as well
        )
        assert worker.stdin is not None
        worker.stdin.write(told(self._settings).encode())
        worker.stdin.flush()
        return worker

    def _wait(self, job: Job, worker: "subprocess.Popen[bytes]", begun: int) -> None:
        late = ""
        try:
            status = worker.wait(self.quota.hours * 3600)
        except subprocess.TimeoutExpired:
            _kill(worker)
            status, late = worker.wait(), f"it took more than {self.quota.hours:g} hours"
        with self._changed:
            self._running.pop(job.id, None)
            if worker.stdin is not None:
                worker.stdin.close()
            if not self._ending and job.stands().state == "running" and not self._settle(job, begun):
                ended = f"its process ended with status {status}, maybe for want of memory"
                job.becomes("failed", begun, _lost(late or ended))
            self._changed.notify_all()

    def _settle(self, job: Job, begun: int) -> bool:
        """Take over what a worker wrote as it came to the end; return whether it did."""
        result = job.result()
        if result is not None:
            job.becomes("failed" if result["problem"] else "done", begun, result["problem"])
        return result is not None

    def _clean_often(self) -> None:
        cleaned = time.monotonic()
        with self._changed:
            while not self._ending:
                self._changed.wait(_CLEAN_S)
                if not self._ending and time.monotonic() - cleaned >= _CLEAN_S:
                    self.clean()
                    cleaned = time.monotonic()


def _kill(worker: "subprocess.Popen[bytes]") -> None:
    if worker.poll() is None:
        os.killpg(worker.pid, signal.SIGKILL)


def _lost(why: str) -> dict[str, object]:
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    return Problem(
        status, "job-lost", f"the job did not come to its end: {why}; ask again for less, or again"
    ).to_json()
