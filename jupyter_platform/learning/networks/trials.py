"""Networks run once, with fresh weights and made-up samples, before anything is learned."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from jupyter_platform.core.networks import NetworkDescription
from jupyter_platform.learning.networks.builder import build

_TOO_FEW = "more than 1 value per channel"
"""What torch says where a layer normalises one number over itself."""
_SAMPLES = 8


def layer_that_needs_several(
    description: NetworkDescription,
    input_shape: Sequence[int],
    outputs: int,
    output_shape: Sequence[int] | None = None,
    *,
    fixed: Sequence[str] = (),
) -> tuple[str, str] | None:
    """Return name and type of the layer that cannot learn from a batch of one sample.

    Batch normalisation over one number for each channel has no variance (Ioffe and Szegedy 2015).

    Parameters
    ----------
    input_shape, outputs, output_shape
        As of `build`.
    fixed : sequence of str
        Layers that stay as in evaluation.

    Returns
    -------
    tuple of str, or None
        None where each layer can.
    """
    device = "cpu" if description.is_code else "meta"
    with torch.device(device):
        network = build(description, input_shape, outputs, output_shape).train()
        values = torch.zeros(1, *input_shape)
    for name, layer in network.named_modules():
        if name in fixed:
            layer.eval()
    with _followed(network) as inside:
        try:
            with torch.no_grad():
                network(values)
        except ValueError as error:
            if _TOO_FEW not in str(error):
                return None
            name, layer = inside[-1] if inside else ("", network)
            return name or type(layer).__name__, type(layer).__name__
        except Exception:  # noqa: BLE001 - what does not fit is told by who traces shapes
            return None
    return None


@contextlib.contextmanager
def _followed(network: nn.Module) -> Iterator[list[tuple[str, nn.Module]]]:
    """Keep the layers that a call is inside of, the innermost last."""
    inside: list[tuple[str, nn.Module]] = []
    hooks = []
    for name, layer in network.named_modules():

        def enter(layer: nn.Module, _inputs: object, name: str = name) -> None:
            inside.append((name, layer))

        def leave(_layer: nn.Module, _inputs: object, _output: object) -> None:
            inside.pop()

        hooks += [layer.register_forward_pre_hook(enter), layer.register_forward_hook(leave)]
    try:
        yield inside
    finally:
        for hook in hooks:
            hook.remove()


def trial_outputs(
    description: NetworkDescription,
    input_shape: Sequence[int],
    outputs: int,
    output_shape: Sequence[int] | None = None,
    *,
    integers: bool = False,
) -> Tensor | None:
    """Return what a network gives for normal noise, shape (8, …); None where it fails.

    Parameters
    ----------
    input_shape, outputs, output_shape
        As of `build`.
    integers : bool
        Whether it gets whole numbers, as embeddings take them.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = build(description, input_shape, outputs, output_shape).eval()
        shape = (_SAMPLES, *input_shape)
        values = torch.randint(2, shape) if integers else torch.randn(shape)
        try:
            with torch.inference_mode():
                found = network(values)
        except Exception:  # noqa: BLE001 - what does not fit is told by who traces shapes
            return None
    return found if isinstance(found, Tensor) and bool(found.isfinite().all()) else None
