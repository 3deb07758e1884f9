"""Calls of a module's functions from a shell: the same answers as over HTTP, into a file."""

from __future__ import annotations

import ast
import json
import mimetypes
import os
import shutil
import tempfile
import uuid
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from jupyter_platform.core.errors import (
    FieldError,
    InvalidRequestError,
    OptionError,
    PlatformError,
    nearest,
    refusal,
)
from jupyter_platform.core.inference import ArgumentDescription, Method, MethodDescription
from jupyter_platform.serving.contract.loading import load
from jupyter_platform.serving.contract.module import Module
from jupyter_platform.serving.contract.parsing import ACCEPT, FilePart, RawArguments
from jupyter_platform.serving.contract.results import Answer, now, plain, to_json


def metadata(module: str | None) -> str:
    """Return what a module tells of itself, as JSON."""
    return to_json(Module(load(module)).metadata())


def warm(module: str | None) -> None:
    """Let a module make itself ready, as to fetch its weights before a service starts."""
    Module(load(module)).warm()


def usage(module: str | None, method: Method) -> str:
    """Return the arguments of a function as lines of help."""
    found = Module(load(module))
    told = _described(found, method)
    lines = [f"Arguments of {method} of {found.name}:"]
    for item in told.arguments:
        facts = ["required"] if item.required else [f"default {json.dumps(item.default)}"]
        if item.choices is not None:
            facts.append(f"one of {', '.join(map(str, item.choices))}")
        if item.minimum is not None:
            facts.append(f"from {item.minimum:g}")
        if item.maximum is not None:
            facts.append(f"up to {item.maximum:g}")
        kind = "path of a file" if item.kind == "file" else item.kind
        lines.append(f"  --{item.name}  {kind}; {'; '.join(facts)}")
        lines += [f"      {line}" for line in item.description.splitlines()]
    if method == "predict" and len(told.accept) > 1:
        lines.append(f"  --{ACCEPT}  one of {', '.join(told.accept)}; default {told.accept[0]}")
    return "\n".join(lines)


def predict(module: str | None, words: Sequence[str], output: Path | None) -> Path | bytes:
    """Call ``predict``, and write its answer.

    Parameters
    ----------
    module : str, optional
        What names it; see `load`.
    words : sequence of str
        Arguments: ``--name value`` or ``--name=value``; of a file its path.
    output : Path, optional
        Where the answer is written. It gets the ending of the answer's type where it has another.

    Returns
    -------
    Path or bytes
        The file that was written; without `output` the answer itself.

    Raises
    ------
    PlatformError
        If an argument does not fit, or the module fails.
    """
    found = Module(load(module))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        raw = _raw(_described(found, "predict"), words, folder)
        answer = found.predict(raw, folder)
        _require_well(answer)
        body = Path(answer.path).read_bytes() if answer.path else (answer.text or "").encode()
    if output is None:
        return body
    ending = mimetypes.guess_extension(answer.content_type.partition(";")[0])
    if ending is not None and output.suffix != ending:
        output = output.with_name(output.name + ending)
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_bytes(body)
    return output


def train(module: str | None, words: Sequence[str]) -> str:
    """Call ``train``, wait until it ends, and return the same JSON as the API's when it is done.

    Raises
    ------
    PlatformError
        If an argument does not fit, or the module fails.
    """
    found = Module(load(module))
    with tempfile.TemporaryDirectory() as name:
        raw = _raw(_described(found, "train"), words, Path(name))
        date = now()
        answer = found.train(raw)
        _require_well(answer)
        args = plain(found.check("train", raw))
    result = json.loads(answer.text or "{}")
    took = datetime.fromisoformat(result["finish_date"]) - datetime.fromisoformat(date)
    return to_json(
        {
            "date": date,
            "args": args,
            "uuid": uuid.uuid4().hex,
            "status": "done",
            "result": {**result, "duration": str(took)},
        }
    )


def _described(module: Module, method: Method) -> MethodDescription:
    description = module.describe()
    return description.predict if method == "predict" else description.train


def _raw(told: MethodDescription, words: Sequence[str], folder: Path) -> RawArguments:
    """Return arguments as a request would hold them."""
    by_name = {item.name: item for item in told.arguments}
    by_name[ACCEPT] = ArgumentDescription(name=ACCEPT, kind="text")
    raw = RawArguments(json={})
    for name, value in _pairs(words):
        if name not in by_name:
            near = nearest(name, by_name)
            hint = f" Did you mean --{near}?" if near else ""
            message = f"--{name} is unknown.{hint} Known: {', '.join(by_name)}."
            raise refusal(name, value, message, ", ".join(by_name), near)
        item = by_name[name]
        if item.kind == "file" or (item.item is not None and item.item.kind == "file"):
            raw.form.append((name, _file(name, value, folder)))
        elif item.kind in ("list", "mapping") and value.lstrip()[:1] in ("[", "{", "("):
            raw.json_[name] = _literal(name, value)
        else:
            raw.query.append((name, value))
    return raw


def _pairs(words: Sequence[str]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if not word.startswith("--"):
            raise InvalidRequestError(f"{word!r} follows no argument; write --name value.")
        name, is_joined, value = word[2:].partition("=")
        if not is_joined:
            if not rest:
                raise InvalidRequestError(f"--{name} has no value.")
            value = rest.pop(0)
        found.append((name, value))
    return found


def _literal(name: str, text: str) -> Any:
    for read in (json.loads, ast.literal_eval):
        try:
            return read(text)
        except (ValueError, SyntaxError):
            continue
    raise refusal(name, text, f"--{name} {text} is no list and no JSON.", "[1, 2, 3]")


def _file(name: str, value: str, folder: Path) -> FilePart:
    """Return a copy of a file: modules may remove what they get."""
    source = Path(value)
    if not source.is_file():
        raise refusal(name, value, f"--{name} {value}: there is no such file.", "path of a file")
    target = folder / f"{len(os.listdir(folder))}{source.suffix}"
    shutil.copyfile(source, target)
    kind = mimetypes.guess_type(value)[0] or "application/octet-stream"
    return FilePart(path=str(target), content_type=kind, filename=source.name)


def _require_well(answer: Answer) -> None:
    if answer.status == 200:
        return
    told = json.loads(answer.text or "{}")
    if answer.status != 422:
        raise PlatformError(str(told.get("message", told)))
    raise OptionError.from_fields(
        [
            FieldError(field=name, message=f"--{name}: {_sentence(text)}")
            for name, text in told.items()
        ]
    )


def _sentence(told: Any) -> str:
    return " ".join(map(str, told)) if isinstance(told, list) else json.dumps(told)
