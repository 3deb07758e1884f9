"""Code of one's own on its way to a RUN: scripts, notebooks, cells and their variables."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from jupyter_platform.client.transport import Transport
from jupyter_platform.core.errors import FieldError, InvalidRequestError, refusal
from jupyter_platform.core.jobs import NOTEBOOK_SUFFIX, ContentRecord, JobRecord
from jupyter_platform.core.kinds import kinds

CODE_SUFFIXES = (".py", NOTEBOOK_SUFFIX)
"""Names of files that a RUN takes end so."""
_PIECE = 1_000_000
_ROUTE = "/api/contents"


def takes_code(type: str) -> bool:
    """Whether the first word of a kind of job names code of one's own."""
    kind = kinds().get(str(type).strip().upper())
    return kind is not None and kind.takes == "code"


def code_options(
    transport: Transport, script: str | Path | None, options: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the options of a RUN with its code sent along.

    On the coordinator's own machine the code runs with this interpreter unless another is named,
    a script in its folder and a module in the present one. Elsewhere a file is all that is known.

    Parameters
    ----------
    transport : Transport
        Where a file is sent.
    script : path, optional
        A ``.py`` or ``.ipynb`` file; None for a module or a cell.
    options : mapping
        As they were given.

    Raises
    ------
    InvalidRequestError
        If there is no such file.
    """
    found = dict(options)
    if script is not None:
        if "script" in found:
            message = "script is given twice: as the first word and as an option; give it once."
            raise refusal("script", str(found["script"]), message, "one script")
        found["script"] = str(script)
    is_here = transport.endpoint.local
    named = found.get("script")
    if named and "content" not in found:
        path = Path(named).expanduser().absolute()
        if path.suffix not in CODE_SUFFIXES:
            message = f"script = {str(named)!r} is neither a .py nor a .ipynb file."
            raise refusal("script", str(named), message, "a .py or .ipynb file")
        if not path.is_file():
            message = f"script = {str(named)!r} is no file here; looked for {path}."
            raise refusal("script", str(named), message, "a .py or .ipynb file")
        found["content"] = send_file(transport, path)
        found["script"] = str(path) if is_here else path.name
    if not is_here:
        return found
    if not str(named or "").endswith(NOTEBOOK_SUFFIX):
        found.setdefault("python", sys.executable)
    if found.get("module") or found.get("cell"):
        found.setdefault("working_folder", str(Path.cwd()))
    return found


def cell_options(
    transport: Transport,
    source: str,
    *,
    inputs: Mapping[str, Any],
    results: Sequence[str],
    options: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the options of a detached cell, with its code and its variables sent along.

    Parameters
    ----------
    transport : Transport
        Where they are sent.
    source : str
        Code of the cell.
    inputs : mapping
        Name to value of each variable that goes along.
    results : sequence of str
        Names of the variables that are kept.
    options : mapping
        Of the RUN, as they were given.

    Raises
    ------
    InvalidRequestError
        If a variable is of a type that no file without code can hold.
    """
    found = {**options, "cell": True, "content": send_bytes(transport, source.encode())}
    if inputs:
        found["inputs"] = _send_values(transport, inputs)
    if results:
        found["results"] = list(results)
    return code_options(transport, None, found)


def _send_values(transport: Transport, inputs: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    from jupyter_platform.runtime.values import (  # noqa: PLC0415 - of cells alone
        ValueRefusedError,
        save_value,
    )

    sent: dict[str, dict[str, str]] = {}
    with tempfile.TemporaryDirectory(prefix="jupyter-platform-") as folder:
        for name, value in inputs.items():
            try:
                path = Path(folder) / save_value(name, value, folder)
            except ValueRefusedError as error:
                field = FieldError(field="inputs", value=name, message=str(error))
                raise InvalidRequestError(str(error), errors=[field]) from error
            sent[name] = {"format": path.suffix, "content": send_file(transport, path)}
            path.unlink()
    return sent


def read_results(transport: Transport, record: JobRecord) -> dict[str, Any]:
    """Return the result variables of a cell, by name.

    Parameters
    ----------
    transport : Transport
        Connection to the coordinator.
    record : JobRecord
        A finished RUN of a cell.
    """
    from jupyter_platform.runtime.values import load_value  # noqa: PLC0415 - of cells alone

    values: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="jupyter-platform-") as folder:
        for name, file in (record.result or {}).get("results", {}).items():
            path = Path(folder) / f"{name}{Path(file).suffix}"
            with path.open("wb") as target:
                for piece in transport.stream(f"/api/jobs/{record.id}/files/{file}"):
                    target.write(piece)
            values[name] = load_value(str(path))
            path.unlink()
    return values


def send_file(transport: Transport, path: Path) -> str:
    """Send a file and return its reference, ``sha256:<hex>``.

    Parameters
    ----------
    transport : Transport
        Connection to the coordinator.
    path : Path
        File to send.
    """

    def pieces() -> Iterator[bytes]:
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                yield piece

    return _sent(transport.upload(_ROUTE, pieces, {}).content)


def send_bytes(transport: Transport, data: bytes) -> str:
    """Send bytes as a file and return its reference, ``sha256:<hex>``.

    Parameters
    ----------
    transport : Transport
        Connection to the coordinator.
    data : bytes
        Content of the file.
    """
    return _sent(transport.upload(_ROUTE, lambda: iter((data,)), {}).content)


def _sent(answer: bytes) -> str:
    return ContentRecord.model_validate_json(answer).content
