"""When the kernels of pages are ended; the kernels themselves are run in test_dashboards."""

import asyncio
import logging
import time

import pytest

from jupyter_platform.server.kernels import DashboardKernels, PageKernel
from tests.waiting import until_async


class Kernels:
    """The edge: kernels that are only names and numbers of connections."""

    def __init__(self):
        self.connections: dict[str, int] = {}
        self.started = 0

    async def start_kernel(self, **_):
        self.started += 1
        name = f"k{self.started}"
        self.connections[name] = 0
        return name

    def get_kernel(self, kernel):
        return Kernel(kernel in self.connections)

    def kernel_model(self, kernel):
        return {"connections": self.connections[kernel]}

    async def shutdown_kernel(self, kernel, now=False):
        del self.connections[kernel]

    def __contains__(self, kernel):
        return kernel in self.connections


class Kernel:
    def __init__(self, alive):
        self._alive = alive

    async def is_alive(self):
        return self._alive

    def client(self):
        return self

    def start_channels(self):
        pass

    def stop_channels(self):
        pass

    async def wait_for_ready(self, **_):
        pass

    async def execute(self, code, **_):
        pass


@pytest.fixture
def pool(jp_asyncio_loop):
    """Return a function that makes a pool; all are closed."""
    pools = []

    def make(**seconds):
        kernels = Kernels()
        given = {"opening_s": 60.0, "grace_s": 0.01, "spare_kept_s": 60.0, **seconds}
        pools.append(DashboardKernels(kernels, logging.getLogger(), **given))
        return pools[-1], kernels

    yield make
    for made in pools:
        jp_asyncio_loop.run_until_complete(made.close())


async def test_nothing_is_started_before_the_first_page(pool):
    _, kernels = pool()

    await asyncio.sleep(0)

    assert kernels.started == 0


async def test_a_spare_kernel_is_made_after_the_first_page_and_given_to_the_second(pool):
    made, _ = pool()
    first = await made.start_kernel()
    await until_async(lambda: made.spare is not None)
    spare = made.spare

    assert await made.start_kernel() == spare != first
    await until_async(lambda: made.spare not in (None, spare))


async def test_a_spare_kernel_that_died_is_not_given_away(pool):
    made, kernels = pool()
    await made.start_kernel()
    await until_async(lambda: made.spare is not None)
    dead = made.spare
    del kernels.connections[dead]

    assert await made.start_kernel() != dead


async def test_a_kernel_whose_page_has_gone_is_ended(pool):
    made, kernels = pool()
    kernel = await made.start_kernel()
    kernels.connections[kernel] = 1
    await until_async(lambda: made._lent[kernel] - time.monotonic() < 1)
    assert kernel in kernels

    kernels.connections[kernel] = 0

    await until_async(lambda: kernel not in kernels)
    assert kernel not in made.lent


async def test_a_page_that_never_connects_loses_its_kernel(pool):
    made, kernels = pool(opening_s=0.01)
    kernel = await made.start_kernel()

    await until_async(lambda: kernel not in kernels)


async def test_a_spare_kernel_that_nobody_wants_is_ended(pool):
    made, kernels = pool(opening_s=0.01, spare_kept_s=0.01)
    await made.start_kernel()

    await until_async(lambda: kernels.started == 2 and not kernels.connections)


@pytest.mark.parametrize(("keep", "left"), [(False, set()), (True, {"k1"})])
async def test_only_a_page_with_widgets_keeps_its_kernel(pool, keep, left):
    made, kernels = pool()
    page = PageKernel(made)

    async with page.kept(keep):
        await page.start_kernel()

    await until_async(lambda: made.spare == "k2")
    assert set(kernels.connections) - {"k2"} == left


async def test_a_page_that_fails_gives_its_kernel_back(pool):
    made, kernels = pool()
    page = PageKernel(made)

    async def show():
        async with page.kept(False):
            await page.start_kernel()
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        await show()

    assert "k1" not in kernels
