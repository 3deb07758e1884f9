"""Networks that are made by Python source that people brought.

The modules of a source see each other under the names that they have where they come from, and
nothing else sees them: two versions of one file can be used in one process.
"""

from __future__ import annotations

import builtins
import contextlib
import inspect
import linecache
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any

from torch import nn

from jupyter_platform.core.errors import FieldError, InvalidDataError, nearest
from jupyter_platform.core.networks import NetworkDescription, NetworkSource

_PACKAGE = "jupyter_platform_own_networks"
_GIVEN = ("input_shape", "outputs")
"""Arguments that the dataset tells, for who asks for them by these names."""
_DIGITS = 16

Substitute = Callable[[Any, str], Any]


class ShapeNeededError(InvalidDataError):
    """A network that asks for the shape of its samples, which nobody knows yet."""


class _Modules:
    """The modules of one source, imported when they are first asked for."""

    def __init__(self, source: NetworkSource, digest: str) -> None:
        self.root = f"{_PACKAGE}.{digest[:_DIGITS]}"
        self._files: dict[str, str] = {}
        self._packages: set[str] = set()
        for path in source.files:
            name = path.removesuffix(".py").replace("/", ".")
            if name.endswith(".__init__"):
                name = name.removesuffix(".__init__")
                self._packages.add(name)
            self._files[name] = path
            parts = name.split(".")
            # A folder is a package, with an __init__.py or without.
            self._packages |= {".".join(parts[:count]) for count in range(1, len(parts))}
        self._texts = source.files
        self._builtins = {**vars(builtins), "__import__": self._import}

    def load(self, name: str) -> ModuleType:
        """Return a module by its name among the files."""
        full = f"{self.root}.{name}"
        if full in sys.modules:
            return sys.modules[full]
        parent, _, last = name.rpartition(".")
        if parent:
            self.load(parent)
        module = ModuleType(full)
        is_package = name in self._packages
        module.__package__ = full if is_package else full.rpartition(".")[0]
        if is_package:
            module.__path__ = []
        vars(module)["__builtins__"] = self._builtins
        sys.modules[full] = module
        try:
            self._run(name, module)
        except BaseException:
            del sys.modules[full]
            raise
        if parent:
            setattr(sys.modules[f"{self.root}.{parent}"], last, module)
        return module

    def _run(self, name: str, module: ModuleType) -> None:
        path = self._files.get(name)
        if path is None:
            return
        module.__file__ = path
        text = self._texts[path]
        # Tracebacks show the lines of the source, under the name that people know.
        linecache.cache[path] = (len(text), None, text.splitlines(keepends=True), path)
        exec(compile(text, path, "exec", dont_inherit=True), vars(module))

    def _knows(self, name: str) -> bool:
        return name in self._files or name in self._packages

    def _import(
        self,
        name: str,
        globals: Mapping[str, Any] | None = None,
        locals: Mapping[str, Any] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        """Do what ``import`` does: look among the files first."""
        wanted = name
        if level:
            parts = str((globals or {}).get("__package__", "")).split(".")
            base = ".".join(parts[: len(parts) - level + 1])
            wanted = f"{base}.{name}".strip(".").removeprefix(self.root).strip(".")
        elif not self._knows(name.partition(".")[0]):
            return builtins.__import__(name, globals, locals, fromlist or (), level)
        if wanted and not self._knows(wanted):
            raise ModuleNotFoundError(f"No module named {wanted!r}", name=wanted)
        if not wanted:  # from . import x, at the top
            module = ModuleType(self.root)
        else:
            module = self.load(wanted)
            if not fromlist:
                return self.load(name.partition(".")[0])
        for item in fromlist or ():
            inner = f"{wanted}.{item}".strip(".")
            if not hasattr(module, item) and self._knows(inner):
                setattr(module, item, self.load(inner))
        return module


def build_own(
    description: NetworkDescription,
    input_shape: Sequence[int] | None,
    outputs: int | None,
    substitute: Substitute,
) -> nn.Module:
    """Build the network that a source makes.

    Parameters
    ----------
    description : NetworkDescription
        With a `source`.
    input_shape, outputs
        For arguments of these names; None where nobody knows.
    substitute : callable
        Puts values in the place of symbols; it is told where.

    Raises
    ------
    InvalidDataError
        If the source cannot be run, or gives no network, with the line; or if arguments are
        missing or unknown, which are named.
    ShapeNeededError
        If an argument follows from the dataset, and None is given.
    """
    source, name = description.source, description.name
    assert source is not None, "the caller looks at that"
    modules = _Modules(source, description.digest)
    main = source.main.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
    try:
        module = modules.load(main)
    except (Exception, SystemExit) as error:
        raise _failed(description, f"{source.main} cannot be run", error) from error
    factory = _factory(description, module)
    arguments = _arguments(description, factory, input_shape, outputs, substitute)
    shown = ", ".join(f"{key}={value!r}" for key, value in arguments.items())
    call = f"{getattr(factory, '__name__', source.attribute)}({shown})"
    try:
        network = factory(**arguments)
    except (Exception, SystemExit) as error:
        raise _failed(description, f"{call} failed", error) from error
    if not isinstance(network, nn.Module):
        raise _bad(name, f"{call} gave {type(network).__name__}; it must give a torch.nn.Module")
    return network


def line_of(error: BaseException, description: NetworkDescription) -> str:
    """Return the last line of a network's own source that an error went through, or nothing.

    Parameters
    ----------
    error : BaseException
        What the network raised.
    description : NetworkDescription
        The network.
    """
    files = {} if description.source is None else description.source.files
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename in files:
            return f" ({frame.filename}, line {frame.lineno}: {frame.line})"
    if isinstance(error, SyntaxError) and error.filename in files:
        return f" ({error.filename}, line {error.lineno}: {(error.text or '').strip()})"
    return ""


def _failed(description: NetworkDescription, what: str, error: BaseException) -> InvalidDataError:
    reason = (
        "it ends the process (SystemExit)"
        if isinstance(error, SystemExit)
        else f"{type(error).__name__}: {_first_line(error)}"
    )
    hint = ""
    if isinstance(error, ModuleNotFoundError):
        hint = ". It is neither beside the file nor installed where jobs run"
    return _bad(description.name, f"{what}: {reason}{line_of(error, description)}{hint}")


def _first_line(error: BaseException) -> str:
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    return (text.strip().splitlines() or [""])[0].rstrip(".")


def _bad(name: str, reason: str, accepted: str | None = None) -> InvalidDataError:
    message = f"Network {name!r}: {reason}."
    field = FieldError(field="networks", value=name, message=message, accepted=accepted)
    return InvalidDataError(message, errors=[field])


def _factory(description: NetworkDescription, module: ModuleType) -> Callable[..., Any]:
    """Return what makes the network: what is named, or the only class that no other one uses."""
    source, name = description.source, description.name
    assert source is not None, "the caller looks at that"
    own = {
        key: value
        for key, value in vars(module).items()
        if isinstance(value, type)
        and issubclass(value, nn.Module)
        and value.__module__ == module.__name__
    }
    if source.attribute is not None:
        found: Callable[..., Any] | None = vars(module).get(source.attribute)
        if found is None or not callable(found):
            known = ", ".join(own) or "none"
            near = nearest(source.attribute, own)
            hint = f" Did you mean {near}?" if near else ""
            raise _bad(
                name,
                f"{source.main} defines no {source.attribute!r} that makes a network.{hint} "
                f"Its classes: {known}",
                known,
            )
        return found
    used = {word for value in own.values() for word in _names_in(value) if word != value.__name__}
    chosen = own if len(own) == 1 else {key: own[key] for key in own if key not in used}
    if len(chosen) != 1:
        known = ", ".join(chosen or own) or "none"
        raise _bad(
            name,
            f"{source.main} defines {len(own)} classes of torch.nn.Module ({known}); name the one "
            f"that is meant, as {source.main}:{next(iter(chosen or own), 'MyNet')}",
            known,
        )
    return next(iter(chosen.values()))


def _names_in(kind: type[nn.Module]) -> set[str]:
    """Return the names that the methods of a class use, and those of its bases."""
    names = {base.__name__ for base in kind.__bases__}
    for method in vars(kind).values():
        code = getattr(inspect.unwrap(method) if callable(method) else None, "__code__", None)
        pending = [] if code is None else [code]
        while pending:
            names |= set(pending[0].co_names)
            pending += [item for item in pending.pop(0).co_consts if inspect.iscode(item)]
    return names


def _arguments(
    description: NetworkDescription,
    factory: Callable[..., Any],
    input_shape: Sequence[int] | None,
    outputs: int | None,
    substitute: Substitute,
) -> dict[str, Any]:
    source, name = description.source, description.name
    assert source is not None, "the caller looks at that"
    called = getattr(factory, "__name__", "it")
    parameters: Mapping[str, inspect.Parameter] = {}
    with contextlib.suppress(TypeError, ValueError):
        parameters = inspect.signature(factory).parameters
    takes_any = any(item.kind is item.VAR_KEYWORD for item in parameters.values()) or not parameters
    named = {
        key: item
        for key, item in parameters.items()
        if item.kind in (item.POSITIONAL_OR_KEYWORD, item.KEYWORD_ONLY)
    }
    accepted = ", ".join(named) or "none"
    for key in source.arguments:
        if key not in named and not takes_any:
            near = nearest(key, named)
            hint = f" Did you mean {near!r}?" if near else ""
            raise _bad(name, f"{called} has no argument {key!r}.{hint} Accepted: {accepted}")
    told = {"input_shape": input_shape, "outputs": outputs}
    found = {
        key: substitute(value, f"Network {name!r}, argument {key!r} of {called}")
        for key, value in source.arguments.items()
    }
    for key in _GIVEN:
        if key in named and key not in found:
            if told[key] is None:
                if named[key].default is not inspect.Parameter.empty:
                    continue
                raise ShapeNeededError(
                    f"Network {name!r}: {called} asks for {key}, which follows from a dataset; "
                    f"give it."
                )
            value = told[key]
            found[key] = tuple(value) if isinstance(value, Sequence) else value
    missing = [
        key
        for key, item in named.items()
        if item.default is inspect.Parameter.empty and key not in found
    ]
    positional = [key for key, item in parameters.items() if item.kind is item.POSITIONAL_ONLY]
    missing += [key for key in positional if parameters[key].default is inspect.Parameter.empty]
    if missing:
        given = ", ".join(f"{key}=…" for key in missing)
        are = "is" if len(missing) == 1 else "are"
        raise _bad(
            name,
            f"{called} needs {' and '.join(missing)}, which {are} not given: add the network "
            f"with {given}",
            accepted,
        )
    return found
