"""Pictures of an episode: it is played again, since its beginning and its actions are known."""

from __future__ import annotations

import io
import json
import logging
import time
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from jupyter_platform.core.errors import PlatformError
from jupyter_platform.core.replays import FOLDER, FRAME, INDEX, ReplayKind
from jupyter_platform.learning.reinforcement.environments import VectorEnvironment, make_environment
from jupyter_platform.runtime.atomic import write_bytes_atomic

MOST_FRAMES = 250
WIDEST = 320
"""Pixels; wider frames are made smaller."""
SHARE = 0.1
"""Share of the time that pictures may take."""
_QUALITY = 75
_TOLERANCE = 1e-4

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Take:
    """An episode that has ended, and what it takes to play it again."""

    number: int
    """Which of the agent's episodes, counted from 1."""
    reward: float
    seed: int
    actions: NDArray[Any]
    """As `VectorEnvironment.step` takes them, without the axis of environments."""
    observations: NDArray[Any]
    """One more than actions."""
    epoch: int | None = None
    """Updates that the weights had."""


class Recording:
    """Keeps pictures of the best and of the latest episode in the run folder.

    Parameters
    ----------
    folder : Path
        The run folder.
    environment : str
        Id of the environment.
    """

    def __init__(self, folder: Path, environment: str) -> None:
        self.best: Take | None = None
        self._folder = folder / FOLDER
        self._folder.mkdir(mode=0o700, exist_ok=True)
        self._environment = environment
        self._latest: Take | None = None
        self._kept: dict[ReplayKind, int] = {}
        self._not_before = 0.0

    def show(self, take: Take) -> None:
        """Take note of an episode, and make pictures when it is time again."""
        self._latest = take
        if self.best is None or take.reward > self.best.reward:
            self.best = take
        if time.monotonic() >= self._not_before:
            self.flush()

    def flush(self) -> None:
        """Make pictures of what has none yet."""
        started = time.monotonic()
        wanted: tuple[tuple[ReplayKind, Take | None], ...] = (
            ("best", self.best),
            ("latest", self._latest),
        )
        for kind, take in wanted:
            if take is None or self._kept.get(kind) == take.number:
                continue
            data = _archive(self._environment, kind, take)
            write_bytes_atomic(self._folder / f"{kind}.zip", data, fsync=False)
            self._kept[kind] = take.number
        now = time.monotonic()
        self._not_before = now + (now - started) * (1 / SHARE - 1)


def _archive(environment: str, kind: Literal["best", "latest"], take: Take) -> bytes:
    """Return the replay of an episode as a zip file: an index, and a JPEG for each frame."""
    steps = len(take.actions) + 1
    shown = np.unique(np.linspace(0, steps - 1, min(steps, MOST_FRAMES)).round().astype(int))
    frames, problem = _frames(environment, take, set(shown.tolist()))
    flat = take.observations[shown].reshape(len(shown), -1)
    index = {
        "kind": kind,
        "episode": take.number,
        "reward": take.reward,
        "actions": len(take.actions),
        "seed": take.seed,
        "epoch": take.epoch,
        "steps": shown.tolist(),
        "frames": len(frames),
        "problem": problem,
        "observations": [] if frames else flat[:, :8].astype(float).tolist(),
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(INDEX, json.dumps(index))
        for number, frame in enumerate(frames):
            archive.writestr(FRAME.format(number), frame)
    return buffer.getvalue()


def _frames(environment: str, take: Take, shown: set[int]) -> tuple[list[bytes], str | None]:
    """Play an episode again with pictures; return them, or why there are none."""
    try:
        player = make_environment(environment, render=True)
    except PlatformError as error:
        return [], error.message
    environments = VectorEnvironment.around([player], environment, iter([take.seed]))
    frames: list[bytes] = []
    reward = 0.0
    try:
        for step in range(len(take.actions) + 1):
            if step in shown:
                frames.append(_jpeg(player.render()))
            if step < len(take.actions):
                reward += float(environments.step(take.actions[step][None]).rewards[0])
    except Exception as error:  # noqa: BLE001 - pictures come from foreign code
        logger.info("No pictures of %s: %s", environment, error)
        return [], f"{type(error).__name__}: {error}"
    finally:
        environments.close()
    if abs(reward - take.reward) > _TOLERANCE * max(1.0, abs(take.reward)):
        return [], (
            f"The episode cannot be played again: with the same beginning and actions "
            f"{environment} brought {reward:g} instead of {take.reward:g}."
        )
    return frames, None


def _jpeg(frame: Any) -> bytes:
    from PIL import Image  # noqa: PLC0415 - comes with the extra "rl"

    if frame is None:
        raise ValueError("the environment draws nothing")
    picture = Image.fromarray(np.asarray(frame, np.uint8))
    if picture.width > WIDEST:
        picture = picture.resize((WIDEST, max(1, picture.height * WIDEST // picture.width)))
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=_QUALITY)
    return buffer.getvalue()


def take_facts(take: Take | None) -> dict[str, Any] | None:
    """Return what the result of a job says of an episode."""
    if take is None:
        return None
    facts = asdict(take)
    return {key: facts[key] for key in ("number", "reward", "seed", "epoch")} | {
        "actions": len(take.actions)
    }
