"""Titles for deployments that were given none."""

from __future__ import annotations

import secrets

_COLOURS = (
    "amber", "azure", "black", "blue", "bronze", "copper", "coral", "crimson", "golden", "green",
    "grey", "indigo", "ivory", "jade", "lilac", "orange", "pink", "purple", "red", "silver",
    "teal", "violet", "white", "yellow",
)  # fmt: skip
_ANIMALS = (
    "badger", "beaver", "bison", "crane", "deer", "dolphin", "eagle", "falcon", "ferret", "finch",
    "fox", "hare", "heron", "ibex", "lynx", "marten", "mole", "otter", "owl", "raven", "robin",
    "seal", "stork", "swan", "tern", "trout", "weasel", "wren",
)  # fmt: skip


def made_up_title() -> str:
    """Return a colour and an animal: ``teal-otter``."""
    return f"{secrets.choice(_COLOURS)}-{secrets.choice(_ANIMALS)}"
