"""A process that answers questions sees when the code that it has imported was changed."""

from __future__ import annotations

import importlib
import os
import socket
import sys
import threading

import pytest

from jupyter_platform.learning.processes.line_server import EndServing, LineServer
from jupyter_platform.learning.processes.loaded_code import LoadedCode
from tests.waiting import DEADLINE_S


@pytest.fixture
def module(tmp_path, monkeypatch):
    """A module that is there to be imported."""
    path = tmp_path / "changeable_module.py"
    path.write_text("VALUE = 1\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield path
    sys.modules.pop("changeable_module", None)


def test_only_modules_that_came_later_are_watched(module):
    importlib.import_module("changeable_module")
    code = LoadedCode()
    module.unlink()

    assert not code.has_changed()


@pytest.mark.parametrize("change", ["touch", "remove"])
def test_a_changed_file_is_noticed(module, change):
    code = LoadedCode()
    importlib.import_module("changeable_module")
    assert not code.has_changed()
    assert not code.has_changed()

    if change == "remove":
        module.unlink()
    else:
        os.utime(module, ns=(1, 1))

    assert code.has_changed()


def test_a_server_may_end_instead_of_answering(tmp_path):
    path = tmp_path / "s" / "line.sock"
    with LineServer(path, None) as server:

        def answer(request):
            raise EndServing

        serving = threading.Thread(target=server.serve, args=(answer, lambda: True))
        serving.start()
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(DEADLINE_S)
            client.connect(str(path))
            client.sendall(b'{"op": "x"}\n')
            serving.join(DEADLINE_S)
            assert not serving.is_alive()
            server.release()
            assert client.recv(100) == b"", "nothing was answered"
