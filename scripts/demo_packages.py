"""Print the requirements that ``make demo`` needs: all but those of JupyterLab and of plots.

With ``--imports`` it prints what their processes import, a line for what is imported together.

Only the standard library is there when this runs.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
LATER = frozenset(
    {
        "anywidget",
        "bokeh",
        "ipykernel",
        "ipywidgets",
        "jupyter-bokeh",
        "jupyter-server",
        "jupyterlab",
        "jupyterlab-widgets",
        "nbclient",
        "nbformat",
        "optuna",
        "pyarrow",
        "voila",
    }
)
"""Dependencies that are installed by the first verb that needs them."""
IMPORTS = (
    (
        "torch",
        "jupyter_platform.learning.processes.process",
        "jupyter_platform.learning.processes.warm",
    ),
    ("jupyter_platform.coordinator.daemon.application", "jupyter_platform.cluster.host"),
)
"""Modules of its processes, in groups that are compiled beside each other."""


def demo_requirements() -> list[str]:
    """Return the dependencies of the project without those of `LATER`."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = {item: re.split(r"[^A-Za-z0-9-]", item)[0] for item in project["dependencies"]}
    return [item for item, name in names.items() if name not in LATER]


if __name__ == "__main__":
    groups = [", ".join(group) for group in IMPORTS]
    print("\n".join(groups if "--imports" in sys.argv else demo_requirements()))
