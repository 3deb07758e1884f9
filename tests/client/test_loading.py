"""Weights files that cannot become a network."""

from __future__ import annotations

import pytest

from jupyter_platform.client.loading import build_network
from jupyter_platform.core.errors import InvalidDataError


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04 a zip, or a pickle of torch",
        (2).to_bytes(8, "little") + b"{}",
        (40).to_bytes(8, "little") + b'{"__metadata__":{"input_shape":"[1]"}}  ',
        (60).to_bytes(8, "little")
        + b'{"__metadata__":{"input_shape":"[1]","outputs":"many"}}     ',
    ],
)
def test_what_is_no_weights_file_is_named(tmp_path, content):
    path = tmp_path / "weights.safetensors"
    path.write_bytes(content)

    with pytest.raises(InvalidDataError, match=r"weights\.safetensors does not tell which network"):
        build_network({}, path)
