"""What the ranks of a gang tell each other, and how they meet."""

from __future__ import annotations

import queue
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest
import torch

from jupyter_platform.core.errors import HostError
from jupyter_platform.core.runs import JobRun, Rendezvous, RunId, RunSpec
from jupyter_platform.core.states import JobType
from jupyter_platform.learning.distributed.process_group import (
    Communicator,
    PeerLostError,
    interface_of,
    join,
)
from jupyter_platform.learning.run.stop_signal import StopFlag
from tests.learning.gangs import run_gang
from tests.waiting import DEADLINE_S

LOOPBACK = "127.0.0.1"


@pytest.mark.parametrize("size", [2, 3])
def test_every_rank_hears_what_any_of_them_says(size):
    def work(communicator):
        total = torch.tensor([float(communicator.rank), 1.0])
        communicator.add(total)
        return (
            total.tolist(),
            communicator.agree(communicator.rank == size - 1),
            communicator.agree(False),
            communicator.share({"loss": 0.25, "names": ["ä"]} if communicator.is_main else None),
            communicator.share(None),
        )

    told = {"loss": 0.25, "names": ["ä"]}
    expected = ([sum(range(size)), size], True, False, told, None)
    assert run_gang(size, work) == [expected] * size


@pytest.mark.parametrize(("count", "size"), [(10, 2), (7, 3), (3, 3)])
def test_the_parts_of_a_set_come_together_again_in_order(count, size):
    rows = torch.arange(count)

    def work(communicator):
        mine = communicator.part(rows)
        assert len(mine) in (count // size, count // size + 1)
        return communicator.gather(torch.stack([mine, mine * 2], dim=1))

    gathered, *others = run_gang(size, work)

    assert others == [None] * (size - 1)
    assert gathered.tolist() == [[row, row * 2] for row in range(count)]


def test_alone_nothing_is_sent():
    alone, values = Communicator(), torch.arange(3.0)

    alone.add(values)

    assert (alone.is_main, alone.is_alone) == (True, True)
    assert alone.agree(True)
    assert alone.share({"a": 1}) == {"a": 1}
    assert alone.part(values) is not None
    assert alone.gather(values) is values
    assert alone.part(values).tolist() == values.tolist() == [0, 1, 2]


def spec(rank, store=None, secret="s3", size=2):
    return RunSpec(
        run=RunId(workload="job", attempt=1, rank=rank),
        name="a gang",
        world_size=size,
        ranks_meet=True,
        gang=Rendezvous(address=LOOPBACK, secret=secret, store=store),
        process="jupyter_platform.learning.processes.process",
        job=JobRun(type=JobType.LEARN),
    )


@pytest.fixture
def meet():
    """Join as rank 0 in a thread; give where it may be met, and its future gang."""
    with ThreadPoolExecutor() as pool:
        stops = []

        def start(**fields):
            told, stop = queue.Queue(), StopFlag()
            stops.append(stop)
            lead = pool.submit(join, spec(0, **fields), told.put, lambda: stop.requested)
            return told.get(timeout=DEADLINE_S), lead, stop

        yield start
        for stop in stops:
            stop.requested = True


def test_ranks_meet_at_the_store_that_rank_0_opens(meet):
    place, lead, _ = meet()
    other = join(spec(1, place), pytest.fail, lambda: False)
    first = lead.result(timeout=DEADLINE_S)

    with ThreadPoolExecutor() as pool:
        told = pool.submit(first.share, "hello")
        assert other.share(None) == told.result(timeout=DEADLINE_S) == "hello"
    assert [(communicator.rank, communicator.size) for communicator in (first, other)] == [
        (0, 2),
        (1, 2),
    ]


def test_the_store_listens_at_its_address_only(meet):
    place, _, _ = meet()

    port = int(place.rpartition(":")[2])
    listening = {
        item.laddr.ip
        for item in psutil.Process().net_connections("tcp")
        if item.laddr.port == port and item.status == psutil.CONN_LISTEN
    }
    assert listening == {LOOPBACK}


def test_who_does_not_know_the_secret_meets_nobody(meet):
    place, lead, stop = meet()
    stranger_stop = StopFlag()
    with ThreadPoolExecutor() as pool:
        stranger = pool.submit(
            join, spec(1, place, secret="guess"), pytest.fail, lambda: stranger_stop.requested
        )
        time.sleep(0.2)
        assert not lead.done()
        assert not stranger.done()
        stop.requested = stranger_stop.requested = True
        assert stranger.result(timeout=DEADLINE_S).is_alone
    assert lead.result(timeout=DEADLINE_S).is_alone, "a stop ends the waiting"


def test_a_store_that_is_gone_is_a_lost_peer():
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        port = listener.getsockname()[1]
    with pytest.raises(PeerLostError):
        join(spec(1, f"{LOOPBACK}:{port}"), pytest.fail, lambda: False, connect_timeout_s=1.0)


def test_a_rank_that_leaves_is_noticed_by_the_others():
    def work(communicator):
        communicator.agree(False)
        if communicator.rank == 1:
            # Its connections close with the last reference to it.
            return "left"
        with pytest.raises(PeerLostError, match="Another process of the gang is gone"):
            communicator.agree(False)
        return "noticed"

    assert run_gang(2, work) == ["noticed", "left"]


def test_an_address_of_nobody_is_named():
    assert interface_of(LOOPBACK) in psutil.net_if_addrs()
    with pytest.raises(HostError, match=r"203\.0\.113\.7"):
        interface_of("203.0.113.7")
