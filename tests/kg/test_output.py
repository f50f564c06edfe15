"""Outputs: killed, starved or failing, a writer leaves the old file; links and permissions stay; inputs are refused."""

import os
import random
import stat
import time
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from kg.output import (
    LISTING,
    OutputError,
    refuse_inputs,
    require_file,
    require_folder,
    settle,
    whole_file,
    whole_folder,
    whole_set,
)
from tests.forking import forking
from tests.starved import starved

SET = ("result.json", "subjects.csv", "report.html")
LINES = 2_000


def _write_on(folder: Path, told: Connection) -> None:
    """Write a file and a set over and over, each time with another number on every line."""
    for number in range(1, 1_000_000):
        text = f"{number}\n" * LINES
        with whole_file(folder / "one.txt") as part:
            part.write_text(text, encoding="utf-8")
        with whole_set(*(folder / name for name in SET)) as parts:
            for part in parts:
                part.write_text(text, encoding="utf-8")
        told.send(number)


def _killed_after(folder: Path, seconds: float) -> None:
    context = forking()
    heard, told = context.Pipe(duplex=False)
    writer = context.Process(target=_write_on, args=(folder, told))
    writer.start()
    assert heard.recv() == 1
    time.sleep(seconds)
    writer.kill()
    writer.join()


def _number(path: Path) -> int:
    (number,) = set(lines := path.read_text(encoding="utf-8").splitlines())
    assert len(lines) == LINES
    return int(number)


def test_killed_at_random_points_a_file_is_whole_and_a_set_is_of_one_writer(tmp_path: Path) -> None:
    luck, in_the_midst = random.Random(7), 0
    for _ in range(15):
        _killed_after(tmp_path, luck.uniform(0, 0.02))
        in_the_midst += len(list(tmp_path.iterdir())) > 1 + len(SET)
        _number(tmp_path / "one.txt")
        there = [tmp_path / name for name in SET if (tmp_path / name).exists()]
        assert there[0].name == SET[0] and len({_number(path) for path in there}) == 1
        settle(*(tmp_path / name for name in SET))
        assert len({_number(tmp_path / name) for name in SET}) == 1
    assert in_the_midst
    with whole_file(tmp_path / "one.txt") as part, whole_set(*(tmp_path / name for name in SET)) as parts:
        for path in (part, *parts):
            path.write_text("last", encoding="utf-8")
    assert {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()} == dict.fromkeys(
        ("one.txt", *SET), "last"
    )


STEPS = [
    (("staged", None, None), "old"),
    (("staged", "staged", "staged"), "old"),
    (("staged", "replaced", "staged"), "old"),
    (("staged", "replaced", "replaced"), "old"),
    (("done", "replaced", "replaced"), "new"),
    (("done", "done", "replaced"), "new"),
    (("done", "done", "done"), "new"),
]


@pytest.mark.parametrize(("steps", "stands"), STEPS)
def test_every_step_of_putting_a_set_in_place_can_be_the_last(
    tmp_path: Path, steps: tuple[str | None, ...], stands: str
) -> None:
    """What a kill leaves after each rename, made by hand."""
    for name, step in zip(SET, steps, strict=True):
        place = tmp_path / name
        place.write_text("old", encoding="utf-8")
        if step in ("staged", "replaced"):
            (tmp_path / f".{name}.staged").write_text("new", encoding="utf-8")
        if step == "replaced":
            place.rename(tmp_path / f".{name}.replaced")
        if step == "done":
            place.write_text("new", encoding="utf-8")
    settle(*(tmp_path / name for name in SET))
    assert {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()} == dict.fromkeys(SET, stands)


def test_a_failure_leaves_the_old_file_and_nothing_beside(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in SET]
    for path in paths:
        path.write_text("old", encoding="utf-8")
    with pytest.raises(ZeroDivisionError), whole_file(paths[0]) as part:
        part.write_text("half", encoding="utf-8")
        raise ZeroDivisionError
    with pytest.raises(ZeroDivisionError), whole_set(*paths) as parts:
        parts[0].write_text("half", encoding="utf-8")
        raise ZeroDivisionError
    assert {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()} == dict.fromkeys(SET, "old")


def test_a_starved_writer_leaves_the_old_file_and_names_it(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in SET]
    for path in paths:
        path.write_text("old", encoding="utf-8")
    code = """
from kg.output import whole_file, whole_set
starve()
try:
    with {writer}(*sys.argv[1:]) as part:
        {write}
except OSError as failure:
    print(failure.filename, failure.strerror)
"""
    for writer, write, count, named in (
        ("whole_file", "part.write_text('x' * 100_000)", 1, paths[0]),
        ("whole_set", "[path.write_text('x' * 100_000) for path in part]", 3, tmp_path),
    ):
        done = starved(code.format(writer=writer, write=write), 10_000, *paths[:count])
        assert done.stdout == f"{named} File too large\n", done.stderr
    assert {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()} == dict.fromkeys(SET, "old")


