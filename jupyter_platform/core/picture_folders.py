"""Findings about a folder of pictures before it becomes a dataset."""

from typing import Literal

from pydantic import Field

from jupyter_platform.core.datasets import Part
from jupyter_platform.core.records import Record


class PictureFolder(Record):
    """A folder of pictures as it would be read, without a descriptor."""

    kind: Literal["images", "masks"]
    parts: dict[Part, int]
    """Pictures of each part; all are of ``train`` where nothing tells parts apart."""
    classes: dict[str, int] = Field(default_factory=dict)
    """Pictures of each class, by its name; none of masks."""
    shape: list[int] | None = None
    """Channels, height and width to bring all pictures to, where their sizes differ."""
    sizes: str
    """``640×480``, or ``64×64 to 640×480``: least and most of widths and of heights."""
    broken: int = 0
    """Pictures that cannot be read."""
    problem: str | None = None
    """Which ones cannot be read, and why, as the end of a sentence."""
    warnings: list[str] = Field(default_factory=list)
    """Further warnings, as sentences."""
