"""Which principal a request is of."""

from __future__ import annotations

import secrets

from jupyter_platform.coordinator.identity.principals import Principal, Proof
from jupyter_platform.core.errors import AuthenticationError, InvalidRequestError
from jupyter_platform.core.identity import MAX_USER_LENGTH, is_user_name


class Identity:
    """Tells principals by the token of the connection file, and by what the gateway says.

    Parameters
    ----------
    owner : str
        The user whose platform it is.
    token : str
        The token of the connection file. Who bears it is the owner, or a gateway that says in
        `core.identity.USER_HEADER` for whom it asks.
    """

    def __init__(self, owner: str, token: str) -> None:
        self.owner = Principal(owner, administers=True)
        self._expected = f"Bearer {token}".encode()

    def principal(self, authorization: str, user: str | None) -> Principal:
        """Return who asks.

        Parameters
        ----------
        authorization : str
            The header of that name; empty without one.
        user : str or None
            For whom a gateway asks; None: for the owner.

        Raises
        ------
        AuthenticationError
            If the token is not valid.
        InvalidRequestError
            If `user` is no name.
        """
        given = authorization.encode("utf-8", "replace")
        if not secrets.compare_digest(given, self._expected):
            raise AuthenticationError(
                "No valid token: send 'Authorization: Bearer <token>' with the token of the "
                "connection file."
            )
        if user is None or user == self.owner.user:
            return self.owner
        if not is_user_name(user):
            raise InvalidRequestError(
                f"The request is for the user {user[:100]!r}, which is no name; accepted: up to "
                f"{MAX_USER_LENGTH} printable characters."
            )
        return Principal(user, proof=Proof.GATEWAY)
