"""Hand a stream of messages to a websocket until either end goes away."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable

from starlette.websockets import WebSocket, WebSocketDisconnect

from jupyter_platform.coordinator.api.responses import error_response
from jupyter_platform.core.errors import PlatformError
from jupyter_platform.runtime.streams import PIECE, Connection

SLOWEST_S = 20.0
"""Seconds that a client may take to accept one message; then it is let go."""
_CLOSING_S = 1.0
_GOING_AWAY = 1012
"""Close code "service restart": the client connects again."""


async def forward(socket: WebSocket, messages: AsyncGenerator[str, None]) -> None:
    """Accept a websocket and send it all messages, one text frame each.

    What the other side sends is read and dropped; that it closes is only seen by reading. One
    message at most waits for a slow client: the next is taken when that one was accepted.

    Parameters
    ----------
    socket : WebSocket
        The websocket.
    messages : async iterator of str
        Texts to send.
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


async def tunnel(socket: WebSocket, connecting: Awaitable[Connection]) -> None:
    """Accept a websocket once a connection stands, and hand bytes on between the two.

    Parameters
    ----------
    socket : WebSocket
        Of who asked.
    connecting : awaitable
        Gives the connection; its error is the answer.
    """
    try:
        reader, writer = await connecting
    except PlatformError as error:
        await socket.receive()
        await socket.send_denial_response(error_response(error.status_code, error.to_dict()))
        return
    await socket.accept()
    ways = [
        asyncio.create_task(_to_socket(socket, reader)),
        asyncio.create_task(_from_socket(socket, writer)),
    ]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        writer.close()
        with contextlib.suppress(RuntimeError, WebSocketDisconnect, OSError):
            await socket.close()


async def _to_socket(socket: WebSocket, reader: asyncio.StreamReader) -> None:
    with contextlib.suppress(WebSocketDisconnect, OSError):
        while piece := await reader.read(PIECE):
            await socket.send_bytes(piece)


async def _from_socket(socket: WebSocket, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(WebSocketDisconnect, OSError):
        while True:
            writer.write(await socket.receive_bytes())
            await writer.drain()
