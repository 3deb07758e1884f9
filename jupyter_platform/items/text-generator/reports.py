"""Weather reports of a made-up coast, drawn from a small grammar: the same ones for one seed."""

from __future__ import annotations

import random

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_PLACES = ("the north", "the south", "the hills", "the harbour", "the islands", "the valley")
_SKIES = ("clear", "cloudy", "bright", "grey", "misty at first", "dull and damp")
_WINDS = ("light", "fresh", "strong", "variable", "gusty")
_FROM = ("north", "south", "east", "west", "north-east", "south-west")
_RAIN = ("a little rain", "heavy showers", "some drizzle", "no rain at all", "thunder by evening")
_LATER = ("turning milder", "turning colder", "drying up", "clearing from the west", "calm again")


def report(draw: random.Random) -> str:
    """Return one report of three or four sentences, and the end of its line."""
    low = draw.randint(-4, 16)
    sentences = [
        f"{draw.choice(_DAYS)} will be {draw.choice(_SKIES)} in {draw.choice(_PLACES)}.",
        f"A {draw.choice(_WINDS)} wind from the {draw.choice(_FROM)} brings {draw.choice(_RAIN)}.",
        f"Temperatures from {low} to {low + draw.randint(3, 9)} degrees.",
    ]
    if draw.random() < 0.6:
        sentences.append(f"At night {draw.choice(_LATER)}.")
    return " ".join(sentences) + "\n"


def reports(count: int, seed: int) -> str:
    """Return reports one below another.

    Parameters
    ----------
    count : int
        How many.
    seed : int
        Seed of what is drawn.
    """
    draw = random.Random(seed)
    return "".join(report(draw) for _ in range(count))
