"""Run Python where no file may grow beyond some bytes: how a full disk looks to a program, without filling one."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def starved(code: str, limit: int, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run code that calls `starve()` before it writes; it finds the arguments in `sys.argv[1:]`."""
    head = f"import resource, sys\ndef starve(): resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))\n"
    return subprocess.run(
        [sys.executable, "-c", head + code, *map(str, arguments)],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
