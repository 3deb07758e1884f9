"""When the kernels of pages are ended; the kernels themselves are run in test_dashboards."""

import asyncio
import contextlib
import logging
import time

import pytest

from jupyter_platform.server.kernels import RESET, WARM_UP, DashboardKernels
from tests.waiting import until_async


class Kernels:
    """The edge: kernels that are only names, numbers of connections and what they were told."""

    def __init__(self):
        self.connections: dict[str, int] = {}
        self.started = 0
        self.told: list[tuple[str, str]] = []
        self.answer = {"status": "ok"}

    async def start_kernel(self, **_):
        self.started += 1
        name = f"k{self.started}"
        self.connections[name] = 0
        return name

    def get_kernel(self, kernel):
        return Kernel(self, kernel)

    def kernel_model(self, kernel):
        return {"connections": self.connections[kernel]}

    async def shutdown_kernel(self, kernel, now=False):
        del self.connections[kernel]

    def __contains__(self, kernel):
        return kernel in self.connections


class Kernel:
    def __init__(self, kernels, name):
        self._kernels = kernels
        self._name = name

    async def is_alive(self):
        return self._name in self._kernels.connections

    def client(self):
        return self

    def start_channels(self, **_):
        pass

    def stop_channels(self):
        pass

    async def wait_for_ready(self, **_):
        pass

    async def execute(self, code, **_):
        if code:
            self._kernels.told.append((self._name, code))
        return {"content": self._kernels.answer}


@pytest.fixture
def pool(jp_asyncio_loop):
    """Return a function that makes a pool; all are closed."""
    pools = []

    def make(**options):
        kernels = Kernels()
        given = {"opening_s": 60.0, "grace_s": 0.01, "spare_kept_s": 60.0, **options}
        pools.append(DashboardKernels(kernels, logging.getLogger(), **given))
        return pools[-1], kernels

    yield make
    for made in pools:
        jp_asyncio_loop.run_until_complete(made.close())


async def render(made, *, keep=False) -> str:
    """Render a page and return the kernel that it had."""
    async with made.lend(keep=keep) as kernel:
        return kernel.id


async def test_nothing_is_started_before_a_page_is_about_to_be_opened(pool):
    made, kernels = pool()
    await asyncio.sleep(0)
    assert kernels.started == 0

    made.prepare()
    made.prepare()

    await until_async(lambda: made.spare == "k1")
    assert kernels.told == [("k1", WARM_UP)]
    assert await render(made) == "k1"


async def test_the_next_page_gets_the_kernel_of_the_page_before_and_none_of_its_names(pool):
    made, kernels = pool()

    assert [await render(made) for _ in range(3)] == ["k1"] * 3

    await until_async(lambda: made.spare == "k1")
    assert kernels.told == [("k1", WARM_UP), ("k1", RESET), ("k1", RESET)]
    assert kernels.started == 1


async def test_a_page_waits_for_the_kernel_while_another_is_rendered(pool):
    made, kernels = pool()

    async with made.lend(keep=False) as first:
        second = asyncio.ensure_future(render(made))
        await asyncio.sleep(0)
        assert not second.done()

    assert await second == first.id
    assert kernels.started == 1


async def test_a_page_that_would_wait_too_long_gets_a_kernel_of_its_own(pool, monkeypatch):
    monkeypatch.setattr("jupyter_platform.server.kernels.WAIT_S", 0.01)
    made, kernels = pool()

    async with made.lend(keep=False):
        assert await render(made) == "k2"

    await until_async(lambda: len(kernels.connections) == 1 and made.spare in kernels)


async def test_a_kernel_that_died_is_not_given_away(pool):
    made, kernels = pool()
    dead = await render(made)
    await until_async(lambda: made.spare == dead)
    del kernels.connections[dead]

    assert await render(made) != dead


async def test_a_kernel_that_cannot_forget_a_page_is_ended(pool):
    made, kernels = pool()
    kernels.answer = {"status": "error", "evalue": "broken"}

    kernel = await render(made)

    await until_async(lambda: kernel not in kernels)
    assert made.spare is None


async def test_a_kernel_that_has_rendered_many_pages_makes_room_for_a_fresh_one(pool):
    made, kernels = pool(most_pages=2)

    assert [await render(made) for _ in range(2)] == ["k1", "k1"]

    await until_async(lambda: set(kernels.connections) == {"k2"} and made.spare == "k2")


async def test_a_kernel_whose_page_has_gone_is_ended(pool):
    made, kernels = pool()
    kernel = await render(made, keep=True)
    kernels.connections[kernel] = 1
    await until_async(lambda: made._lent[kernel] - time.monotonic() < 1)
    assert kernel in kernels

    kernels.connections[kernel] = 0

    await until_async(lambda: kernel not in kernels)
    assert kernel not in made.lent


async def test_a_page_that_never_connects_loses_its_kernel(pool):
    made, kernels = pool(opening_s=0.01)
    kernel = await render(made, keep=True)

    await until_async(lambda: kernel not in kernels)


async def test_a_spare_kernel_that_nobody_wants_is_ended(pool):
    made, kernels = pool(spare_kept_s=0.01)
    await render(made)

    await until_async(lambda: kernels.started == 1 and not kernels.connections)


async def test_a_page_with_widgets_keeps_its_kernel_and_another_becomes_warm(pool):
    made, kernels = pool()

    kernel = await render(made, keep=True)

    await until_async(lambda: made.spare == "k2")
    assert set(kernels.connections) == {kernel, "k2"}


@pytest.mark.parametrize("keep", [False, True])
async def test_a_page_that_fails_leaves_no_kernel(pool, keep):
    made, kernels = pool()

    with contextlib.suppress(ValueError):
        async with made.lend(keep=keep):
            raise ValueError("broken")

    assert not kernels.connections
    assert not made.lent
    assert await render(made) == "k2"
