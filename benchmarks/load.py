"""A load of requests over connections that are kept: ``python -m benchmarks.load``.

Arguments: port, path, connections, seconds, file of the body. Prints the number of answers with
status 200, the seconds, and the 50th and 99th percentile of their durations in milliseconds.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

END_OF_HEAD = b"\r\n\r\n"


class Connection(asyncio.Protocol):
    """Sends one request after the other, and notes how long the answers take."""

    def __init__(self, request: bytes, durations: list[float]) -> None:
        self._request = request
        self._durations = durations
        self._held = bytearray()
        self._began = 0.0
        self.ended = asyncio.get_running_loop().create_future()
        self.is_stopping = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        """Send the next request behind a whole answer."""
        self._held += data
        head_end = self._held.find(END_OF_HEAD)
        if head_end < 0:
            return
        head = bytes(self._held[:head_end]).lower()
        length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
        if len(self._held) < head_end + len(END_OF_HEAD) + length:
            return
        if b" 200 " not in head.partition(b"\r\n")[0]:
            raise RuntimeError(bytes(self._held).decode(errors="replace"))
        self._durations.append(time.perf_counter() - self._began)
        self._held.clear()
        if self.is_stopping:
            self._transport.close()
        else:
            self._send()

    def connection_lost(self, error: Exception | None) -> None:
        """Tell that no answer comes any more."""
        if not self.ended.done():
            self.ended.set_result(error)

    def _send(self) -> None:
        self._began = time.perf_counter()
        self._transport.write(self._request)


async def _load(port: int, path: str, connections: int, seconds: float, body: bytes) -> None:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Accept: */*\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    durations: list[float] = []
    loop = asyncio.get_running_loop()
    made = [
        await loop.create_connection(
            lambda: Connection(head.encode() + body, durations), "127.0.0.1", port
        )
        for _ in range(connections)
    ]
    began = time.perf_counter()
    await asyncio.sleep(seconds)
    took = time.perf_counter() - began
    ordered = sorted(durations)
    for _, protocol in made:
        protocol.is_stopping = True
    await asyncio.wait([protocol.ended for _, protocol in made], timeout=5)
    p50, p99 = (1000 * ordered[int(len(ordered) * share)] for share in (0.5, 0.99))
    print(len(ordered), took, p50, p99)


if __name__ == "__main__":
    port, path, connections, seconds, file = sys.argv[1:]
    asyncio.run(_load(int(port), path, int(connections), float(seconds), Path(file).read_bytes()))
