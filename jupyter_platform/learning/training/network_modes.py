"""Changes of built networks before training: fixed layers, precision, compilation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from jupyter_platform.core.errors import FieldError, InvalidDataError, nearest

_EXACT = (nn.LogSoftmax, nn.Softmax, nn.Softmin, nn.Softplus, nn.LayerNorm, nn.GroupNorm)
"""Layers that lose too much in fewer bits; on a CPU torch does not see to it by itself."""

# Classes are mixed in rather than methods put on instances: strategies copy networks, and a copy
# of an instance would keep the methods of the original.


class _Fixed(nn.Module):
    """A layer that learns nothing: its statistics stay too."""

    def train(self, mode: bool = True) -> _Fixed:
        """Stay as in evaluation."""
        del mode
        return super().train(False)


def _mix_in(module: nn.Module, mixin: type[nn.Module]) -> None:
    kind = type(module)
    module.__class__ = type(kind.__name__, (mixin, kind), {"__module__": kind.__module__})


def layer_names(network: nn.Module) -> list[str]:
    """Return the names of the layers of a built network."""
    return [name for name, _ in network.named_modules() if name]


def fixed_layers(
    fixed: Iterable[str], networks: Sequence[tuple[str, Sequence[str]]]
) -> list[list[str]]:
    """Return which layers of each network are to stay as they are.

    Parameters
    ----------
    fixed : iterable of str
        Names of layers; ``network/layer`` means those of one network only.
    networks : sequence of (name, layers)
        The networks of a job, in order.

    Raises
    ------
    InvalidDataError
        If a layer is in none of them.
    """
    found: list[list[str]] = [[] for _ in networks]
    for text in fixed:
        wanted, _, layer = text.rpartition("/")
        hits = 0
        for position, (name, layers) in enumerate(networks):
            if wanted in ("", name) and layer in layers:
                found[position].append(layer)
                hits += 1
        if not hits:
            raise _unknown_layer(text, networks)
    return found


def _unknown_layer(text: str, networks: Sequence[tuple[str, Sequence[str]]]) -> InvalidDataError:
    known = list(dict.fromkeys(layer for _, layers in networks for layer in layers))
    near = nearest(text.rpartition("/")[2], known)
    hint = f" Did you mean {near}?" if near else ""
    names = " and ".join(repr(name) for name, _ in networks)
    accepted = ", ".join(known)
    message = f"fixed = {text}: no layer of {names} has this name.{hint} Layers: {accepted}."
    field = FieldError(field="fixed", value=text, message=message, accepted=accepted, nearest=near)
    return InvalidDataError(message, errors=[field])


def fix(network: nn.Module, layers: Iterable[str]) -> None:
    """Make layers stay bit by bit as they are: weights, and statistics of batches.

    Parameters
    ----------
    network : Module
        The network.
    layers : iterable of str
        Names of layers.
    """
    for name in layers:
        layer = network.get_submodule(name)
        layer.requires_grad_(False)
        _mix_in(layer, _Fixed)
        layer.train(False)


def compute_in(network: nn.Module, precision: str, device: torch.device) -> None:
    """Let a network compute in bfloat16 or float16 where torch holds that to be safe.

    Weights stay float32, and so do its outputs, hence losses.

    Parameters
    ----------
    network : Module
        The network.
    precision : str
        ``float32``, ``bfloat16`` or ``float16``.
    device : device
        Where it computes.
    """
    dtype = {"bfloat16": torch.bfloat16, "float16": torch.float16}[precision]

    class Reduced(nn.Module):
        def forward(self, *arguments: Any, **named: Any) -> Any:
            with torch.autocast(device.type, dtype):
                outputs = super().forward(*arguments, **named)
            return _as_float32(outputs)

    class Exact(nn.Module):
        def forward(self, values: Tensor) -> Tensor:
            with torch.autocast(device.type, enabled=False):
                exact: Tensor = super().forward(values.float())
            return exact

    for layer in network.modules():
        if isinstance(layer, _EXACT):
            _mix_in(layer, Exact)
    _mix_in(network, Reduced)


def _as_float32(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.float() if value.is_floating_point() else value
    if isinstance(value, tuple | list):
        return type(value)(_as_float32(item) for item in value)
    return value


def compile_networks(
    networks: Iterable[nn.Module], device: torch.device, warn: Callable[[str], None]
) -> bool:
    """Compile networks in place; where there is no compiler they stay, and a person is told.

    Keys of their state dicts stay too. Sizes that change are compiled once more, as variable. What
    a compiler cannot take runs as it is, see `uncompiled`.

    Parameters
    ----------
    networks : iterable of Module
        Changed in place.
    device : device
        Where it computes.
    warn : callable
        Called with a sentence where they are not compiled.

    Returns
    -------
    bool
        Whether there is a compiler.
    """
    try:
        # What lacks shows at the first call only.
        torch.compile(lambda values: values * 2 + 1)(torch.ones(8, device=device))
    except Exception as error:  # noqa: BLE001 - back ends raise whatever their tools do
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        warn(f"compile = true: torch cannot compile here ({first}); it goes on without.")
        return False
    _compiler_counters().clear()  # of this try
    torch._dynamo.config.suppress_errors = True
    for network in networks:
        network.compile()
    return True


def _compiler_counters() -> Any:
    from torch._dynamo.utils import counters  # noqa: PLC0415 - takes seconds where nobody compiles

    return counters


def uncompiled() -> tuple[int, int]:
    """Return how many parts of compiled networks could not be compiled, and of how many."""
    frames = _compiler_counters()["frames"]
    return frames["total"] - frames["ok"], frames["total"]
