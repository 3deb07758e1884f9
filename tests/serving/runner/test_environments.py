"""Environments of items: from a lock, shared, whole or not there, and removed when unused."""

import contextlib
import fcntl
import os
import signal
import socket
import subprocess
import threading

import psutil
import pytest

from jupyter_platform.core.errors import HostError, InvalidDataError
from jupyter_platform.runtime.stopping import StopRequest
from jupyter_platform.runtime.virtual_environments import (
    StoppedError,
    prepare_environment,
    read_lock,
    remove_unused,
)
from jupyter_platform.runtime.virtual_environments.lock import installed_packages
from tests.waiting import until

from .conftest import serves

LAYERED, APART = {"layered": True}, {"layered": False}


def version_in(environment, module: str) -> str:
    """Return the version of a module as an environment imports it; empty where it has none."""
    code = f"import {module} as m; print(getattr(m, 'VERSION', None) or m.__version__)"
    found = subprocess.run(
        [environment.interpreter, "-I", "-c", code], capture_output=True, text=True, check=False
    )
    return found.stdout.strip()


@pytest.fixture
def prepare(tmp_path):
    """Prepare environments from the text of locks, in a folder of this test."""
    made = []

    def begin(text, *, layered=True, stop=None, told=None):
        path = tmp_path / "requirements.lock"
        path.write_text(text)
        environment = prepare_environment(
            tmp_path / "environments",
            read_lock(path),
            layered=layered,
            stop=stop or StopRequest(),
            on_progress=lambda text, fraction: told is None or told.append(text),
        )
        made.append(environment)
        return environment

    yield begin
    for environment in made:
        environment.close()


def test_items_that_want_different_versions_of_one_package_both_run(deploy, index):
    # The platform has a third version of click.
    lines = [index("click", "0.1"), index("click", "0.2")]
    recipe = {
        "environment": LAYERED,
        "services": {"api": serves("import-click", "import-torch", "import-jupyter_platform")},
    }
    both = [
        deploy(recipe, name=name, files={"requirements.lock": line})
        for name, line in zip(("one", "two"), lines, strict=True)
    ]
    for deployed, version in zip(both, ("0.1", "0.2"), strict=True):
        deployed.wait_ready()
        found = deployed.get()
        assert found["modules"]["click"] == version
        # Both from the platform: torch is not installed a second time.
        assert found["modules"]["torch"] == installed_packages()["torch"]
        assert found["modules"]["jupyter_platform"]
        assert found["variables"]["VIRTUAL_ENV"] in found["variables"]["PATH"]
        assert deployed.phases() == ["environment", "warm-up", "ready"]
        assert "Fetching 1 package: click" in [item["text"] for item in deployed.events("phase")]


def test_an_environment_apart_has_our_package_and_nothing_else_of_the_platform(prepare, index):
    environment = prepare(index("small", "1.0"), layered=False)
    assert version_in(environment, "small") == "1.0"
    assert version_in(environment, "jupyter_platform")
    for module in ("torch", "numpy", "pydantic"):
        assert version_in(environment, module) == ""


