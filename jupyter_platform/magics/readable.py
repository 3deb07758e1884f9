"""Errors of magics as sentences."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import click

from jupyter_platform.core.errors import PlatformError

Answer = TypeVar("Answer")


class MagicError(PlatformError):
    """An error, shown as sentences instead of a traceback."""

    code = "magic"

    def _render_traceback_(self) -> list[str]:
        sentences = [item.message for item in self.errors]
        return sentences if len(sentences) > 1 else [self.message]


def readable(magic: Callable[..., Answer]) -> Callable[..., Answer | None]:
    """Turn the errors of a magic that are meant for people into sentences.

    Where the line asked for help, the magic ends in peace and returns None.

    Raises
    ------
    MagicError
        Instead of what the magic raises.
    """

    @functools.wraps(magic)
    def call(*arguments: Any) -> Answer | None:
        try:
            return magic(*arguments)
        except click.exceptions.Exit:
            return None
        except click.ClickException as error:
            raise MagicError(error.format_message()) from error
        except PlatformError as error:
            raise MagicError(error.message, errors=error.errors) from error

    return call
