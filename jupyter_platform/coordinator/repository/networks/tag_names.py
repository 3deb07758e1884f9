"""Names of weights, and what they stand for."""

from __future__ import annotations

import re
from dataclasses import dataclass

from jupyter_platform.core.catalogue import TagRecord, TagVariant
from jupyter_platform.core.errors import FieldError, OptionError

TAG_PATTERN = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"


@dataclass(frozen=True, slots=True)
class ResolvedTag:
    """One set of weights that was asked for."""

    record: TagRecord
    variant: TagVariant

    @property
    def text(self) -> str:
        """``<tag>/<variant>``."""
        return f"{self.record.tag}/{self.variant.variant}"


def check_tag(tag: str, field: str = "tag") -> None:
    """Refuse a tag that could not be a folder.

    Parameters
    ----------
    tag : str
        Tag to check.
    field : str
        Field of the request, for the error.

    Raises
    ------
    OptionError
        If it is anything but 1 to 64 of ``[A-Za-z0-9._-]``, the first a letter or digit.
    """
    if re.fullmatch(TAG_PATTERN, tag) is None:
        accepted = "1 to 64 letters, digits, '.', '_' or '-', the first a letter or digit"
        raise OptionError.from_fields(
            [
                FieldError(
                    field=field,
                    value=tag[:100],
                    message=f"{field} = {tag[:100]!r} is no tag; accepted: {accepted}.",
                    accepted=accepted,
                )
            ]
        )
