"""Torch modules as people have them in their hands: a class, or an instance with its weights.

Torch is never imported here: a caller that holds a module has imported it already.
"""

from __future__ import annotations

import importlib
import inspect
import json
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_platform.client.own_code.cells import MAIN, files_of_definition
from jupyter_platform.client.own_code.files import checked, local_root, source_of_file
from jupyter_platform.core.errors import FieldError, InvalidDataError
from jupyter_platform.core.networks import NetworkSource

_NOT_COMPARED = {"training"}


@dataclass(frozen=True)
class OwnNetwork:
    """The network made of a module."""

    name: str
    """Default name of the network."""
    source: NetworkSource
    weights: bytes | None = None
    """Of an instance: its state dict as a safetensors file."""


def is_torch_module(made: object) -> bool:
    """Return whether something is an instance or a class of `torch.nn.Module`."""
    torch = sys.modules.get("torch")
    if torch is None:
        return False
    kind: type = torch.nn.Module
    return isinstance(made, kind) or (isinstance(made, type) and issubclass(made, kind))


def own_network(made: Any, arguments: Mapping[str, Any]) -> OwnNetwork:
    """Return the source of a module, and the weights of an instance.

    Parameters
    ----------
    made : class, function or instance
        A class of `torch.nn.Module`, a function that gives one, or an instance.
    arguments : mapping
        Keyword arguments of its constructor, JSON values. Those of an instance that it keeps as
        attributes of the same names need not be given.

    Raises
    ------
    InvalidDataError
        If the source cannot be had, an argument cannot be written as JSON, or an instance is not
        what its class makes with these arguments.
    """
    _check_arguments(arguments)
    if isinstance(made, type) or inspect.isroutine(made):
        return OwnNetwork(made.__name__, _source(made, arguments))
    made = getattr(made, "_orig_mod", made)  # of torch.compile
    kind = type(made)
    if kind.__module__.startswith("torch.nn."):
        text = _text(made)
        source = checked({"network.py": text}, "network.py", "network", {})
        namespace: dict[str, Any] = {}
        exec(compile(text, "network.py", "exec"), namespace)
        _compare(made, namespace["network"], {})
    else:
        found = {**_kept_arguments(made), **arguments}
        source = _source(kind, found)
        _compare(made, kind, found)
    return OwnNetwork(kind.__name__, source, _weights(made))


def _check_arguments(arguments: Mapping[str, Any]) -> None:
    for key, value in arguments.items():
        try:
            json.dumps(value, allow_nan=False)
        except (TypeError, ValueError) as error:
            message = (
                f"Argument {key} = {value!r} cannot be taken along: numbers, texts, true, false, "
                "null, and lists and mappings of them can."
            )
            field = FieldError(field=key, value=repr(value)[:100], message=message)
            raise InvalidDataError(message, errors=[field]) from error


def _source(made: Any, arguments: Mapping[str, Any]) -> NetworkSource:
    module, name = made.__module__, made.__name__
    if module == MAIN:
        files, main = files_of_definition(made)
        return checked(files, main, name, arguments)
    if "." in made.__qualname__:
        raise _bad(
            name, f"{made.__qualname__} is defined inside of something else; define it at the top."
        )
    if local_root(module) is None:
        # An installed package: it is there wherever jobs run, or the check says that it is not.
        text = f"from {module} import {name}\n"
        return checked({"network.py": text}, "network.py", name, arguments)
    file = inspect.getsourcefile(made)
    if file is None:
        raise _bad(name, f"The source of {name} cannot be had: {module} is no Python file.")
    return source_of_file(Path(file), name, arguments)


