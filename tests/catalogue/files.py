"""The metadata of real modules and tools of AI4OS, with their licences in ``LICENCES.csv``."""

from pathlib import Path

AI4OS = Path(__file__).parent / "ai4os"
FILES = sorted([*AI4OS.glob("modules/*.yml"), *AI4OS.glob("tools/*.yml")])
BROKEN = "phyto-plankton-classification"


def text_of(name):
    """Return the metadata of one module or tool."""
    (path,) = (path for path in FILES if path.stem == name)
    return path.read_text(encoding="utf-8")
