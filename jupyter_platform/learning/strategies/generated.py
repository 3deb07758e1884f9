"""Samples and text made by networks that have learnt to make them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from jupyter_platform.core.errors import FieldError, InvalidDataError
from jupyter_platform.learning.networks.recurrence import Memory, Recurrence
from jupyter_platform.learning.strategies.criteria import class_probabilities

SHOWN_SAMPLES = 16
"""Samples that a result holds."""
SHOWN_SYMBOLS = 200
"""Symbols of text that a result holds."""
_MOST_VALUES = 4096
"""Values of a sample beyond which a result comes without samples."""
_CONTEXT = 256
"""Symbols that a network without memory sees before each that it makes."""


def samples_record(samples: Tensor) -> dict[str, Any] | None:
    """Return samples as a result holds them, ``{"kind": "values", "values": [nested lists]}``.

    Parameters
    ----------
    samples : Tensor, shape (n, …)

    Returns
    -------
    dict or None
        None where a sample is too large to be shown, or holds a number that is not finite.
    """
    if samples[0].numel() > _MOST_VALUES or not samples.isfinite().all():
        return None
    return {"kind": "values", "values": samples.cpu().tolist()}


def text_record(start: str, text: str) -> dict[str, Any]:
    """Return text as a result holds it, ``{"kind": "text", "start", "text"}``.

    Parameters
    ----------
    start : str
        What the text begins with.
    text : str
        What was made.
    """
    return {"kind": "text", "start": start, "text": text}


def draw_latents(count: int, size: int, seed: int) -> Tensor:
    """Return standard normal latents that only the seed decides, shape (count, size).

    Parameters
    ----------
    count : int
        Samples.
    size : int
        Numbers of one latent.
    seed : int
        Seed of the random numbers.
    """
    return torch.randn(count, size, generator=torch.Generator().manual_seed(seed))


def generate_samples(network: nn.Module, latent_size: int, count: int, seed: int) -> Tensor:
    """Return samples of a generator or decoder on the CPU, shape (count, …).

    Parameters
    ----------
    network : Module
        From latents, shape (count, latent_size).
    latent_size : int
        Numbers in a latent.
    count : int
        Samples to generate.
    seed : int
        Of the latents.
    """
    with torch.inference_mode():
        generated: Tensor = network.eval()(draw_latents(count, latent_size, seed))
    return generated


def symbols_of(text: str, classes: Sequence[str]) -> Tensor:
    """Return the numbers of a text's characters, int64, shape (T,).

    Parameters
    ----------
    text : str
        At least one character.
    classes : sequence of str
        The character of each number.

    Raises
    ------
    InvalidDataError
        If a character is none of `classes`.
    """
    numbers = {name: number for number, name in enumerate(classes)}
    unknown = sorted(set(text) - numbers.keys())
    if unknown or not text:
        found = f"holds {unknown[0]!r}, which the network has never seen" if unknown else "is empty"
        message = f"The start {text!r} {found}; it knows {''.join(classes)!r}."
        field = FieldError(field="start", value=text, message=message, accepted="".join(classes))
        raise InvalidDataError(message, errors=[field])
    return torch.tensor([numbers[item] for item in text])


def generate_symbols(
    network: nn.Module,
    start: Tensor,
    length: int,
    *,
    criterion: str = "NLL",
    temperature: float = 1.0,
    seed: int = 0,
) -> Tensor:
    """Go on with a sequence, symbol by symbol, each drawn from what the network expects.

    Parameters
    ----------
    network : Module
        From symbols, shape (B, T), to probabilities, their logarithms or scores of each step's
        next symbol, shape (B, T, C).
    start : Tensor, int64, shape (T,)
        Symbols before; at least one.
    length : int
        Symbols to make.
    criterion : str
        Criterion of the network: CE where it gives scores.
    temperature : float
        Scores are divided by it; near 0 the likeliest symbol is always taken.
    seed : int
        Of the draws.

    Returns
    -------
    Tensor, int64, shape (length,)
        Shorter where the network comes to give no numbers.
    """
    draws = torch.Generator().manual_seed(seed)
    recurrence = Recurrence(network)
    generated: list[int] = []
    known = start[None]
    state: Memory = {}
    was_training = network.training
    network.eval()
    with torch.inference_mode():
        for _ in range(length):
            outputs, state = recurrence(known, state if recurrence.remembers else {})
            probabilities = class_probabilities(outputs[:, -1].cpu(), criterion)
            sharpened = (probabilities.clamp_min(1e-300).log() / temperature).softmax(1)
            if not sharpened.isfinite().all():
                break
            symbol = torch.multinomial(sharpened, 1, generator=draws).to(known)
            generated.append(int(symbol))
            known = symbol if recurrence.remembers else torch.cat([known, symbol], 1)[:, -_CONTEXT:]
    network.train(was_training)
    return torch.tensor(generated, dtype=torch.int64)
