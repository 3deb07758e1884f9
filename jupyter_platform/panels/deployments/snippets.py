"""Code that calls a model of an inference API with the arguments of a form."""

from __future__ import annotations

import json
import shlex
from typing import Any
from urllib.parse import quote, urlencode

from jupyter_platform.core.deployments import DeploymentRecord
from jupyter_platform.core.inference import ModelDescription


def model_snippets(
    record: DeploymentRecord, model: ModelDescription, given: dict[str, Any], base_url: str
) -> dict[str, str]:
    """Return a snippet by its language: ``curl`` and ``python``.

    Parameters
    ----------
    record : DeploymentRecord
        The deployment.
    model : ModelDescription
        The model that is called.
    given : dict
        What the form holds, by argument; files as name, bytes and type. Those that are required
        and missing stand there with a value to replace.
    base_url : str
        Address of the Jupyter server that it is called through.
    """
    values: dict[str, Any] = {}
    files: dict[str, str] = {}
    for argument in model.predict.arguments:
        value = given.get(argument.name)
        if argument.kind == "file" and (value is not None or argument.required):
            files[argument.name] = value[0] if value is not None else "FILE"
        elif value is not None:
            values[argument.name] = value
        elif argument.required:
            values[argument.name] = argument.name.upper()
    (path,) = (end.path for end in record.endpoints if end.service == "api")
    address = f"{base_url.rstrip('/')}/{path}v2/models/{quote(model.name, safe='')}/predict/"
    return {
        "curl": _curl(address, values, files),
        "python": _python(record.id, values, files),
    }


def _curl(address: str, values: dict[str, Any], files: dict[str, str]) -> str:
    told = {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in values.items()
    }
    query = f"?{urlencode(told)}" if told else ""
    lines = [
        f"curl -X POST {shlex.quote(address + query)}",
        '  -H "Authorization: token $JUPYTER_TOKEN"',
        *(f"  -F {shlex.quote(f'{name}=@{file}')}" for name, file in files.items()),
    ]
    return " \\\n".join(lines)


def _python(deployment: str, values: dict[str, Any], files: dict[str, str]) -> str:
    words = [
        *(f"{name}=Path({file!r})" for name, file in files.items()),
        *(f"{name}={value!r}" for name, value in values.items()),
    ]
    imports = "from pathlib import Path\n\n" if files else ""
    return (
        f"{imports}from jupyter_platform import Platform\n\n"
        f"deployment = Platform().deployment({deployment!r})\n"
        f"deployment.predict({', '.join(words)})"
    )
