"""From modules that name their neighbours to layers in an order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import Any

from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.core.networks import Layer
from jupyter_platform.learning.exchange.dianne.files import Module
from jupyter_platform.learning.exchange.dianne.modules import is_type, translate
from jupyter_platform.learning.exchange.dianne.translation import TranslatedLayer
from jupyter_platform.learning.networks.graph import INPUT
from jupyter_platform.learning.networks.registry import LAYER_TYPES

_INDICES = {"MaxPool2d": "MaxPoolIndices2d", "MaxPool3d": "MaxPoolIndices3d"}


@dataclass
class Converted:
    """The layers of a network, and where their weights come from."""

    layers: list[Layer] = field(default_factory=list)
    parts: dict[str, tuple[Module, TranslatedLayer]] = field(default_factory=dict)
    """By layer."""
    warnings: list[str] = field(default_factory=list)


def convert(modules: Mapping[str, Module], output: str | None = None) -> Converted:
    """Return the layers between the input and an output.

    Parameters
    ----------
    modules : mapping
        By id.
    output : str, optional
        Which ``Output``: its number from 1, or the beginning of its id.

    Raises
    ------
    InvalidDataError
        If there is not one input and one output, or a module cannot be what it says.
    """
    feeds = _feeds(modules)
    last = _choose_output(modules, output)
    needed = _needed(last.id, feeds)
    starts = [modules[name] for name in needed if is_type(modules[name], "Input")]
    if len(starts) != 1:
        raise InvalidDataError(
            f"{last.label} follows from {len(starts)} modules of type Input; networks here have "
            "one input."
        )
    converter = _Converter(modules, feeds)
    for name in _in_order(modules, feeds, needed):
        converter.add(modules[name])
    return converter.finish(last)


def _feeds(modules: Mapping[str, Module]) -> dict[str, list[str]]:
    """Return the modules that feed each module, in the order of its inputs."""
    feeds = {name: list(module.prev) for name, module in modules.items()}
    for name, module in modules.items():
        for missing in (item for item in module.prev if item not in modules):
            raise InvalidDataError(
                f"{module.label} takes input from {missing}, which is not there."
            )
        for after in module.next:
            # Some of DIANNE's own files note an edge at one of its ends only.
            if after in feeds and name not in feeds[after]:
                feeds[after].append(name)
    return feeds


def _choose_output(modules: Mapping[str, Module], wanted: str | None) -> Module:
    outputs = [module for module in modules.values() if is_type(module, "Output")]
    if not outputs:
        raise InvalidDataError("There is no module of type Output.")
    if wanted is None:
        if len(outputs) == 1:
            return outputs[0]
        known = ", ".join(f"{number} ({item.id})" for number, item in enumerate(outputs, 1))
        raise InvalidDataError(
            f"The network has {len(outputs)} outputs, and networks here have one; say which as "
            f"output: {known}."
        )
    for number, module in enumerate(outputs, 1):
        if wanted == str(number) or (len(wanted) > 3 and module.id.startswith(wanted.lower())):
            return module
    known = ", ".join(f"{number} ({item.id})" for number, item in enumerate(outputs, 1))
    raise InvalidDataError(f"There is no output {wanted!r}. Known: {known}.")


def _needed(last: str, feeds: Mapping[str, list[str]]) -> set[str]:
    found: set[str] = set()
    waiting = [last]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(feeds[name])
    return found


def _in_order(
    modules: Mapping[str, Module], feeds: Mapping[str, list[str]], needed: set[str]
) -> list[str]:
    # A memory gives what it kept, so that it needs nothing before it.
    graph = {
        name: [] if is_type(modules[name], "Memory") else feeds[name]
        for name in modules
        if name in needed
    }
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        circle = " → ".join(modules[name].label for name in error.args[1])
        raise InvalidDataError(
            f"The modules feed each other in a circle without a Memory: {circle}."
        ) from error


class _Converter:
    def __init__(self, modules: Mapping[str, Module], feeds: Mapping[str, list[str]]) -> None:
        self._modules = modules
        self._feeds = feeds
        self._result = Converted()
        self._names: dict[str, str] = {}
        self._derived: dict[tuple[str, int], str] = {}
        self._counts: dict[str, int] = {}
        self._flat = {INPUT: False}
        self._memories: list[tuple[int, Module]] = []

    def add(self, module: Module) -> None:
        """Add what a module does; those that come before it are there."""
        if is_type(module, "Input"):
            self._names[module.id] = INPUT
            return
        if is_type(module, "Output", "Duplicate"):
            self._names[module.id] = self._only_source(module)
            return
        if is_type(module, "Split"):
            return
        part = translate(module)
        if part.warning:
            self._result.warnings.append(part.warning)
        if part.type == "Memory":
            self._names[module.id] = self._append(part, (INPUT,))
            self._memories.append((len(self._result.layers) - 1, module))
            return
        sources = self._sources(module, part)
        if part.wants_flat and not self._flat[sources[0]]:
            sources = (self._append(TranslatedLayer("Flatten", flat=True), sources),)
        if len(sources) == 1 and LAYER_TYPES[part.type].min_inputs > 1 and not part.slots:
            self._names[module.id] = sources[0]
            return
        name = self._names[module.id] = self._append(part, sources)
        if part.slots or part.constants:
            self._result.parts[name] = (module, part)

    def finish(self, last: Module) -> Converted:
        """Close the circles through memories, and end with the output."""
        layers = self._result.layers
        for index, module in self._memories:
            (source,) = self._feeds[module.id] or [""]
            if not source:
                raise InvalidDataError(f"{module.label} has no input.")
            layers[index] = layers[index].model_copy(
                update={"inputs": (self._source(source, module),)}
            )
        end = self._names[last.id]
        if not layers or layers[-1].name != end:
            self._append(TranslatedLayer("Identity"), (end,))
        return self._result

    def _sources(self, module: Module, part: TranslatedLayer) -> tuple[str, ...]:
        found = [self._source(name, module) for name in self._feeds[module.id]]
        most = LAYER_TYPES[part.type].max_inputs
        if not found:
            raise InvalidDataError(f"{module.label} has no input.")
        if most is None or len(found) <= most:
            return tuple(found)
        if most == 1:
            return (self._only_source(module),)
        raise InvalidDataError(f"{module.label} has {len(found)} inputs; it takes {most}.")

    def _only_source(self, module: Module) -> str:
        """Return the one input of a module.

        Old files of DIANNE's builder leave the edge that a preprocessing module was put into.
        """
        names = self._feeds[module.id]
        for name in names:
            if set(names) <= _needed(name, self._feeds):
                return self._source(name, module)
        raise InvalidDataError(
            f"{module.label} has {len(names)} inputs; it takes one."
            if names
            else f"{module.label} has no input."
        )

    def _source(self, name: str, consumer: Module) -> str:
        """Return the layer that gives what a module hands to a consumer."""
        module = self._modules[name]
        branch = module.next.index(consumer.id) if consumer.id in module.next else 0
        if is_type(module, "Duplicate"):
            return self._names[name]
        if is_type(module, "Split"):
            return self._part_of(module, branch)
        if len(module.next) == 2 and is_type(module, "Multivariate Gaussian"):
            half = TranslatedLayer("Split", {"part": branch, "parts": 2}, flat=True)
            return self._derive(module, branch, half, self._names[name])
        if branch == 1 and is_type(module, "MaxPooling"):
            return self._indices(module)
        return self._names[name]

    def _part_of(self, module: Module, branch: int) -> str:
        source = self._only_source(module)
        dim = -1 - module.integer("dim") if module.has("dim") else 1
        arguments: dict[str, Any] = {"part": branch, "parts": len(module.next), "dim": dim}
        if module.has("split"):
            try:
                cuts = [int(cut) for cut in module.text("split").split(",")]
            except ValueError as error:
                raise InvalidDataError(
                    f"{module.label}: split = {module.text('split')!r} is not accepted; numbers "
                    "like '10,30' are."
                ) from error
            # As many cuts as there are borders between branches count.
            cuts = cuts[: len(module.next) - 1]
            arguments = {"part": branch, "cuts": cuts, "dim": dim}
        return self._derive(module, branch, TranslatedLayer("Split", arguments), source)

    def _indices(self, module: Module) -> str:
        pool = translate(module)
        if pool.type not in _INDICES:
            raise InvalidDataError(f"{module.label}: its indices are used; only 2-D and 3-D do.")
        part = TranslatedLayer(_INDICES[pool.type], pool.arguments, flat=False)
        return self._derive(module, 1, part, self._only_source(module))

    def _derive(self, module: Module, branch: int, part: TranslatedLayer, source: str) -> str:
        key = (module.id, branch)
        if key not in self._derived:
            self._derived[key] = self._append(part, (source,))
        return self._derived[key]

    def _append(self, part: TranslatedLayer, sources: tuple[str, ...]) -> str:
        self._counts[part.type] = self._counts.get(part.type, 0) + 1
        name = f"{part.type.lower()}{self._counts[part.type]}"
        layers = self._result.layers
        before = layers[-1].name if layers else INPUT
        inputs = {} if sources == (before,) else {"inputs": sources}
        layer = {"name": name, "type": part.type, **inputs, **part.arguments}
        layers.append(Layer.model_validate(layer))
        self._flat[name] = self._flat[sources[0]] if part.flat is None else part.flat
        return name