def _kept_arguments(made: Any) -> dict[str, Any]:
    """Return the arguments of its constructor that an instance keeps under their names."""
    found: dict[str, Any] = {}
    for key, item in inspect.signature(type(made)).parameters.items():
        value = getattr(made, key, item.empty)
        if value is item.empty or item.kind in (item.VAR_POSITIONAL, item.VAR_KEYWORD):
            continue
        if isinstance(value, bool | int | float | str | list | tuple | dict) or value is None:
            try:
                plain = json.loads(json.dumps(value, allow_nan=False))
            except (TypeError, ValueError):
                continue
            default = item.default
            if item.default is item.empty or value != default:
                found[key] = plain
    return found


def _compare(made: Any, factory: Callable[..., Any], arguments: Mapping[str, Any]) -> None:
    """Refuse an instance that is not what its class makes with the arguments that are known.

    Raises
    ------
    InvalidDataError
        Naming what differs, and what to give.
    """
    name = type(made).__name__
    shown = ", ".join(f"{key}={value!r}" for key, value in arguments.items())
    parameters = inspect.signature(factory).parameters
    hint = f"give the arguments that it was made with: add_network(net, {_hint(parameters)})"
    torch = sys.modules["torch"]
    try:
        with torch.random.fork_rng():
            other = factory(**arguments)
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise _bad(name, f"{name}({shown}) cannot be made again ({reason}); {hint}.") from error
    differs = _difference(made, other)
    if differs is not None:
        raise _bad(name, f"{name}({shown}) is not this instance: {differs}; {hint}.")


def _hint(parameters: Mapping[str, inspect.Parameter]) -> str:
    return ", ".join(f"{key}=…" for key in parameters) or "…"


def _difference(made: Any, other: Any) -> str | None:
    wanted = {key: tuple(value.shape) for key, value in made.state_dict().items()}
    found = {key: tuple(value.shape) for key, value in other.state_dict().items()}
    for key in wanted.keys() | found.keys():
        if wanted.get(key) != found.get(key):
            return (
                f"its {key!r} has shape {wanted.get(key, 'none')}, there it has "
                f"{found.get(key, 'none')}"
            )
    pairs = zip(made.named_modules(), other.named_modules(), strict=False)
    for (place, one), (_, two) in pairs:
        where = f"layer {place!r}" if place else "it"
        if type(one).__name__ != type(two).__name__ or one.extra_repr() != two.extra_repr():
            return f"{where} is {_short(one)}, there it is {_short(two)}"
        for key, value in vars(one).items():
            if key in _NOT_COMPARED or key.startswith("_"):
                continue
            plain = isinstance(value, bool | int | float | str | tuple)
            if plain and value != vars(two).get(key, value):
                return f"{where} has {key} = {value!r}, there it is {vars(two).get(key)!r}"
    return None


def _short(module: Any) -> str:
    return f"{type(module).__name__}({module.extra_repr()})"


def _text(made: Any) -> str:
    """Return Python source that makes layers of torch as they are."""
    return (
        "from collections import OrderedDict\n\nfrom torch import nn\n\n\ndef network():\n"
        f"    return {_expression(made)}\n"
    )


def _expression(made: Any) -> str:
    kind = type(made)
    if kind.__name__ == "Sequential":
        inner = ", ".join(
            f"({name!r}, {_expression(layer)})" for name, layer in made.named_children()
        )
        return f"nn.Sequential(OrderedDict([{inner}]))"
    if not kind.__module__.startswith("torch.nn.") or any(made.children()):
        raise _bad(
            kind.__name__,
            f"{kind.__name__} inside of a {'torch.nn.Sequential'} cannot be written down; put the "
            "network into a class of its own, and give that.",
        )
    return f"nn.{kind.__name__}({re.sub(r'<[^>]*>', '…', made.extra_repr())})"


def _weights(made: Any) -> bytes:
    state = {
        key: value.detach().to("cpu", copy=True).contiguous()
        for key, value in made.state_dict().items()
    }
    written: bytes = importlib.import_module("safetensors.torch").save(state)
    return written


def _bad(value: str, message: str) -> InvalidDataError:
    return InvalidDataError(
        message, errors=[FieldError(field="networks", value=value, message=message)]
    )
