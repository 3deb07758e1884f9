"""Deployments in containers of a real container service."""

import os
import urllib.request

import pytest

from jupyter_platform.runtime.atomic import read_json
from jupyter_platform.runtime.containers.opening import SOCKET_VARIABLE, open_containers
from tests.container_service import IMAGE, container_service
from tests.waiting import until

pytestmark = pytest.mark.root

SERVES = (
    "mkdir a b; cd a; echo chosen > index.html; httpd -p 8080; cd ../b; echo beside > index.html"
)
RECIPE = {
    "runtime": "container",
    "image": IMAGE,
    "services": {
        "api": {"port": 8080, "command": ["sh", "-c", f"{SERVES}; exec httpd -f -p 9090"]},
        "monitor": {"port": 9090},
    },
}


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with container_service(tmp_path_factory.mktemp("d")) as address:
        yield address


@pytest.fixture(autouse=True)
def told(address, monkeypatch):
    monkeypatch.setenv(SOCKET_VARIABLE, address)


def running(script, **more):
    return {**RECIPE, "services": {"api": {"port": 8080, "command": ["sh", "-c", script]}}, **more}


def test_services_of_a_container_answer_at_the_places_that_the_door_finds(deploy, address):
    deployed = deploy(RECIPE, configuration={"hardware": {"disk": 1000}})
    deployed.wait_ready()
    until(lambda: {"service": "monitor", "alive": True} in deployed.events("service"))

    for service, page in (("api", b"chosen"), ("monitor", b"beside")):
        port = read_json(deployed.sockets / f"{service}.json")["port"]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=20) as answer:
            assert answer.read().strip() == page
    assert (deployed.path / "work" / "a" / "index.html").stat().st_uid == os.getuid()

    deployed.folder.signal("stop")
    left, result = deployed.wait()
    assert (left.code, result.status) == (0, "stopped")
    assert not open_containers(address).is_running(deployed.path)
    assert list(deployed.sockets.iterdir()) == []


@pytest.mark.parametrize(
    ("recipe", "sentence"),
    [
        (running("exit 3"), "The container ended with code 3 before it answered"),
        (running("x=x; while true; do x=$x$x$x$x; done"), "It used up its memory of 64.0 MB"),
        ({**RECIPE, "image": "127.0.0.1:9/none:1"}, "image 127.0.0.1:9/none:1"),
    ],
    ids=["ends", "memory", "image"],
)
def test_end_of_a_container_is_told_in_a_sentence(deploy, recipe, sentence):
    deployed = deploy(recipe)

    assert sentence in deployed.failure()
