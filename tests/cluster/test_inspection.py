"""The inspector: one question at a time, and a fresh one when it hangs or dies."""

import asyncio
import os
import sys

import pytest

from jupyter_platform.cluster import inspection
from jupyter_platform.cluster.inspection import Inspector, Inspectors, reads_data
from jupyter_platform.cluster.warm import WarmProcess
from jupyter_platform.core.errors import NoAnswerError, NotFoundError, UnavailableError
from tests.waiting import DEADLINE_S

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


def test_inspector_is_asked_started_again_and_given_up_on(tmp_path, sockets, monkeypatch):
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
            first = await inspector.ask({"op": "pid"}, DEADLINE_S)
            again = await inspector.ask({"op": "pid"}, DEADLINE_S)
            with pytest.raises(NotFoundError, match="no such network"):
                await inspector.ask({"op": "fail"}, DEADLINE_S)
            with pytest.raises(UnavailableError, match="did not answer within"):
                await inspector.ask({"op": "hang"}, 0.2)
            second = await inspector.ask({"op": "pid"}, DEADLINE_S)
            monkeypatch.setattr(inspection, "HANGS_AFTER_S", 0.2)
            with pytest.raises(NoAnswerError, match="came to no end within"):
                await inspector.ask({"op": "hang"}, 0.4)
            third = await inspector.ask({"op": "pid"}, DEADLINE_S)
            os.kill(third["pid"], 9)
            fourth = await inspector.ask({"op": "pid"}, DEADLINE_S)
            with pytest.raises(NoAnswerError, match="ended the process that looked at it"):
                await inspector.ask({"op": "die"}, DEADLINE_S)
        finally:
            await inspector.close()
        return first, again, second, third, fourth

    first, again, *others = asyncio.run(scenario())

    assert first == again
    assert len({answer["pid"] for answer in (first, *others)}) == 4


DATASET = {"kind": "moons", "name": "d"}


@pytest.mark.parametrize(
    ("request_", "reads"),
    [
        ({"op": "network", "description": {}}, False),
        ({"op": "dataset", "descriptor": DATASET}, True),
        ({"op": "preview", "descriptor": DATASET, "options": {}}, True),
        ({"op": "check", "dataset": None, "options": {}}, False),
        ({"op": "check", "dataset": DATASET, "facts": {"size": 1}, "options": {}}, False),
        ({"op": "check", "dataset": DATASET, "facts": None, "options": {}}, True),
        ({"op": "check", "dataset": DATASET, "facts": {}, "options": {"labels": ["1"]}}, True),
        ({"op": "predict", "dataset": DATASET, "samples": [1]}, True),
    ],
)
def test_what_reads_data_is_told_apart(request_, reads):
    assert reads_data(request_) is reads


def test_a_question_about_a_network_passes_data_that_are_read_and_so_do_other_data(
    tmp_path, sockets
):
    script = tmp_path / "inspector.py"
    script.write_text(INSPECTOR.replace('"hang"', '"preview"'))
    warm = WarmProcess(sockets / "warm.sock", tmp_path / "warm.log")

    def make(name):
        log = tmp_path / "inspector.log"
        return Inspector(warm, sockets, log, [sys.executable, str(script)], name)

    async def scenario():
        inspectors = Inspectors(make("quick"), [make("a"), make("b")])
        reading = asyncio.create_task(inspectors.ask({"op": "preview"}, DEADLINE_S))
        try:
            await asyncio.sleep(0)
            network = await inspectors.ask({"op": "network"}, DEADLINE_S)
            other = await inspectors.ask({"op": "dataset"}, DEADLINE_S)
            again = await inspectors.ask({"op": "dataset"}, DEADLINE_S)
            assert not reading.done()
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
            await inspectors.close()
        return network, other, again

    network, other, again = asyncio.run(scenario())

    assert other == again
    assert network["pid"] != other["pid"]