def test_the_next_writer_clears_a_dead_one_s_part_and_no_living_one_s(tmp_path: Path) -> None:
    path = tmp_path / "[1].tsv"
    dead = tmp_path / ".[1].tsv.0123abcd.part"
    dead.write_text("half", encoding="utf-8")
    with whole_file(path) as first:
        assert not dead.exists()
        with whole_file(path) as second:
            second.write_text("second", encoding="utf-8")
        assert first.exists() and path.read_text(encoding="utf-8") == "second"
        first.write_text("first", encoding="utf-8")
    assert path.read_text(encoding="utf-8") == "first"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_and_the_file_behind_it_is_replaced(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    for name, there in (("a", True), ("b", False)):
        if there:
            (kept / name).write_text("old", encoding="utf-8")
        link = tmp_path / name
        link.symlink_to(Path("kept") / name)
        with whole_file(link) as part:
            part.write_text("new", encoding="utf-8")
        assert link.is_symlink() and (kept / name).read_text(encoding="utf-8") == "new"
    assert sorted(path.name for path in kept.iterdir()) == ["a", "b"]


def test_permissions_are_those_of_any_new_file_or_of_the_one_replaced(tmp_path: Path) -> None:
    plain, new, old = (tmp_path / name for name in ("plain", "new", "old"))
    plain.touch()
    old.touch(0o640)
    for path in (new, old):
        with whole_file(path) as part:
            part.write_text("x", encoding="utf-8")
    assert stat.S_IMODE(new.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)
    assert stat.S_IMODE(old.stat().st_mode) == 0o640


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file to somebody else")
def test_a_file_that_root_replaces_keeps_its_owner(tmp_path: Path) -> None:
    file = tmp_path / "theirs"
    file.touch()
    os.chown(file, 4711, 4712)
    with whole_file(file) as part:
        part.write_text("x", encoding="utf-8")
    assert (file.stat().st_uid, file.stat().st_gid, file.read_text(encoding="utf-8")) == (4711, 4712, "x")


def test_folders_are_made(tmp_path: Path) -> None:
    for number in (1, 2):
        file, member = tmp_path / f"{number}" / "deep" / "one", tmp_path / "sets" / f"{number}" / "first"
        with whole_file(file) as part, whole_set(member) as (first,):
            part.write_text("x", encoding="utf-8")
            first.write_text("y", encoding="utf-8")
        assert (file.read_text(encoding="utf-8"), member.read_text(encoding="utf-8")) == ("x", "y")


def test_what_is_put_in_place_is_on_the_disk_before_and_its_folder_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a rename must be made to survive a power cut: fsync(2) of the file, rename(2), fsync(2) of the folder."""
    path, done, sync, replace = tmp_path / "one", list[tuple[str, int]](), os.fsync, os.replace

    def synced(descriptor: int) -> None:
        sync(descriptor)
        done.append(("sync", os.fstat(descriptor).st_ino))

    def replaced(old: Path, new: Path) -> None:
        replace(old, new)
        done.append(("replace", new.stat().st_ino))

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", replaced)
    with whole_file(path) as part:
        part.write_text("x", encoding="utf-8")
    file, folder = path.stat().st_ino, tmp_path.stat().st_ino
    assert done == [("sync", file), ("replace", file), ("sync", folder)]
    done.clear()
    with whole_set(path) as (part,):
        part.write_text("y", encoding="utf-8")
    file = path.stat().st_ino
    last = len(done) - done[::-1].index(("replace", file))
    assert (done[0], done[last]) == (("sync", file), ("sync", folder))


def test_no_descriptor_stays_open(tmp_path: Path) -> None:
    before = len(os.listdir("/dev/fd"))
    (tmp_path / ".one.0123abcd.part").touch()
    with whole_file(tmp_path / "one"), whole_set(*(tmp_path / name for name in SET)):
        pass
    with pytest.raises(ZeroDivisionError), whole_file(tmp_path / "one"), whole_set(tmp_path / "two"):
        raise ZeroDivisionError
    assert len(os.listdir("/dev/fd")) == before


def test_an_error_that_is_not_of_the_output_is_told_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"^a word without a number$"), whole_file(tmp_path / "one"):
        raise OSError("a word without a number")
    with pytest.raises(FileNotFoundError) as told, whole_file(tmp_path / "one") as part:
        part.write_bytes((tmp_path / "another").read_bytes())
    assert told.value.filename == str(tmp_path / "another")
    assert list(tmp_path.iterdir()) == []


def test_a_pipe_is_written_directly(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    with whole_file(pipe) as part:
        part.write_text("told", encoding="utf-8")
    assert os.read(reader, 100) == b"told"
    os.close(reader)


def test_an_output_that_is_an_input_is_refused_under_any_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    given, hard, soft = Path("regimen.csv"), Path("hard.csv"), Path("soft.csv")
    given.write_text("ID,TIME\n", encoding="utf-8")
    hard.hardlink_to(given)
    soft.symlink_to(given)
    folder = Path("folder")
    folder.mkdir()
    (folder / "a.json").touch()
    Path("elsewhere").symlink_to(folder)
    for output in (given, hard, soft, tmp_path / given, folder / ".." / given):
        with pytest.raises(OutputError, match=r"is also an input.*give the output another name"):
            refuse_inputs(output, [None, "bolt://host", given])
    with pytest.raises(OutputError, match="is also an input in folder"):
        refuse_inputs(["new", "elsewhere/a.json"], [folder])
    with pytest.raises(OutputError, match="is also an input"):
        refuse_inputs("not/../there.lbdb", ["there.lbdb"])
    refuse_inputs(["new.csv", "folder/new.csv"], [given, folder])


def test_a_place_that_cannot_be_written_is_refused_before_the_work(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("x", encoding="utf-8")
    (tmp_path / "nowhere").symlink_to(tmp_path / "gone" / "folder")
    with pytest.raises(OutputError, match="is no folder: expected a folder to write into"):
        require_folder(file)
    with pytest.raises(OutputError, match="nowhere is a link to nothing: expected a folder"):
        require_folder(tmp_path / "nowhere")
    with pytest.raises(OutputError, match=r"file is no folder"):
        require_file(file / "below" / "out.csv")
    with pytest.raises(OutputError, match="is a folder: expected the name of a file"):
        require_file(tmp_path)
    require_file(tmp_path / "new" / "deep" / "out.csv")
    require_folder(tmp_path / "new" / "deep")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_what_permissions_forbid_is_refused(tmp_path: Path) -> None:
    file, folder = tmp_path / "file", tmp_path / "folder"
    file.touch(0o444)
    folder.mkdir(0o555)
    with pytest.raises(OutputError, match="may not write"):
        require_file(file)
    with pytest.raises(PermissionError), whole_file(file) as part:
        part.write_text("x", encoding="utf-8")
    with pytest.raises(OutputError, match="may not write into"):
        require_file(folder / "new")


def test_a_folder_s_files_come_together_and_replace_those_of_an_earlier_writer(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    with whole_folder(folder) as part:
        (part / "nodes").mkdir()
        (part / "nodes" / "a.tsv").write_text("1", encoding="utf-8")
        (part / "b.tsv").write_text("1", encoding="utf-8")
        assert not (folder / "b.tsv").exists()
    (folder / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(RuntimeError), whole_folder(folder) as part:
        (part / "b.tsv").write_text("half", encoding="utf-8")
        raise RuntimeError
    assert (
        (folder / "b.tsv").read_text(encoding="utf-8")
        == (folder / "nodes" / "a.tsv").read_text(encoding="utf-8")
        == "1"
    )
    with whole_folder(folder) as part:
        (part / "b.tsv").write_text("2", encoding="utf-8")
    there = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    assert there == ["b.tsv", "mine.txt", LISTING]
    assert (folder / "b.tsv").read_text(encoding="utf-8") == "2"
    assert (folder / LISTING).read_text(encoding="utf-8") == "b.tsv\n"


def test_what_a_killed_writer_left_in_a_folder_goes_with_the_next(tmp_path: Path) -> None:
    left = tmp_path / ".0123abcd.parts"
    left.mkdir()
    (left / "half").write_text("half", encoding="utf-8")
    with whole_folder(tmp_path) as part:
        (part / "whole").write_text("whole", encoding="utf-8")
    assert sorted(path.name for path in tmp_path.iterdir()) == [LISTING, "whole"]


def test_a_list_of_files_that_points_elsewhere_removes_nothing(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / LISTING).write_text("../mine.txt\n", encoding="utf-8")
    with whole_folder(folder) as part:
        (part / "a").write_text("a", encoding="utf-8")
    assert (tmp_path / "mine.txt").exists()
