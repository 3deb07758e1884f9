"""Answers to people who ask a trained network for samples or text."""

from __future__ import annotations

from pathlib import Path

from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.core.generations import GenerateAnswer, GenerateQuestion
from jupyter_platform.learning.networks import shape_text
from jupyter_platform.learning.networks.trained import trained_network
from jupyter_platform.learning.strategies.generated import (
    generate_samples,
    generate_symbols,
    symbols_of,
)


def generate(question: GenerateQuestion) -> GenerateAnswer:
    """Let a trained network make samples, or text where its characters are known.

    Raises
    ------
    PlatformError
        If the network and its weights do not fit each other, or it makes nothing of the kind.
    """
    network, shape = trained_network(
        question.description,
        Path(question.files[question.weights]),
        question.input_shape,
        question.outputs,
    )
    name = question.description.name
    if question.classes is not None:
        start = symbols_of(question.start, question.classes)
        generated = generate_symbols(
            network, start, question.length, temperature=question.temperature, seed=question.seed
        )
        text = "".join(question.classes[number] for number in generated.tolist())
        return GenerateAnswer(text=text)
    if shape is None or len(shape) != 1:
        takes = "any shape" if shape is None else f"shape {shape_text(shape)}"
        raise InvalidDataError(
            f"Network {name!r} takes samples of {takes}; one that makes samples "
            "takes codes, as the generator of a GAN or the decoder of an autoencoder does."
        )
    samples = generate_samples(network, shape[0], question.count, question.seed)
    if not samples.isfinite().all():
        raise InvalidDataError(f"Network {name!r} makes numbers that are not finite.")
    return GenerateAnswer(samples=samples.tolist())
