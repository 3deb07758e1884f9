"""Reads one request from standard input and writes one answer to standard output, both JSON.

``python -m jupyter_platform.learning.exchange``. The answer is ``{"ok": …}`` or ``{"error": …}``,
an error as `PlatformError.to_dict` has it.
"""

from __future__ import annotations

import contextlib
import json
import sys
from typing import Any

import torch
from pydantic import ValidationError

from jupyter_platform.core.errors import InvalidRequestError, PlatformError
from jupyter_platform.core.exchange import ExportRequest, ImportRequest
from jupyter_platform.learning.exchange.reading import read


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Answer a request.

    Raises
    ------
    PlatformError
        If the request is not understood, or cannot be fulfilled.
    """
    try:
        made: dict[str, Any]
        if request.get("op") == "export":
            # Nobody but those who want such a file pays for the import, or needs the package.
            from jupyter_platform.learning.exchange.onnx.writing import write_onnx  # noqa: PLC0415

            made = write_onnx(ExportRequest.model_validate(request)).model_dump(mode="json")
        else:
            made = read(ImportRequest.model_validate(request)).model_dump(mode="json")
        return made
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InvalidRequestError(f"{where}: {first['msg']}.") from error


def main() -> None:
    """Answer the request on standard input."""
    torch.set_num_threads(1)
    try:
        # What source prints that makes a network is not the answer.
        with contextlib.redirect_stdout(sys.stderr):
            told: dict[str, Any] = {"ok": answer(json.load(sys.stdin))}
    except PlatformError as error:
        told = {"error": error.to_dict()}
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
