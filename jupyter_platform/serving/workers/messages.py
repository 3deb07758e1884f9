"""What a service and the processes of its module tell each other: JSON behind its length."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Any, Literal

from pydantic import BaseModel

from jupyter_platform.core.inference import Method, ModelDescription
from jupyter_platform.serving.contract.parsing import RawArguments
from jupyter_platform.serving.contract.results import Answer

_LENGTH = struct.Struct("<I")
MOST_BYTES = 2**31
"""Bytes of one message."""


class Question(BaseModel):
    """From the service: ``metadata`` and ``check`` are answered beside a call that runs."""

    id: int
    about: Literal["metadata", "check", "call"]
    method: Method = "predict"
    raw: RawArguments = RawArguments()
    folder: str = ""
    """For an answer that is a file."""


class Reply(BaseModel):
    """From the process of the module."""

    id: int
    answer: Answer | None = None
    """Of a call; of a check where the arguments are refused."""
    values: dict[str, Any] | None = None
    """Of a check: the arguments, as far as JSON holds them. Of ``metadata``: that."""


class Started(BaseModel):
    """First word of a process: it holds the module, or why it cannot."""

    description: ModelDescription | None = None
    error: str | None = None
    sources: dict[str, str] = {}
    """SHA-256 of the module's source files by their paths."""


def packed(message: BaseModel) -> bytes:
    """Return a message as it is sent."""
    data = message.model_dump_json(by_alias=True).encode()
    return _LENGTH.pack(len(data)) + data


async def receive(reader: asyncio.StreamReader) -> bytes:
    """Return the JSON of the next message.

    Raises
    ------
    IncompleteReadError
        If the other side is gone.
    """
    (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
    return await reader.readexactly(length)


def receive_blocking(channel: socket.socket) -> bytes | None:
    """Return the JSON of the next message; None when the other side is gone."""
    head = _exactly(channel, _LENGTH.size)
    return None if head is None else _exactly(channel, _LENGTH.unpack(head)[0])


def _exactly(channel: socket.socket, count: int) -> bytes | None:
    parts = bytearray()
    while len(parts) < count:
        part = channel.recv(min(count - len(parts), 1 << 20))
        if not part:
            return None
        parts += part
    return bytes(parts)
