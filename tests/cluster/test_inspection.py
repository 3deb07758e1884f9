"""The inspector: one question at a time, and a fresh one when it hangs or dies."""

import asyncio
import os
import sys

import pytest

from jupyter_platform.cluster.inspection import Inspector
from jupyter_platform.cluster.warm import WarmProcess
from jupyter_platform.core.errors import NotFoundError, UnavailableError

INSPECTOR = """
import json, os, socket, sys, time
server = socket.socket(socket.AF_UNIX)
server.bind(sys.argv[1])
server.listen()
connection, _ = server.accept()
for line in connection.makefile("r"):
    request = json.loads(line)
    answer = {"id": request["id"]}
    if request["op"] == "hang":
        time.sleep(3600)
    if request["op"] == "die":
        os._exit(3)
    if request["op"] == "fail":
        answer["error"] = {"message": "no such network", "code": "not_found", "errors": []}
    else:
        answer["ok"] = {"pid": os.getpid()}
    connection.sendall(json.dumps(answer).encode() + b"\\n")
"""


def test_inspector_is_asked_started_again_and_given_up_on(tmp_path, sockets):
    script = tmp_path / "inspector.py"
    script.write_text(INSPECTOR)

    async def scenario():
        inspector = Inspector(
            WarmProcess(sockets / "warm.sock", tmp_path / "warm.log"),
            sockets,
            tmp_path / "inspector.log",
            [sys.executable, str(script)],
        )
        try:
            first = await inspector.ask({"op": "pid"}, 30)
            again = await inspector.ask({"op": "pid"}, 30)
            with pytest.raises(NotFoundError, match="no such network"):
                await inspector.ask({"op": "fail"}, 30)
            with pytest.raises(UnavailableError, match="did not answer within"):
                await inspector.ask({"op": "hang"}, 0.2)
            third = await inspector.ask({"op": "pid"}, 30)
            os.kill(third["pid"], 9)
            fourth = await inspector.ask({"op": "pid"}, 30)
            with pytest.raises(UnavailableError, match="died"):
                await inspector.ask({"op": "die"}, 30)
        finally:
            await inspector.close()
        return first, again, third, fourth

    first, again, third, fourth = asyncio.run(scenario())

    assert first == again
    assert len({first["pid"], third["pid"], fourth["pid"]}) == 3
