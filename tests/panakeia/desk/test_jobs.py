"""Jobs outlive the desk: a killed one's workers end with it, and the next start goes on; quota and clean-up hold."""

import dataclasses
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from panakeia.desk.desk import ALL, DeskSettings
from panakeia.desk.jobs.job import OVER, Asked, Job, now, read_job, write_whole
from panakeia.desk.jobs.queue import Jobs, Quota, QuotaPassed

EXPORT = {"format": "kgx-tsv", "around": ["warfarin"]}
SERVER = """
import sys, time
from pathlib import Path
from panakeia.desk.desk import ALL, DeskSettings
from panakeia.desk.jobs.job import Asked, now
from panakeia.desk.jobs.queue import Jobs
jobs = Jobs(DeskSettings(sys.argv[1], Path("no/model"), None, Path(sys.argv[2])))
jobs.start()
job = jobs.add(Asked("key:a", "export", {"format": "kgx-tsv", "around": ["warfarin"]}, ALL, now()))
while job.stands().state == "queued":
    time.sleep(0.01)
print(job.id, flush=True)
time.sleep(600)
"""


def asked(owner: str = "key:a") -> Asked:
    return Asked(owner, "export", EXPORT, ALL, now())


def until(met: Callable[[], bool]) -> None:
    for _ in range(1200):
        if met():
            return
        time.sleep(0.05)
    raise AssertionError("it did not come to that in a minute")


def test_a_job_goes_on_after_its_desk_was_killed(starter_store: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", SERVER, str(starter_store), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        number = server.stdout.readline().strip()
        server.send_signal(signal.SIGKILL)
    job = read_job(tmp_path / "jobs" / number)
    assert job.stands().state == "running"
    jobs = Jobs(DeskSettings(str(starter_store), Path("no/model"), None, tmp_path))
    jobs.start()
    try:
        until(lambda: job.stands().state in OVER)
        assert (job.stands().state, job.stands().begun) == ("done", 2)
        assert job.answer("json").exists()
        assert job.files()
    finally:
        jobs.stop()


def test_a_job_that_ends_the_desk_each_time_is_given_up(tmp_path: Path) -> None:
    quiet = Quota(at_once=0, begun=3)
    settings = DeskSettings(str(tmp_path / "graph.lbdb"), Path("no/model"), None, tmp_path)
    job = started(Jobs(settings, quiet)).add(asked())
    job.becomes("running", 3)
    started(Jobs(settings, quiet))
    stands = job.stands()
    assert stands.state == "failed"
    assert stands.problem is not None
    assert "3 times" in str(stands.problem["detail"])


def started(jobs: Jobs) -> Jobs:
    jobs.start()
    jobs.stop()
    return jobs


def test_a_caller_has_so_many_jobs_and_others_have_theirs(tmp_path: Path) -> None:
    jobs = Jobs(DeskSettings(home=tmp_path), Quota(at_once=0, open=2, kept=3))
    first, _ = jobs.add(asked()), jobs.add(asked())
    with pytest.raises(QuotaPassed, match="cancel one"):
        jobs.add(asked())
    jobs.add(asked("key:b"))
    jobs.cancel(first)
    jobs.add(asked())
    jobs.cancel(next(jobs.of("key:a")))
    with pytest.raises(QuotaPassed, match="delete some"):
        jobs.add(asked())
    jobs.forget(first)
    assert not first.folder.exists()
    with pytest.raises(KeyError):
        jobs.find(first.id, "key:a", ALL)


def test_callers_jobs_are_begun_in_turn(tmp_path: Path) -> None:
    jobs = Jobs(DeskSettings(home=tmp_path), Quota(open=5))
    made = [jobs.add(asked(owner)) for owner in ("key:a", "key:a", "key:a", "key:b", "key:b")]
    begun = []
    while (job := jobs._next()) is not None:
        begun.append(made.index(job))
        job.becomes("running", 1)
    assert begun == [0, 3, 1, 4, 2]


def test_a_job_ends_after_so_many_hours(starter_store: Path, tmp_path: Path) -> None:
    jobs = Jobs(DeskSettings(str(starter_store), home=tmp_path), Quota(hours=1e-4))
    jobs.start()
    job = jobs.add(asked())
    until(lambda: job.stands().state in OVER)
    jobs.stop()
    assert job.stands().state == "failed"
    assert "took more than 0.0001 hours" in (job.stands().problem or {})["detail"]


def test_results_are_kept_for_so_many_days(tmp_path: Path) -> None:
    jobs = Jobs(DeskSettings(home=tmp_path), Quota(at_once=0, days=30))
    old, new, waiting = jobs.add(asked()), jobs.add(asked()), jobs.add(asked())
    for job in (old, new):
        jobs.cancel(job)
    told = dataclasses.asdict(old.stands()) | {"since": "2020-01-01T00:00:00.000+00:00"}
    write_whole(old.folder / "state.json", told)
    jobs.clean()
    assert [job.folder.exists() for job in (old, new, waiting)] == [False, True, True]


def test_a_folder_that_is_no_whole_job_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "jobs" / ("0" * 32)).mkdir(parents=True)
    (tmp_path / "jobs" / "notes").mkdir()
    assert list(started(Jobs(DeskSettings(home=tmp_path), Quota(at_once=0))).of("key:a")) == []


def test_files_of_a_job_are_those_it_wrote_inside_its_folder(tmp_path: Path) -> None:
    job = Job(tmp_path / "job", asked())
    (job.folder / "out" / "deep").mkdir(parents=True)
    (job.folder / "out" / "deep" / "a.csv").write_text("x", encoding="utf-8")
    (job.folder / "out" / "link").symlink_to("/etc/passwd")
    assert list(job.files()) == ["deep/a.csv"]


def test_progress_is_told_without_patients_or_folders(tmp_path: Path) -> None:
    job = Job(tmp_path, asked())
    job.tell("read /srv/secret/table.csv of PANAKEIA:P-0123456789abcdef0123", 0.25)
    [step] = job.steps()
    assert (step.number, step.fraction) == (1, 0.25)
    assert "secret" not in step.step
    assert "0123456789" not in step.step
    assert job.steps(after=1) == []
