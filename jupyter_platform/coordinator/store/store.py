"""The store: one writer, several readers, every acknowledged write on disk."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeVar

from sqlalchemy import Engine, create_engine, event, inspect, text
from sqlalchemy.exc import DatabaseError, NoSuchModuleError, OperationalError
from sqlalchemy.orm import Session, sessionmaker

from jupyter_platform.coordinator.store.columns import parse_json
from jupyter_platform.coordinator.store.damage import passed_over
from jupyter_platform.coordinator.store.migrating import HEAD, create, upgrade
from jupyter_platform.core.errors import StoreError
from jupyter_platform.runtime.filesystem import network_file_system

T = TypeVar("T")

_READERS = 2
MOST_AT_ONCE = 64
"""Writes that are committed together."""
_TOLD = ("malformed", "file is not a database", "disk is full", "disk I/O error")
"""SQLite's messages about pages that it cannot read or write."""


class _Write:
    """A work that waits to be written, and what came of it."""

    def __init__(self, work: Callable[[Session], Any]) -> None:
        self.work = work
        self.answer: Future[Any] = Future()
        self.result: Any = None
        self.error: BaseException | None = None

    def settle(self) -> None:
        """Tell who waits."""
        if self.error is None:
            self.answer.set_result(self.result)
        else:
            self.answer.set_exception(self.error)


class Store:
    """The state store.

    Work is a function of a `Session`; it runs in a thread, in one transaction, and rows that it
    returns are detached but loaded. An exception rolls the transaction back and reaches the
    caller. When `run` returns, the transaction is on disk.
    """

    def __init__(self, engine: Engine, damage: str | None = None) -> None:
        self.damage = damage
        """A sentence about what was lost, where the store was found damaged."""
        self._engine = engine
        self._sessions = sessionmaker(engine, expire_on_commit=False)
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="store-writer")
        self._queued: deque[_Write] = deque()
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="store-reader")

    @classmethod
    def open(cls, target: Path | str, *, mountinfo: str = "/proc/self/mountinfo") -> Store:
        """Open a store, bringing its schema up to date.

        Parameters
        ----------
        target : Path or str
            Path of an SQLite file, made when absent, or a database URL.
        mountinfo : str
            Where the mounts of this machine are listed.

        Raises
        ------
        StoreError
            If the file lies on a network file system, is no database, is in use by another
            process, or was written by a newer version.
        """
        path = Path(target) if isinstance(target, Path) or "://" not in target else None
        if path is not None:
            _refuse_network_file_system(path, mountinfo)
        engine = _engine_of_url(str(target)) if path is None else _sqlite_engine(path)
        try:
            damage = None if path is None else passed_over(engine, path)
            _bring_up_to_date(engine, path)
        except DatabaseError as error:
            engine.dispose()
            raise _unusable(engine, error) from error
        except BaseException:
            engine.dispose()
            raise
        return cls(engine, damage)

    async def run(self, work: Callable[[Session], T]) -> T:
        """Run `work` in one write transaction, after all earlier ones.

        What waits meanwhile is committed together, for one wait for the disk: each work is undone
        by itself where it raises, and returns when all of them are on disk.
        """
        write = _Write(work)
        self._queued.append(write)
        self._writer.submit(self._write_queued)
        result: T = await asyncio.wrap_future(write.answer)
        return result

    async def read(self, work: Callable[[Session], T]) -> T:
        """Run `work` on a snapshot, beside writers; what it changes is thrown away."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._look, work)

    @contextlib.contextmanager
    def _trusted(self) -> Iterator[None]:
        """Turn SQLite's errors about a damaged page or a full disk into advice."""
        try:
            yield
        except DatabaseError as error:
            if not _is_told(error):
                raise
            raise _unusable(self._engine, error) from error

    def _write_queued(self) -> None:
        """Do the waiting writes in order of arrival; an earlier call may have done them all."""
        batch: list[_Write] = []
        while self._queued and len(batch) < MOST_AT_ONCE:
            write = self._queued.popleft()
            if write.answer.set_running_or_notify_cancel():
                batch.append(write)
        try:
            if len(batch) == 1:
                batch[0].result = self._transact(batch[0].work)
            elif batch:
                self._transact_all(batch)
        except Exception as error:  # noqa: BLE001 - it reaches the waiting callers
            for write in batch:
                write.error = write.error or error
        for write in batch:
            write.settle()

    def _transact(self, work: Callable[[Session], Any]) -> Any:
        with self._trusted(), self._sessions.begin() as session:
            result = work(session)
            session.flush()
            return result

    def _transact_all(self, batch: Sequence[_Write]) -> None:
        with self._trusted(), self._engine.begin() as connection:
            for write in batch:
                # Its commit and rollback are those of a savepoint.
                mode: Literal["create_savepoint"] = "create_savepoint"
                with self._sessions(bind=connection, join_transaction_mode=mode) as session:
                    try:
                        write.result = write.work(session)
                        session.commit()
                    except Exception as error:
                        if _is_told(error):
                            raise
                        session.rollback()
                        write.error = error

    def _look(self, work: Callable[[Session], T]) -> T:
        with self._trusted(), self._sessions() as session:
            try:
                return work(session)
            finally:
                session.expunge_all()
                session.rollback()

    async def close(self) -> None:
        """Finish what is under way and close all connections."""
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._writer.shutdown()
        self._readers.shutdown()
        self._engine.dispose()


