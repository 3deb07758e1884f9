"""Process groups: the rendezvous of the ranks of a job, and their collective operations.

Rank 0 opens a store on a free port and says where in its events; the coordinator tells the other
ranks, and over the store all of them connect to each other. Nothing outlives the attempt: when one
process dies the others end too, and the next attempt meets anew.

Every rank does the same collective operations in the same order. What any rank may decide on its
own, to stop, therefore travels along with one of them instead of being acted on at once.
"""

from __future__ import annotations

import contextlib
import ipaddress
import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

import psutil
import torch
from torch import Tensor

from jupyter_platform.core.errors import HostError
from jupyter_platform.core.runs import RunSpec

if TYPE_CHECKING:
    # Where they are defined: torch.distributed offers them without saying so to type checkers.
    from torch._C._distributed_c10d import (
        PrefixStore,
        ProcessGroup,
        ProcessGroupGloo,
        Store,
        TCPStore,
        Work,
    )
else:
    from torch.distributed import PrefixStore, ProcessGroup, ProcessGroupGloo, Store, TCPStore, Work

JOIN_TIMEOUT_S = 300.0
"""Seconds that a rank waits for the others to come."""
CONNECT_TIMEOUT_S = 60.0
"""Seconds that all ranks, once there, may take to connect to each other."""
COLLECTIVE_TIMEOUT_S = 1800.0
"""Seconds that the others may be late, as they are while rank 0 validates or writes to disk."""
LOOK_S = 2.0
"""Seconds of waiting for the others after which it is seen whether rank 0 is still there."""
_POLL_S = 0.02
_HERE = "here"


class PeerLostError(Exception):
    """Another process of the gang is gone or does not answer; this one cannot go on alone."""


class Communicator:
    """One process's view of its process group; by default it is the only member.

    Parameters
    ----------
    rank, size : int
        Which one it is, from 0, of how many.
    group : ProcessGroup, optional
        Connections to the others; needed when there are any.
    store : Store, optional
        Lives as long as rank 0 does.
    """

    def __init__(
        self,
        rank: int = 0,
        size: int = 1,
        group: ProcessGroup | None = None,
        store: Store | None = None,
    ) -> None:
        self.rank = rank
        self.size = size
        self._group = group
        self._store = store

    @property
    def is_main(self) -> bool:
        """Whether this is rank 0, which validates and writes checkpoints and weights."""
        return self.rank == 0

    @property
    def is_alone(self) -> bool:
        """Whether there is nobody else."""
        return self._group is None

    def add(self, tensor: Tensor) -> None:
        """Replace a tensor by its sum over all ranks, bit for bit the same on each.

        Raises
        ------
        PeerLostError
            If another rank is gone; so do all other methods that talk.
        """
        if self._group is not None:
            with _talking():
                self._wait(self._group.allreduce([tensor]))

    def copy_from_main(self, tensor: Tensor) -> None:
        """Replace a tensor by that of rank 0; shape and type are the same on each."""
        if self._group is not None:
            with _talking():
                self._wait(self._group.broadcast(tensor, 0))

    def agree(self, wish: bool) -> bool:
        """Return whether any rank wishes something."""
        wishes = torch.tensor([float(wish)])
        self.add(wishes)
        return bool(wishes.item())

    def share(self, value: Any) -> Any:
        """Return what rank 0 gave, a JSON value, on each rank."""
        if self._group is None:
            return value
        content = json.dumps(value).encode() if self.is_main else b""
        length = torch.tensor([len(content)])
        self.copy_from_main(length)
        data = torch.zeros(int(length), dtype=torch.uint8)
        if content:
            data = torch.frombuffer(bytearray(content), dtype=torch.uint8)
        self.copy_from_main(data)
        return json.loads(data.numpy().tobytes())

    def part(self, rows: Tensor) -> Tensor:
        """Return this rank's part of a set; those of all ranks, one after the other, are the set.

        Parameters
        ----------
        rows : Tensor, shape (n, …)
            The same on each rank.
        """
        return torch.tensor_split(rows, self.size)[self.rank]

    def gather(self, tensor: Tensor) -> Tensor | None:
        """Return the tensors of all ranks joined along axis 0, on rank 0; None on the others.

        Parameters
        ----------
        tensor : Tensor, shape (n, …)
            On the CPU; only its length may differ between ranks.
        """
        if self._group is None:
            return tensor
        lengths = torch.zeros(self.size, dtype=torch.int64)
        lengths[self.rank] = len(tensor)
        self.add(lengths)
        with _talking():
            if not self.is_main:
                self._group.send([tensor.contiguous()], 0, 0).wait()
                return None
            parts = [tensor]
            for rank in range(1, self.size):
                parts.append(tensor.new_empty((int(lengths[rank]), *tensor.shape[1:])))
                self._group.recv([parts[rank]], rank, 0).wait()
        return torch.cat(parts)

    def _wait(self, work: Work) -> None:
        """Wait for a collective operation.

        Gloo sometimes does not tell it that a connection was closed in the middle of a message.
        The store goes with rank 0; when another rank is killed the coordinator ends all.
        """
        while not work.is_completed():
            with contextlib.suppress(RuntimeError):  # what it raises itself comes below
                work.wait(timedelta(seconds=LOOK_S))
            if self._store is not None and not work.is_completed():
                self._store.add(_HERE, 0)
        work.wait()


