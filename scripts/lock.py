"""Resolve every dependency anew and write `constraints.txt`.

Arguments are passed on to pip, for example ``--constraint constraints.txt`` to keep the
versions that still fit.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEADER = """\
# The exact versions that the project is built and tested with: `make lock` writes this file.
# What torch brings along for one kind of GPU alone is left to torch itself.
"""
OLDEST_PYTHON = "3.11"
"""Releases that need a later patch of it are passed over: distributions stay with an early one."""
GPU_PREFIXES = ("cuda-", "nvidia-cu", "nvidia-nccl", "nvidia-nv", "triton")


def resolve(pip_arguments: list[str]) -> dict[str, str]:
    """Ask pip what it would install into an empty environment.

    Parameters
    ----------
    pip_arguments : list of str
        Further arguments of ``pip install``.

    Returns
    -------
    dict
        Versions by the name of the distribution.
    """
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed"]
        command += ["--python-version", OLDEST_PYTHON, "--only-binary", ":all:"]
        command += ["--quiet", "--report", str(report), *pip_arguments, f"{ROOT}[bench,dev]"]
        subprocess.run(command, check=True)
        items = json.loads(report.read_text())["install"]
    return {item["metadata"]["name"]: item["metadata"]["version"] for item in items}


def constraints(versions: dict[str, str]) -> str:
    """Return the text of the constraints file.

    A local part as in ``2.13.0+cpu`` names one build of a version and is left out.
    """
    names = sorted((name.lower(), name) for name in versions if name != "jupyter-platform")
    pins = [
        f"{name}=={versions[name].partition('+')[0]}\n"
        for lower, name in names
        if not lower.startswith(GPU_PREFIXES)
    ]
    return HEADER + "".join(pins)


if __name__ == "__main__":
    (ROOT / "constraints.txt").write_text(constraints(resolve(sys.argv[1:])))
