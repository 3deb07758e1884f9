"""The header by which a gateway names the user of a request to the coordinator."""

from __future__ import annotations

from urllib.parse import quote, unquote

USER_HEADER = "x-jupyter-platform-user"
"""Header with the name of the user, percent-encoded; believed of who bears the owner's token."""
MAX_USER_LENGTH = 200


def is_user_name(text: str) -> bool:
    """Return whether a text can be the name of a user."""
    return 0 < len(text) <= MAX_USER_LENGTH and text.isprintable() and text.strip() == text


def encode_user(name: str) -> str:
    """Return the header's value for a name."""
    return quote(name, safe="")


def decode_user(header: str) -> str:
    """Return the name that a header holds."""
    return unquote(header)
