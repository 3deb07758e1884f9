"""Searches that people keep."""

from __future__ import annotations

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from jupyter_platform.coordinator.identity.principals import Principal
from jupyter_platform.coordinator.store import Store
from jupyter_platform.coordinator.store.tables import SavedSearchRow
from jupyter_platform.core.errors import ConflictError, NotFoundError, refusal
from jupyter_platform.core.marketplace import ItemQuery, SavedSearch

LONGEST_NAME = 100
MOST = 100
"""Searches that one person keeps."""


class SavedSearches:
    """The searches of each person.

    Parameters
    ----------
    store : Store
        The state store.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    async def records(self, principal: Principal) -> list[SavedSearch]:
        """Return the searches of who asks, by name."""
        rows = await self._store.read(
            lambda session: session.scalars(
                select(SavedSearchRow)
                .where(SavedSearchRow.owner == principal.user)
                .order_by(SavedSearchRow.name)
            ).all()
        )
        return [_record(row) for row in rows]

    async def put(self, principal: Principal, name: str, query: ItemQuery) -> SavedSearch:
        """Keep a search, in the place of one of that name.

        Parameters
        ----------
        principal : Principal
            Whose it is.
        name : str
            Its name.
        query : ItemQuery
            What it looks for.

        Raises
        ------
        OptionError
            If the name is empty or too long.
        ConflictError
            If there are too many.
        """
        shown = name.strip()
        if not shown or len(shown) > LONGEST_NAME or not shown.isprintable():
            accepted = f"1 to {LONGEST_NAME} printable characters"
            raise refusal("name", name[:200], f"The name of a search has {accepted}.", accepted)

        def work(session: Session) -> SavedSearchRow:
            row = session.get(SavedSearchRow, (principal.user, shown))
            if row is None:
                _check_room(session, principal.user)
                row = SavedSearchRow(owner=principal.user, name=shown, query={})
                session.add(row)
            row.query = query.model_dump(mode="json")
            return row

        return _record(await self._store.run(work))

    async def delete(self, principal: Principal, name: str) -> None:
        """Forget a search.

        Parameters
        ----------
        principal : Principal
            Whose it is.
        name : str
            Its name.

        Raises
        ------
        NotFoundError
            If there is none of that name.
        """

        def work(session: Session) -> int:
            mine = SavedSearchRow.owner == principal.user
            done = session.execute(
                delete(SavedSearchRow).where(mine, SavedSearchRow.name == name.strip())
            )
            return int(done.rowcount)  # type: ignore[attr-defined]

        if not await self._store.run(work):
            raise NotFoundError(f"You keep no search {name[:LONGEST_NAME]!r}.")


def _check_room(session: Session, owner: str) -> None:
    mine = select(func.count()).where(SavedSearchRow.owner == owner)
    if (session.scalar(mine) or 0) >= MOST:
        raise ConflictError(f"You keep {MOST} searches already; delete one first.")


def _record(row: SavedSearchRow) -> SavedSearch:
    query = ItemQuery.model_validate(row.query)
    return SavedSearch(name=row.name, query=query, created=row.created)
