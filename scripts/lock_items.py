"""Resolve the packages of items anew: ``requirements.in`` becomes ``requirements.lock``.

``python scripts/lock_items.py [ITEM…]``. Versions are those of ``constraints.txt`` wherever it has
the package, so that an environment over the platform's packages installs few of its own.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import uv

from jupyter_platform.runtime.item_folders import own_items, read_recipe
from jupyter_platform.serving import REQUIREMENTS

ROOT = Path(__file__).resolve().parent.parent
OLDEST_PYTHON = "3.11"
NEVER = "sys_platform == 'never'"
OF_THE_PLATFORM = ("torch", "torchvision", "triton")
"""What an environment over the platform's packages never installs."""
OF_A_DESKTOP = ("opencv-python",)
"""Left out everywhere: the variant without windows takes their place."""


def lock(folder: Path, layered: bool) -> None:
    """Write the lock of one item."""
    left_out = [*OF_A_DESKTOP, *(OF_THE_PLATFORM if layered else ())]
    with tempfile.TemporaryDirectory() as place:
        overrides = Path(place, "overrides.txt")
        overrides.write_text("".join(f"{name} ; {NEVER}\n" for name in left_out))
        server = Path(place, "server.in")
        server.write_text("\n".join(() if layered else REQUIREMENTS))
        command = [uv.find_uv_bin(), "pip", "compile", "--quiet", "--generate-hashes"]
        command += ["--universal", "--python-version", OLDEST_PYTHON, "--no-annotate"]
        command += ["--constraint", "constraints.txt", "--override", str(overrides)]
        command += ["--custom-compile-command", f"python scripts/lock_items.py {folder.name}"]
        command += ["--output-file", str(folder / "requirements.lock")]
        command += [str(folder / "requirements.in"), str(server)]
        subprocess.run(command, check=True, cwd=ROOT)
    path = folder / "requirements.lock"
    path.write_text(without_left_out(path.read_text()))


def without_left_out(text: str) -> str:
    """Return a lock without the packages that no machine ever installs."""
    blocks = re.split(r"^(?=\S)", text, flags=re.MULTILINE)
    return "".join(block for block in blocks if NEVER not in block.partition("\n")[0])


def main(names: list[str]) -> int:
    """Write the locks of some items, or of all that have requirements."""
    for name, folder in own_items().items():
        recipe = read_recipe(folder)
        if names and name not in names or recipe is None or recipe.environment is None:
            continue
        print(f"Resolving {name}", flush=True)
        (folder / "requirements.lock").unlink(missing_ok=True)
        lock(folder, recipe.environment.layered)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
