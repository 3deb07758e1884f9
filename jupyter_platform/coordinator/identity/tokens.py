"""Which principal a request is of."""

from __future__ import annotations

import secrets

from jupyter_platform.coordinator.identity.principals import Principal, Proof
from jupyter_platform.core.errors import AuthenticationError, InvalidRequestError
from jupyter_platform.core.identity import MAX_USER_LENGTH, is_user_name


class Identity:
    """Identifies principals by the token of the connection file and the gateway's user header.

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
        """Return the principal of a request.

        Parameters
        ----------
        authorization : str
            The header of that name; empty without one.
        user : str or None
            User on whose behalf the gateway asks; None: the owner.

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
