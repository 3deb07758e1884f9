import asyncio
import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from jupyter_platform.coordinator.store import Store
from jupyter_platform.coordinator.store.tables import AttemptRow, JobRow, SettingRow
from jupyter_platform.core.errors import StoreError
from tests.waiting import DEADLINE_S


def count(session, table=JobRow):
    return session.scalar(select(func.count()).select_from(table))


async def test_a_row_comes_back_as_it_was(store, job_row):
    when = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    await store.run(lambda session: session.add(job_row(submitted_at=when, warnings=["one"])))

    row = await store.read(lambda session: session.get(JobRow, "0123456789ab"))

    assert (row.submitted_at, row.warnings, row.networks) == (when, ["one"], ["mlp"])
    assert row.reason_data is None


async def test_an_exception_rolls_everything_back(store, job_row):
    def fail(session):
        session.add(job_row())
        session.flush()
        raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError, match="on purpose"):
        await store.run(fail)

    assert await store.read(count) == 0


async def test_what_a_reader_changes_is_thrown_away(store, job_row):
    await store.run(lambda session: session.add(job_row()))

    await store.read(lambda session: session.execute(text("DELETE FROM workloads")))

    assert await store.read(count) == 1


async def test_writes_happen_one_after_the_other_in_order(store):
    seen = []

    await asyncio.gather(*(store.run(lambda _, n=n: seen.append(n)) for n in range(50)))

    assert seen == list(range(50))


async def test_readers_see_a_snapshot_while_somebody_writes(store, job_row):
    entered, leave = threading.Event(), threading.Event()

    def slow_write(session):
        session.add(job_row())
        session.flush()
        entered.set()
        assert leave.wait(DEADLINE_S)

    writing = asyncio.create_task(store.run(slow_write))
    await asyncio.to_thread(entered.wait, 20)
    before = await store.read(count)
    leave.set()
    await writing

    assert (before, await store.read(count)) == (0, 1)


async def test_submissions_are_numbered_in_order_also_in_bulk(store, job_row):
    rows = [job_row(id=f"{n:012x}") for n in range(200)]
    await store.run(lambda session: session.add_all(rows))

    ids = await store.read(lambda s: list(s.scalars(select(JobRow.id).order_by(JobRow.sequence))))

    assert ids == [f"{n:012x}" for n in range(200)]


async def test_foreign_keys_are_enforced_and_cascade(store, job_row, attempt_row):
    with pytest.raises(IntegrityError):
        await store.run(lambda session: session.add(attempt_row()))
    await store.run(lambda session: session.add(job_row()))
    await store.run(lambda session: session.add(attempt_row()))

    await store.run(lambda session: session.execute(text("DELETE FROM workloads")))

    assert await store.read(lambda session: count(session, AttemptRow)) == 0


async def test_the_file_is_safe_against_a_power_cut(store):
    def pragmas(session):
        names = ("journal_mode", "synchronous", "foreign_keys")
        return [session.execute(text(f"PRAGMA {name}")).scalar() for name in names]

    assert await store.run(pragmas) == ["wal", 2, 1]
    assert await store.read(pragmas) == ["wal", 2, 1]


def test_an_acknowledged_write_survives_kill_9(paths):
    script = textwrap.dedent("""
        import asyncio, sys
        from pathlib import Path
        from jupyter_platform.coordinator.store import Store
        from jupyter_platform.coordinator.store.tables import SettingRow

        async def main():
            store = Store.open(Path(sys.argv[1]))
            for number in range(1_000_000):
                row = SettingRow(key=str(number), value={})
                await store.run(lambda session: session.add(row))
                print(number, flush=True)

        asyncio.run(main())
    """)
    writer = subprocess.Popen(
        [sys.executable, "-c", script, paths.database], stdout=subprocess.PIPE, text=True
    )
    try:
        for _ in range(20):
            last = int(writer.stdout.readline())
    finally:
        os.kill(writer.pid, signal.SIGKILL)
        rest = writer.communicate()[0].split()
    last = max([last, *map(int, rest)])

    with contextlib.closing(sqlite3.connect(paths.database)) as connection:
        query = connection.execute("SELECT count(*) FROM settings WHERE key = ?", [str(last)])
        assert query.fetchone() == (1,)


async def killed_with(paths, tmp_path, count):
    """Return the files of a store of some rows, as a kill -9 leaves them, with their settings."""
    store = Store.open(paths.database)
    for number in range(count):
        await store.run(lambda session, n=number: session.add(SettingRow(key=str(n), value={})))
    folder = tmp_path / "killed"
    folder.mkdir()
    for name in ("platform.db", "platform.db-wal"):
        shutil.copy(paths.database.with_name(name), folder / name)
    await store.close()
    return folder / "platform.db"


async def keys(store):
    return await store.read(lambda s: sorted(int(row.key) for row in s.scalars(select(SettingRow))))


