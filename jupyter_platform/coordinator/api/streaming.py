"""Hand a stream of messages to a websocket until either end goes away."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator

from starlette.websockets import WebSocket, WebSocketDisconnect

SLOWEST_S = 20.0
"""Seconds that a client may take to accept one message; then it is let go."""
_CLOSING_S = 1.0
_GOING_AWAY = 1012
"""Close code "service restart": the client connects again."""


async def forward(socket: WebSocket, messages: AsyncGenerator[str, None]) -> None:
    """Accept a websocket and send it all messages, one text frame each.

    What the other side sends is read and dropped; that it closes is only seen by reading. One
    message at most waits for a slow client: the next is taken when that one was accepted.
    """
    await socket.accept()
    sending = asyncio.create_task(_send(socket, messages))
    reading = asyncio.create_task(_drain(socket))
    try:
        await asyncio.wait({sending, reading}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (sending, reading):
            task.cancel()
        await asyncio.gather(sending, reading, return_exceptions=True)
        with contextlib.suppress(RuntimeError, WebSocketDisconnect, TimeoutError):
            async with asyncio.timeout(_CLOSING_S):
                await socket.close(_GOING_AWAY)


async def _send(socket: WebSocket, messages: AsyncGenerator[str, None]) -> None:
    with contextlib.suppress(WebSocketDisconnect, TimeoutError):
        async with contextlib.aclosing(messages) as source:
            async for text in source:
                async with asyncio.timeout(SLOWEST_S):
                    await socket.send_text(text)


async def _drain(socket: WebSocket) -> None:
    with contextlib.suppress(WebSocketDisconnect):
        while True:
            await socket.receive_text()
