"""Finding out that SQLite has passed over changes because its write-ahead log is damaged.

SQLite reads the log up to the first frame that is not sound and says nothing about the rest:
after a power cut there is a torn end, and that is fine. Several whole transactions behind a broken
frame are none that a power cut leaves: each of them was on disk, and confirmed to its writer.

Source: https://www.sqlite.org/fileformat2.html#the_write_ahead_log
"""

from __future__ import annotations

import shutil
import struct
from pathlib import Path

from sqlalchemy import Engine

_HEADER = struct.Struct(">8I")
_FRAME = struct.Struct(">6I")
_MAGIC = 0x377F0682
_TORN = 1
"""Transactions that may be unreadable after a power cut: the one that was being written."""


def passed_over(engine: Engine, database: Path) -> str | None:
    """Return a sentence about changes that cannot be read any more; None where there are none.

    Called before anything is written: the damaged log is then kept beside the store.

    Parameters
    ----------
    engine : Engine
        Of the store.
    database : Path
        Its file.
    """
    log = database.with_name(f"{database.name}-wal")
    commits = _commits(log)
    if len(commits) <= _TORN:
        return None
    with engine.connect() as connection:
        # Frames that SQLite takes for sound, as this connection has recovered them.
        _, sound, _ = connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)").one()
        connection.rollback()
    lost = sum(number > max(int(sound), 0) for number in commits)
    if lost <= _TORN:
        return None
    kept = database.with_name(f"{database.name}-wal.damaged")
    shutil.copyfile(log, kept)
    return (
        f"The state store was damaged: its last {lost} changes cannot be read and are lost. "
        f"Jobs that they were about are gone from the lists; where one still runs, it is stopped "
        f"and its host keeps what it has learnt. The damaged part was kept as {kept}."
    )


def _commits(log: Path) -> list[int]:
    """Return the numbers, from 1, of the frames that end a transaction of the present log."""
    try:
        data = log.read_bytes()
    except FileNotFoundError:
        return []
    if len(data) < _HEADER.size + _FRAME.size:
        return []
    magic, _, page, _, *salts, _, _ = _HEADER.unpack_from(data)
    if magic & ~1 != _MAGIC or page not in (1 << power for power in range(9, 17)):
        return []
    found = []
    starts = range(_HEADER.size, len(data) - _FRAME.size - page + 1, _FRAME.size + page)
    for number, start in enumerate(starts, start=1):
        _, size_after, *frame_salts, _, _ = _FRAME.unpack_from(data, start)
        if size_after and frame_salts == salts:
            found.append(number)
    return found