@pytest.mark.parametrize("torn", [0, 10, 5000])
async def test_a_torn_end_is_what_a_power_cut_leaves(paths, tmp_path, torn):
    database = await killed_with(paths, tmp_path, 20)
    log = database.with_name("platform.db-wal")
    os.truncate(log, log.stat().st_size - torn)

    store = Store.open(database)

    assert store.damage is None
    assert len(await keys(store)) >= 18
    await store.close()


async def test_changes_that_a_damaged_log_hides_are_told_and_the_log_is_kept(paths, tmp_path):
    database = await killed_with(paths, tmp_path, 20)
    log = database.with_name("platform.db-wal")
    damaged = bytearray(log.read_bytes())
    middle = len(damaged) - 8 * (4096 + 24)
    damaged[middle : middle + 64] = os.urandom(64)
    log.write_bytes(damaged)

    store = Store.open(database)

    found = await keys(store)
    assert 0 < len(found) < 19
    lost = 20 - len(found)
    assert f"its last {lost} changes cannot be read and are lost" in store.damage
    assert str(database.with_name("platform.db-wal.damaged")) in store.damage
    assert database.with_name("platform.db-wal.damaged").read_bytes() == bytes(damaged)
    await store.close()
    again = Store.open(database)
    assert again.damage is None, "it is told once"
    assert await keys(again) == found
    await again.close()


def test_a_network_file_system_is_refused_with_the_cure(tmp_path):
    mounts = tmp_path / "mountinfo"
    mounts.write_text(
        "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
        f"40 22 0:35 / {tmp_path}/home rw - nfs4 filer:/home rw\n"
    )

    with pytest.raises(StoreError, match=r"network file system \(nfs4\).*JUPYTER_DATA_DIR"):
        Store.open(tmp_path / "home" / "platform.db", mountinfo=str(mounts))

    assert not (tmp_path / "home").exists()


def test_a_file_that_is_no_database_is_refused(paths):
    paths.database.write_bytes(b"this is not a database" * 100)

    with pytest.raises(StoreError, match="cannot be used: file is not a database"):
        Store.open(paths.database)

    assert paths.database.read_bytes().startswith(b"this is not")


async def test_a_damaged_page_is_told_when_it_is_met(paths):
    store = Store.open(paths.database)
    for number in range(200):
        row = SettingRow(key=str(number), value={"text": "x" * 200})
        await store.run(lambda session, row=row: session.add(row))
    await store.close()
    content = bytearray(paths.database.read_bytes())
    content[-10 * 4096 :] = os.urandom(10 * 4096)
    paths.database.write_bytes(content)
    store = Store.open(paths.database)

    with pytest.raises(StoreError, match=r"cannot be used: .*malformed.* Move it away"):
        await store.read(lambda session: session.scalars(select(SettingRow)).all())
    await store.close()


def test_a_store_of_a_newer_version_is_refused(paths):
    asyncio.run(Store.open(paths.database).close())
    with sqlite3.connect(paths.database) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()

    with pytest.raises(StoreError, match=r"newer version.*schema 9999"):
        Store.open(paths.database)


def test_a_database_without_its_driver_is_refused():
    with pytest.raises(StoreError, match="No driver is installed"):
        Store.open("nosuchdatabase://localhost/platform")


async def test_a_store_is_opened_again_as_it_was(paths, job_row):
    first = Store.open(paths.database)
    await first.run(lambda session: session.add(job_row()))
    await first.close()

    second = Store.open(paths.database)
    found = await second.read(count)
    await second.close()

    assert found == 1


async def test_writes_that_wait_together_are_on_disk_and_fail_alone(store, paths, job_row):
    def add(number):
        def work(session):
            session.add(job_row(id=f"{number:012}", name=f"job {number}"))
            session.flush()
            if number % 3 == 0:
                raise ValueError(number)
            return number

        return work

    answers = await asyncio.gather(
        *(store.run(add(number)) for number in range(200)), return_exceptions=True
    )

    for number, answer in enumerate(answers):
        assert answer == number if number % 3 else isinstance(answer, ValueError)
    with sqlite3.connect(paths.database) as other:
        kept = {row[0] for row in other.execute("SELECT name FROM workloads")}
    assert kept == {f"job {number}" for number in range(200) if number % 3}


async def test_a_write_that_breaks_a_rule_of_the_tables_fails_alone(store, job_row):
    writes = [store.run(lambda s: s.add(job_row(id="a" * 12))) for _ in range(20)]

    answers = await asyncio.gather(*writes, return_exceptions=True)

    assert [answer for answer in answers if answer is None] == [None]
    assert sum(isinstance(answer, IntegrityError) for answer in answers) == 19


async def test_json_comes_back_as_it_was(store, job_row):
    options = {"bytes of a log": "\udc80", "large": 2**80, "small": 1e-300, "none": None}
    await store.run(lambda session: session.add(job_row(options=options)))

    row = await store.read(lambda session: session.get(JobRow, "0123456789ab"))

    assert row.options == options
