"""How a gateway tells the coordinator for whom it asks."""

from __future__ import annotations

from urllib.parse import quote, unquote

USER_HEADER = "x-jupyter-platform-user"
"""Header with the name of the user, percent-encoded; believed of who bears the owner's token."""
MAX_USER_LENGTH = 200


def is_user_name(text: str) -> bool:
    """Return whether a text can be the name of a user."""
    return 0 < len(text) <= MAX_USER_LENGTH and text.isprintable() and text.strip() == text


def encode_user(name: str) -> str:
    """Return a name as it stands in the header."""
    return quote(name, safe="")


def decode_user(header: str) -> str:
    """Return the name that a header holds."""
    return unquote(header)
