"""Code of a test in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys


def answer_of(call, *, module, timeout=240):
    """Return what a call of a function of a test module gives elsewhere."""
    function = call[: call.index("(")]
    code = f"import json; from {module} import {function}; print(json.dumps({call}))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
