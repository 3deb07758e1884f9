from __future__ import annotations

import os
import socket

import pytest

from jupyter_platform.core.errors import CoordinatorError
from jupyter_platform.runtime.connection import (
    PROTOCOL,
    Connection,
    read_connection,
    write_connection,
)
from jupyter_platform.runtime.identity import boot_id, process_start_time
from jupyter_platform.runtime.processes import file_lock


@pytest.fixture
def connection() -> Connection:
    return Connection(
        url="http://127.0.0.1:1",
        token="very secret",
        pid=os.getpid(),
        start_time=process_start_time(os.getpid()),
        boot_id=boot_id(),
        hostname=socket.gethostname(),
        user="ada",
        version="1.0",
        protocol=PROTOCOL,
        data_dir="/data",
    )


def test_what_is_written_is_read_and_private(paths, connection):
    assert read_connection(paths) is None

    write_connection(paths, connection)

    assert read_connection(paths) == connection
    assert paths.connection_file.stat().st_mode & 0o777 == 0o600
    assert "very secret" not in repr(connection)


@pytest.mark.parametrize("change", [{"start_time": 1.0}, {"boot_id": "earlier"}, {"pid": 2**22}])
def test_file_of_a_dead_process_of_this_machine_is_no_connection(paths, connection, change):
    write_connection(paths, connection.model_copy(update=change))

    assert read_connection(paths) is None


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is not JSON"),
        (b"\xff\xfe", "it is not JSON"),
        (b"[]", "content"),
        (b'{"url": "http://x"}', "token: Field required"),
    ],
)
def test_corrupt_file_is_told(paths, content, reason):
    paths.connection_file.write_bytes(content)
    paths.connection_file.chmod(0o600)

    with pytest.raises(CoordinatorError, match=reason) as caught:
        read_connection(paths)

    assert str(paths.connection_file) in caught.value.message
    assert "Remove it" in caught.value.message


@pytest.mark.parametrize("mode", [0o644, 0o620, 0o602])
def test_file_open_to_others_is_refused(paths, connection, mode):
    write_connection(paths, connection)
    paths.connection_file.chmod(mode)

    with pytest.raises(CoordinatorError, match=f"mode {mode:04o}; 0600 is accepted"):
        read_connection(paths)


def test_links_and_other_things_are_refused(paths, tmp_path):
    paths.connection_file.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CoordinatorError, match="cannot be read"):
        read_connection(paths)
    paths.connection_file.unlink()
    os.mkfifo(paths.connection_file, 0o600)

    with pytest.raises(CoordinatorError, match="no plain file"):
        read_connection(paths)


def test_file_of_another_machine_says_whose_and_what_to_set(paths, connection):
    foreign = connection.model_copy(update={"hostname": "gpu-box", "boot_id": "x"})
    write_connection(paths, foreign)

    with pytest.raises(CoordinatorError, match="'gpu-box' \\(user 'ada'\\)") as caught:
        read_connection(paths)

    assert "JUPYTER_PLATFORM_API_URL" in caught.value.message
    assert "JUPYTER_PLATFORM_API_TOKEN" in caught.value.message


def test_container_of_this_machine_is_foreign_while_its_supervisor_holds_the_lock(
    paths, connection
):
    write_connection(paths, connection.model_copy(update={"hostname": "box-1", "pid": 2**22}))

    with file_lock(paths.supervisor_lock), pytest.raises(CoordinatorError, match="box-1"):
        read_connection(paths)

    assert read_connection(paths) is None


@pytest.mark.root
def test_file_of_another_user_is_refused(paths, connection):
    write_connection(paths, connection)
    os.chown(paths.connection_file, 65534, -1)

    with pytest.raises(CoordinatorError, match="belongs to user id 65534"):
        read_connection(paths)
