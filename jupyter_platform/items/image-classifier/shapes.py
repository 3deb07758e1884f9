"""Drawn pictures of shapes, any colour on any other, at any angle: the same ones for one seed."""

from __future__ import annotations

import math
import random
from pathlib import Path

from PIL import Image, ImageDraw

SHAPES = ("circle", "cross", "square", "star", "triangle")
SIDE = 32
_LARGE = 4
"""Pixels are drawn so many times as large, then averaged."""


def draw_shape(name: str, draw: random.Random) -> Image.Image:
    """Return one picture of a shape."""
    side = SIDE * _LARGE
    paper = tuple(draw.randrange(256) for _ in range(3))
    ink = paper
    while sum(abs(one - other) for one, other in zip(ink, paper, strict=True)) < 150:
        ink = tuple(draw.randrange(256) for _ in range(3))
    image = Image.new("RGB", (side, side), paper)
    radius = draw.uniform(0.25, 0.42) * side
    across, down = (draw.uniform(radius, side - radius) for _ in range(2))
    angle = draw.uniform(0, 2 * math.pi)
    canvas = ImageDraw.Draw(image)
    if name == "circle":
        canvas.ellipse((across - radius, down - radius, across + radius, down + radius), fill=ink)
    else:
        corners = []
        for far, turn in _outline(name):
            beside, below = math.cos(turn + angle), math.sin(turn + angle)
            corners.append((across + radius * far * beside, down + radius * far * below))
        canvas.polygon(corners, fill=ink)
    return image.resize((SIDE, SIDE), Image.Resampling.BOX)


def _outline(name: str) -> list[tuple[float, float]]:
    """Return the corners of a shape: distance from the middle, and angle."""
    if name == "star":
        return [(1.0 if k % 2 == 0 else 0.42, math.pi * k / 5) for k in range(10)]
    if name == "cross":
        turns = [math.pi / 2 * k for k in range(4)]
        return [corner for turn in turns for corner in _arm(turn)]
    count = 3 if name == "triangle" else 4
    return [(1.0, 2 * math.pi * k / count) for k in range(count)]


def _arm(turn: float) -> list[tuple[float, float]]:
    half = 0.3
    return [(1.0, turn - half), (1.0, turn + half), (half * math.sqrt(2), turn + math.pi / 4)]


def draw_folder(folder: Path, each: int, seed: int) -> None:
    """Write a folder of pictures for each shape.

    Parameters
    ----------
    folder : Path
        Gets the folders.
    each : int
        Pictures of each shape.
    seed : int
        Seed of what is drawn.
    """
    draw = random.Random(seed)
    for name in SHAPES:
        (folder / name).mkdir(parents=True)
        for number in range(each):
            draw_shape(name, draw).save(folder / name / f"{number:04}.png")