def _is_told(error: Exception) -> bool:
    return isinstance(error, DatabaseError) and any(word in str(error.orig) for word in _TOLD)


def _refuse_network_file_system(path: Path, mountinfo: str) -> None:
    kind = network_file_system(path.parent, mountinfo)
    if kind is not None:
        raise StoreError(
            f"The state store {path} lies on a network file system ({kind}), where SQLite's locks "
            "cannot be trusted and a crash can corrupt it. Set JUPYTER_DATA_DIR to a folder on a "
            "local disk."
        )


def _sqlite_engine(path: Path) -> Engine:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    engine = create_engine(
        f"sqlite:///{path}",
        pool_size=_READERS + 1,
        max_overflow=0,
        connect_args={"timeout": 10},
        json_deserializer=parse_json,
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    # The driver would begin transactions late, at the first write; SQLAlchemy begins them itself.
    connection.isolation_level = None
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "cache_size = -4000",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Any) -> None:
    connection.exec_driver_sql("BEGIN")


def _engine_of_url(url: str) -> Engine:
    try:
        return create_engine(url)
    except (NoSuchModuleError, ImportError) as error:
        raise StoreError(f"No driver is installed for the database {url!r}: {error}.") from error


def _bring_up_to_date(engine: Engine, path: Path | None) -> None:
    version = None
    with engine.connect() as connection:
        if inspect(connection).has_table("alembic_version"):
            version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if version is None:
        create(engine)
    elif version != HEAD:
        upgrade(engine, version, None if path is None else partial(_keep_copy, path, version))


def _keep_copy(path: Path, version: str) -> None:
    """Copy a database, so that an older release can be gone back to after an upgrade."""
    copy = path.with_name(f"{path.stem}-before-{version}.db")
    with contextlib.suppress(FileNotFoundError):
        copy.unlink()
    with contextlib.closing(sqlite3.connect(path)) as source:
        source.execute("VACUUM INTO ?", (str(copy),))
    copy.chmod(0o600)


def _unusable(engine: Engine, error: DatabaseError) -> StoreError:
    reason = str(error.orig)
    if isinstance(error, OperationalError) and "locked" in reason:
        advice = "Another process is using it; end that process first."
    elif "disk" in reason.replace("disk image", ""):
        advice = "Make room on its disk, or mend it; what runs goes on meanwhile."
    else:
        advice = "Move it away to start with an empty store, or restore a copy."
    return StoreError(f"The state store {engine.url.database} cannot be used: {reason}. {advice}")
