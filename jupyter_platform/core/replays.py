"""Episodes to look at: what lies in a run folder below ``replays/``, and what the API says."""

from typing import Literal

from pydantic import Field

from jupyter_platform.core.records import Record

FOLDER = "replays"
INDEX = "replay.json"
FRAME = "{:04}.jpg"
ReplayKind = Literal["best", "latest"]
KINDS: tuple[ReplayKind, ...] = ("best", "latest")
"""``replays/<kind>.zip``: `INDEX`, a `ReplayRecord`, and a JPEG for each frame."""
MAX_BYTES = 16_000_000
"""Bytes of a replay that is read; far more than is ever written."""


class ReplayRecord(Record):
    """One episode of an agent."""

    kind: ReplayKind
    episode: int
    """Which of the agent's episodes, counted from 1."""
    reward: float
    """Its return."""
    actions: int
    seed: int
    epoch: int | None = None
    """Updates that the weights had, where they come from a learner."""
    rank: int = 0
    """Which agent of the job."""
    steps: list[int] = Field(default_factory=list)
    """After how many actions each frame was taken."""
    frames: int = 0
    """Pictures; 0 where the environment cannot be drawn."""
    problem: str | None = None
    """Why there are none."""
    images: list[str] = Field(default_factory=list)
    """JPEGs in base64, one for each of `steps`; only in the record of a single episode."""
    observations: list[list[float]] = Field(default_factory=list)
    """The first numbers of what was seen at `steps`, where there are no pictures."""