def test_what_the_platform_has_in_that_version_is_not_installed_again(prepare, index):
    version = installed_packages()["click"]
    environment = prepare(index("click", version) + index("small", "1.0"))
    # The wheel of this test would tell its version as VERSION.
    origin = subprocess.run(
        [environment.interpreter, "-c", "import click; print(click.__file__)"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert not origin.stdout.startswith(str(environment.folder))
    assert version_in(environment, "small") == "1.0"


def test_two_at_once_make_one_and_share_it(deploy, index, paths):
    recipe = {"environment": LAYERED, "services": {"api": serves("import-small")}}
    files = {"requirements.lock": index("small", "1.0")}
    both = [deploy(recipe, name=name, files=files) for name in ("one", "two")]
    for deployed in both:
        deployed.wait_ready()
        assert deployed.get()["modules"]["small"] == "1.0"
    texts = [item["text"] for deployed in both for item in deployed.events("phase")]
    assert texts.count("Making a virtual environment") == 1
    assert len(list(paths.environments.glob("*/made.json"))) == 1
    # Both use it: it is kept, whatever its age. When nobody does, it goes.
    assert remove_unused(paths.environments, kept_s=0) == []
    for deployed in both:
        deployed.folder.signal("stop")
        deployed.wait()
    assert remove_unused(paths.environments, kept_s=3600) == []
    assert len(remove_unused(paths.environments, kept_s=0)) == 1
    assert not list(paths.environments.glob("*/made.json"))


def test_one_that_was_killed_half_way_is_made_anew(deploy, index, paths):
    recipe = {"environment": LAYERED, "services": {"api": serves("import-small")}}
    files = {"requirements.lock": index("small", "1.0")}
    # An index that takes calls and never answers stands for a large package on its way.
    with pytest.MonkeyPatch.context() as patch, socket.create_server(("127.0.0.1", 0)) as silent:
        patch.delenv("UV_NO_INDEX")
        patch.delenv("UV_FIND_LINKS")
        patch.setenv("UV_DEFAULT_INDEX", f"http://127.0.0.1:{silent.getsockname()[1]}/simple")
        deployed = deploy(recipe, files=files)
        silent.accept()
    record = deployed.folder.process()
    os.kill(record.pid, signal.SIGKILL)
    until(deployed.ended, deployed.log)
    folder = next(path.parent for path in paths.environments.glob("*/requirements.lock"))
    assert not (folder / "made.json").exists()
    assert not _running_in(folder)

    again = deploy(recipe, files=files)
    again.wait_ready()
    assert again.get()["modules"]["small"] == "1.0"
    assert (folder / "made.json").exists()


def _running_in(folder):
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            found += [word for word in process.cmdline() if str(folder) in word]
    return found


def test_one_that_nobody_has_used_for_long_goes_when_another_is_made(prepare, index):
    old = prepare(index("small", "1.0"))
    root = old.folder.parent
    mark = root / f"{old.folder.name}.use"
    os.utime(mark, (1, 1))
    kept = prepare(index("small", "2.0"))
    assert old.folder.exists()  # it is in use, however long ago that began
    old.close()
    prepare(index("small", "3.0"))
    assert not old.folder.exists()
    assert kept.folder.exists()


def test_without_a_network_the_sentence_says_what_is_missing(prepare, monkeypatch, unused_port):
    monkeypatch.setenv("UV_DEFAULT_INDEX", f"http://127.0.0.1:{unused_port}/simple")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    with pytest.raises(HostError, match="The package index cannot be reached from this host"):
        prepare(f"no-such-package==1.0 --hash=sha256:{'0' * 64}\n")


def test_a_package_of_another_content_is_refused(prepare, index, tmp_path):
    index("small", "1.0")
    with pytest.raises(HostError, match="A package is not the one that was locked"):
        prepare(f"small==1.0 --hash=sha256:{'0' * 64}\n")
    assert not list((tmp_path / "environments").glob("*/bin"))


def test_a_stop_is_heard_while_another_makes_the_same(prepare, index, tmp_path):
    lock = index("small", "1.0")
    environment = prepare(lock)
    root, digest = environment.folder.parent, environment.folder.name
    stop, told = StopRequest(), []
    holder = open(root / f"{digest}.lock", "r+")  # noqa: SIM115 - held as another process does
    fcntl.flock(holder, fcntl.LOCK_EX)
    failed = []

    def ask():
        try:
            prepare(lock, stop=stop, told=told)
        except StoppedError:
            failed.append("stopped")

    asking = threading.Thread(target=ask)
    asking.start()
    until(lambda: told)
    assert told == ["Another deployment is making the same environment"]
    stop.requested = True
    asking.join()
    holder.close()
    assert failed == ["stopped"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("small==1.0\n", "a line without hashes, 'small==1.0'"),
        (f"small>=1.0 --hash=sha256:{'0' * 64}\n", "no exact version of small"),
        (f"small==1.* --hash=sha256:{'0' * 64}\n", "no exact version of small"),
        (f"-e . --hash=sha256:{'0' * 64}\n", "a line that is no package"),
        (f"torch==1.0 --hash=sha256:{'0' * 64}\n", "pins torch 1.0, and the platform has"),
    ],
)
def test_what_is_no_lock_is_refused(prepare, text, words):
    with pytest.raises(InvalidDataError, match=words):
        prepare(text)


def test_lines_for_other_machines_are_passed_over(tmp_path):
    path = tmp_path / "requirements.lock"
    path.write_text(
        "# made by a person\n"
        "here==1.0 ; sys_platform == 'linux' \\\n"
        f"    --hash=sha256:{'0' * 64} \\\n    --hash=sha256:{'1' * 64}\n    # via x\n"
        f"there==1.0 ; sys_platform == 'win32' --hash=sha256:{'0' * 64}\n"
    )
    (pin,) = read_lock(path).pins
    assert (pin.name, pin.version) == ("here", "1.0")
