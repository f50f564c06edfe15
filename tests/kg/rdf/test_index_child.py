"""The process that indexes ends with who began it, also where that was killed."""

import os
import subprocess
import sys
import time
from pathlib import Path

_CHILD = "from kg.rdf.index_child import end_with\nend_with(0)\nprint('up', flush=True)\nwhile True: pass"
_PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", sys.argv[1]], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
child.wait()
"""


def test_a_child_ends_when_its_parent_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", _PARENT, _CHILD], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.kill()
        parent.wait()
    for _ in range(1000):
        if not _lives(child):
            return
        time.sleep(0.01)
    os.kill(child, 9)
    raise AssertionError("the child outlived its parent")


def _lives(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
