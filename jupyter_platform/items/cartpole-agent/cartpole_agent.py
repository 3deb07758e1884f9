"""Balances a pole on a cart: an agent that has learnt by trying, with PPO."""

from __future__ import annotations

import os
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from marshmallow import fields, validate
from PIL import Image

from jupyter_platform.items.data import weights_folder
from jupyter_platform.items.learning import Trained, evaluate, learn
from jupyter_platform.learning.reinforcement.environments import make_environment

os.environ.setdefault("SDL_VIDEODRIVER", "dummy")

ENVIRONMENT = "CartPole-v1"
_LONGEST_FILM = 200
"""Frames of an episode that are kept; half of all, as they are shown at 25 a second."""


def build(folder: Path) -> float:
    """Train the agent; return the mean return of 20 episodes that it has not seen."""
    learn(
        folder, "actor-critic", None, strategy="ppo", environment=ENVIRONMENT,
        learning_rate=0.001, rollout_length=32, rollout_epochs=20, discount=0.98, gae_lambda=0.8,
        max_iterations=5000, validation_interval=500, seed=1,
    )  # fmt: skip
    result = evaluate(
        folder, None, strategy="reward", environment=ENVIRONMENT, episodes=20, seed=1000
    )
    return float(result["mean_return"])


def get_metadata() -> dict[str, Any]:
    """Return what the module is."""
    return {
        "name": "cartpole-agent",
        "summary": "Balances a pole on a cart; learnt by trying.",
        "version": "1.0.0",
        "license": "BSD-3-Clause",
        "author": ["The jupyter-platform developers"],
    }


def get_predict_args() -> dict[str, fields.Field[Any]]:
    """Return the arguments of `predict`."""
    return {
        "seed": fields.Int(
            load_default=0,
            validate=validate.Range(min=0, max=2**31),
            metadata={"description": "How the episode begins; the same seed begins alike."},
        ),
        "steps": fields.Int(
            load_default=500,
            validate=validate.Range(min=1, max=500),
            metadata={"description": "Steps after which the episode is cut."},
        ),
        "accept": fields.Str(
            load_default="application/json",
            validate=validate.OneOf(["application/json", "image/gif"]),
            metadata={"description": "The episode in numbers, or as a film."},
        ),
    }


def warm() -> None:
    """Load the weights before the first call."""
    _trained().ask(np.zeros((1, 4)))


def predict(seed: int = 0, steps: int = 500, accept: str = "application/json") -> Any:
    """Return an episode: its return, and the angle of the pole at each step, or a film of it."""
    film = accept == "image/gif"
    environment = make_environment(ENVIRONMENT, render=film)
    frames: list[Image.Image] = []
    angles: list[float] = []
    moves: list[int] = []
    try:
        seen, _ = environment.reset(seed=seed)
        ended = False
        while not ended and len(moves) < steps:
            if film and len(moves) % 2 == 0 and len(frames) < _LONGEST_FILM:
                frames.append(Image.fromarray(environment.render()).resize((300, 200)))
            # The last output is the value of the state.
            move = int(np.argmax(_trained().ask(seen[None]).outputs[0][:-1]))
            seen, _, terminated, truncated, _ = environment.step(move)
            ended = terminated or truncated
            moves.append(move)
            angles.append(round(float(seen[2]), 4))
    finally:
        environment.close()
    if film:
        return _film(frames)
    return {"return": len(moves), "angles": angles, "moves": moves}


def _film(frames: list[Image.Image]) -> Any:
    file = tempfile.TemporaryFile(suffix=".gif")  # noqa: SIM115 - whoever answers closes it
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:], duration=40, loop=0)
    file.seek(0)
    return file


@cache
def _trained() -> Trained:
    return Trained(weights_folder())
