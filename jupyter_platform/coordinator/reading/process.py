"""The process that reads what people drop into folders or upload: it may die of that.

``python -m jupyter_platform.coordinator.reading.process SECONDS`` answers JSON lines from standard
input on standard output, ``{"ok": …}``, ``{"error": …}`` or ``{"too_much": …}``, and ends with its
input. The kernel ends it when one question takes more than SECONDS of computing; memory ends at
`MEMORY_BYTES`.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jupyter_platform.coordinator.reading.descriptors import read_descriptor
from jupyter_platform.coordinator.reading.networks import read_description, read_import
from jupyter_platform.coordinator.reading.sources import check_syntax, is_code
from jupyter_platform.core.errors import PlatformError
from jupyter_platform.core.exchange import ImportRequest

MEMORY_BYTES = 2 * 10**9


def _descriptor(path: str, nested: bool) -> dict[str, Any] | None:
    found = read_descriptor(Path(path), nested=nested)
    return None if found is None else found.model_dump(mode="json", exclude_unset=True)


def _description(path: str) -> dict[str, Any]:
    return read_description(Path(path)).model_dump(mode="json", exclude_unset=True)


def _import(request: dict[str, Any]) -> dict[str, Any] | None:
    found = read_import(ImportRequest.model_validate(request))
    return None if found is None else found.model_dump(mode="json", exclude_unset=True)


def _syntax(of: str, source: str, field: str) -> None:
    check_syntax(of, b64decode(source), field)


def _code(path: str, form: str) -> bool:
    return is_code(Path(path), form)


OPERATIONS: dict[str, Callable[..., Any]] = {
    "descriptor": _descriptor,
    "description": _description,
    "import": _import,
    "syntax": _syntax,
    "code": _code,
}


def answer(question: dict[str, Any]) -> dict[str, Any]:
    """Answer one question."""
    operation = OPERATIONS[question.pop("op")]
    try:
        return {"ok": operation(**question)}
    except PlatformError as error:
        return {"error": error.to_dict()}
    except (MemoryError, RecursionError) as error:
        much = "memory" if isinstance(error, MemoryError) else "levels within one another"
        return {"too_much": f"that takes more {much} than there is for it"}


def main(computing_s: float) -> None:
    """Answer until standard input ends."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    # What a library prints is no answer.
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)
    for line in sys.stdin.buffer:
        question = json.loads(line)
        signal.setitimer(signal.ITIMER_PROF, computing_s)
        told = json.dumps(answer(question))
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        answers.write(f"{told}\n")
        answers.flush()


if __name__ == "__main__":
    main(float(sys.argv[1]))
