"""Principals: every service method that touches a user's property takes one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from jupyter_platform.core.errors import ForbiddenError


class Proof(StrEnum):
    """How a principal has shown who it is."""

    CONNECTION_FILE = "connection file"
    """The token that only the owner of the platform can read."""
    GATEWAY = "gateway"
    """The identity provider of a Jupyter server that bears that token."""
    NONE = "none"
    """It is the platform itself."""


@dataclass(frozen=True, slots=True)
class Principal:
    """The identity behind a request."""

    user: str
    administers: bool = False
    """Whether it sees and does everything: the owner of the platform."""
    proof: Proof = Proof.CONNECTION_FILE

    def sees(self, owner: str | None) -> bool:
        """Return whether it sees all of what belongs to `owner`; None: to nobody."""
        return owner is None or self.administers or self.user == owner

    def require(self, owner: str, what: str) -> None:
        """Refuse access to the property of another user.

        Parameters
        ----------
        owner : str
            Whose it is.
        what : str
            What it is, as the error names it, such as ``Job 'a'``.

        Raises
        ------
        ForbiddenError
            If it belongs to another user.
        """
        if not self.sees(owner):
            raise ForbiddenError(f"{what} is {owner}'s; {self.user} may not see or change it.")

    def require_administrator(self, action: str) -> None:
        """Refuse what only the owner of the platform does.

        Raises
        ------
        ForbiddenError
            If the principal is not the owner of the platform.
        """
        if not self.administers:
            raise ForbiddenError(f"Only the owner of the platform may {action}; ask them.")


PLATFORM = Principal("", administers=True, proof=Proof.NONE)
"""Who asks where the platform acts of itself."""
