"""The time that a network takes for a batch of made-up samples."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn

from jupyter_platform.core.benchmarks import (
    MAX_INPUT_VALUES,
    MEASURE_WITHIN_S,
    BenchmarkAnswer,
    BenchmarkQuestion,
    BenchmarkTiming,
)
from jupyter_platform.core.errors import InvalidRequestError, refusal
from jupyter_platform.learning.networks import build, build_source, shape_text
from jupyter_platform.learning.networks.own_code import ShapeNeededError

_ERRORS = (RuntimeError, ValueError, IndexError, TypeError, NotImplementedError)


def benchmark(question: BenchmarkQuestion) -> BenchmarkAnswer:
    """Time a network with fresh weights on a batch of normal noise.

    Forward passes run in evaluation mode without gradients. Forward with backward passes run in
    training mode, with the sum of the outputs as the loss; clearing gradients is not timed.

    Raises
    ------
    PlatformError
        If the network cannot be built for the shape or cannot take the batch, or the host has
        fewer CPUs than threads are asked for.
    """
    _check_threads(question.threads)
    threads = torch.get_num_threads()
    torch.set_num_threads(question.threads)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            return _measured(question)
    finally:
        torch.set_num_threads(threads)


def _check_threads(threads: int) -> None:
    has_affinity = hasattr(os, "sched_getaffinity")
    most = len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1
    if threads > most:
        raise refusal(
            "threads", threads, f"The host has {most} CPUs for {threads} threads.", f"1 to {most}"
        )


def _measured(question: BenchmarkQuestion) -> BenchmarkAnswer:
    network, shape = _built(question)
    batch = _batch(network.eval(), question, shape)
    name, runs = question.description.name, question.runs

    def forward() -> None:
        with torch.inference_mode():
            network(batch)

    def forward_backward() -> None:
        network(batch).sum().backward()

    def clear() -> None:
        network.zero_grad(set_to_none=True)

    learns = any(item.requires_grad for item in network.parameters())
    try:
        timing = _timing(forward, lambda: None, question.warmup, runs, len(batch))
        network.train()
        both = (
            _timing(forward_backward, clear, question.warmup, runs, len(batch)) if learns else None
        )
    except _ERRORS as error:
        raise InvalidRequestError(
            f"Network {name!r} fails on a batch of {len(batch)} samples of shape "
            f"{shape_text(shape)}: {error}"
        ) from error
    return BenchmarkAnswer(
        input_shape=list(shape),
        parameters=sum(item.numel() for item in network.parameters()),
        batch_size=len(batch),
        threads=question.threads,
        device="cpu",
        forward=timing,
        forward_backward=both,
    )


def _built(question: BenchmarkQuestion) -> tuple[nn.Module, tuple[int, ...]]:
    """Return the network with fresh weights, and the shape of its samples."""
    description, outputs = question.description, question.outputs
    needs_outputs = description.needs_shape or description.entry_point is not None
    if question.input_shape is None or (outputs is None and needs_outputs):
        raise _shape_needed(description.name)
    shape = tuple(question.input_shape)
    try:
        if description.source is not None:
            return build_source(description, shape, outputs), shape
        return build(description, shape, outputs or 0), shape
    except ShapeNeededError as error:
        raise _shape_needed(description.name) from error


def _shape_needed(name: str) -> InvalidRequestError:
    message = (
        f"Network {name!r} takes the shape of its samples and the number of its outputs from a "
        "dataset; name a dataset, or give input_shape and outputs."
    )
    return refusal("dataset", None, message, "the name of a dataset")


def _batch(network: nn.Module, question: BenchmarkQuestion, shape: tuple[int, ...]) -> Tensor:
    """Return a batch that the network takes; of whole numbers for embeddings."""
    size = (question.batch_size, *shape)
    values = torch.Size(size).numel()
    if values > MAX_INPUT_VALUES:
        most = max(MAX_INPUT_VALUES * question.batch_size // values, 0)
        raise refusal(
            "batch_size",
            question.batch_size,
            f"{question.batch_size} samples of shape {shape_text(shape)} are {values:,} numbers; "
            f"at most {MAX_INPUT_VALUES:,} are measured with.",
            f"1 to {most}" if most else "smaller samples",
        )
    noise, whole = torch.randn(size), torch.randint(2, size)
    if question.integers is not None:
        return whole if question.integers else noise
    embeds = any(isinstance(item, nn.Embedding) for item in network.modules())
    try:
        with torch.inference_mode():
            network(noise[:1])
    except _ERRORS:
        # What fails on both is told with the batch that most networks take.
        return whole if embeds else noise
    return noise


def _timing(
    call: Callable[[], None], reset: Callable[[], None], warmup: int, runs: int, samples: int
) -> BenchmarkTiming:
    """Time calls, with `reset` after each, until there are `runs` or they have taken too long."""
    deadline = time.perf_counter() + MEASURE_WITHIN_S
    for _ in range(warmup):
        call()
        reset()
        if time.perf_counter() > deadline:
            break
    took: list[float] = []
    while len(took) < runs:
        began = time.perf_counter()
        call()
        ended = time.perf_counter()
        reset()
        took.append(ended - began)
        if ended > deadline:
            break
    median = statistics.median(took)
    return BenchmarkTiming(
        median_ms=median * 1000,
        min_ms=min(took) * 1000,
        max_ms=max(took) * 1000,
        runs=len(took),
        samples_per_s=samples / median,
    )