def join(
    spec: RunSpec,
    tell: Callable[[str], None],
    stopping: Callable[[], bool],
    *,
    connect_timeout_s: float = CONNECT_TIMEOUT_S,
) -> Communicator:
    """Meet the other ranks of a run.

    Parameters
    ----------
    spec : RunSpec
        Says how many they are and where rank 0 is; rank 0 itself is not told.
    tell : callable
        Called by rank 0 with ``<address>:<port>`` when others may come.
    stopping : callable
        Returns whether a stop was asked for, which ends the waiting.
    connect_timeout_s : float
        Seconds that the store of rank 0 may take to answer.

    Returns
    -------
    Gang
        Of one, when a stop was asked for before all had come.

    Raises
    ------
    PeerLostError
        If the others do not come in time.
    """
    rank, size, way = spec.run.rank, spec.world_size, spec.gang
    if size == 1 or way is None:
        return Communicator()
    with _talking():
        store: Store
        if way.store is None:
            store = _open_store(way.address)
            tell(f"{way.address}:{store.port}")
        else:
            host, _, port = way.store.rpartition(":")
            timeout = timedelta(seconds=connect_timeout_s)
            store = TCPStore(host, int(port), is_master=False, timeout=timeout)
        # Whoever does not know the secret finds no key.
        store = PrefixStore(f"{way.secret}/{spec.run.attempt}", store)
        if not _all_come(store, size, stopping):
            return Communicator()
        os.environ["GLOO_SOCKET_IFNAME"] = interface_of(way.address)
        return Communicator(rank, size, connect(store, rank, size), store)


def connect(store: Store, rank: int, size: int) -> ProcessGroup:
    """Connect all ranks to each other over a store that all of them see.

    Parameters
    ----------
    store : Store
        Seen by all ranks.
    rank, size : int
        Number of this rank, from 0, and number of all.
    """
    store.set_timeout(timedelta(seconds=CONNECT_TIMEOUT_S))
    timeout = timedelta(seconds=COLLECTIVE_TIMEOUT_S)
    # Its stub leaves out what it shares with the others of its kind.
    return cast(ProcessGroup, ProcessGroupGloo(store, rank, size, timeout))


def interface_of(address: str) -> str:
    """Return the network interface that has an IP address.

    Raises
    ------
    HostError
        If none has.
    """
    for name, items in psutil.net_if_addrs().items():
        if address in (item.address.partition("%")[0] for item in items):
            return name
    raise HostError(f"No network interface of this host has the address {address}.")


def _open_store(address: str) -> TCPStore:
    """Open a store that listens at one address only, on a port that is free."""
    family = socket.AF_INET6 if ipaddress.ip_address(address).version == 6 else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.bind((address, 0))
    listener.listen(socket.SOMAXCONN)
    port = listener.getsockname()[1]
    return TCPStore(
        address,
        port,
        is_master=True,
        wait_for_workers=False,
        timeout=timedelta(seconds=CONNECT_TIMEOUT_S),
        master_listen_fd=listener.detach(),
    )


def _all_come(store: Store, size: int, stopping: Callable[[], bool]) -> bool:
    """Wait for the others; return False when a stop was asked for instead."""
    deadline = time.monotonic() + JOIN_TIMEOUT_S
    try:
        store.add(_HERE, 1)
        while store.add(_HERE, 0) < size:
            if stopping():
                return False
            if time.monotonic() > deadline:
                raise PeerLostError(f"The others did not come within {JOIN_TIMEOUT_S:.0f} s.")
            time.sleep(_POLL_S)
    except RuntimeError:
        # All are told to stop at once, and the store goes with the first that does.
        if stopping():
            return False
        raise
    return True


@contextlib.contextmanager
def _talking() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        # Whatever torch says here, "Read error" or "Timed out", is about the way to another rank.
        raise PeerLostError(f"Another process of the gang is gone: {error}") from error
