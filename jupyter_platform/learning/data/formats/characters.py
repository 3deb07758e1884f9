"""Reading texts, from which networks learn to tell the next character."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from jupyter_platform.core.datasets import DatasetDescriptor
from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.learning.data.arrays import Files, StoredArrays, file_name

_SMALL = 256
"""Symbols that fit into a byte."""


def read(descriptor: DatasetDescriptor, files: Files) -> StoredArrays:
    """Read texts as sequences of symbols: a sample is a character, its target the next one.

    The symbols are the descriptor's classes, or all characters that occur, by code point.

    Parameters
    ----------
    descriptor : DatasetDescriptor
        Description of the dataset.
    files : Files
        Its files on this host.

    Raises
    ------
    InvalidDataError
        If a file is not UTF-8, too short, or holds a character that is no class.
    """
    name = descriptor.name
    texts = [_read_text(path, name) for path in files.all]
    alphabet = _alphabet(texts, descriptor)
    symbols = [
        _symbols(text, alphabet, file_name(path), name)
        for text, path in zip(texts, files.all, strict=True)
    ]
    # The last character of a text has no successor.
    inputs = tuple(item[:-1] for item in symbols)
    return StoredArrays(
        inputs,
        np.concatenate([item[1:] for item in symbols]),
        parts=files.ranges([len(item) for item in inputs]),
        classes=alphabet,
        shape=(),
        is_sequential=True,
    )


def _read_text(path: Path, dataset: str) -> NDArray[np.uint32]:
    """Return the code points of a text."""
    try:
        text = path.read_bytes().decode()
    except UnicodeDecodeError as error:
        raise InvalidDataError(
            f"Dataset {dataset!r}: byte {error.start} of {file_name(path)} is no UTF-8 text."
        ) from error
    if len(text) < 2:
        raise InvalidDataError(
            f"Dataset {dataset!r}: {file_name(path)} holds {len(text)} characters; at least two "
            "are needed, one to follow the other."
        )
    return np.frombuffer(text.encode("utf-32-le"), dtype="<u4").astype(np.uint32)


def _alphabet(
    texts: Sequence[NDArray[np.uint32]], descriptor: DatasetDescriptor
) -> tuple[str, ...]:
    if descriptor.classes is None:
        found = np.unique(np.concatenate([np.unique(text) for text in texts]))
        return tuple(chr(code) for code in found)
    long = [item for item in descriptor.classes if len(item) != 1]
    if long:
        raise InvalidDataError(
            f"Dataset {descriptor.name!r}: its classes are characters; {long[0]!r} is not one."
        )
    return descriptor.classes


def _symbols(
    text: NDArray[np.uint32], alphabet: Sequence[str], file: str, dataset: str
) -> NDArray[np.unsignedinteger | np.signedinteger]:
    """Return the number of each character in the alphabet."""
    codes = np.array([ord(item) for item in alphabet])
    table = np.full(max(int(codes.max()), int(text.max())) + 1, -1, dtype=np.int32)
    table[codes] = np.arange(len(codes))
    numbers = table[text]
    unknown = np.flatnonzero(numbers < 0)
    if len(unknown):
        raise InvalidDataError(
            f"Dataset {dataset!r}: character {unknown[0]} of {file} is "
            f"{chr(int(text[unknown[0]]))!r}, which is not among the classes."
        )
    return numbers.astype(np.uint8) if len(codes) <= _SMALL else numbers
