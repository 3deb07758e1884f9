"""Requests for the time that a network takes, and their answers."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from jupyter_platform.core.networks import NetworkDescription
from jupyter_platform.core.records import Record

MAX_BATCH = 4096
"""Samples in one batch."""
MAX_RUNS = 1000
"""Batches that are timed."""
MAX_WARMUP = 100
"""Batches that go before, untimed."""
MAX_INPUT_VALUES = 50_000_000
"""Numbers in one batch of samples."""
MEASURE_WITHIN_S = 10.0
"""Seconds after which no further batch is timed, forward and forward with backward each."""

_Size = Annotated[int, Field(ge=1)]


class BenchmarkRequest(BaseModel):
    """A question for the time that a network takes for a batch."""

    model_config = ConfigDict(extra="forbid")

    dataset: str | None = None
    """Dataset whose samples have the shape; without it that of the network or `input_shape`."""
    input_shape: list[_Size] | None = Field(default=None, max_length=8)
    """Shape of one sample, for a network that takes any."""
    outputs: int | None = Field(default=None, ge=1, le=1_000_000)
    """Number of outputs, for a network that takes any."""
    batch_size: int = Field(default=32, ge=1, le=MAX_BATCH)
    """Samples in a batch."""
    runs: int = Field(default=50, ge=1, le=MAX_RUNS)
    """Batches that are timed; fewer where these take more than `MEASURE_WITHIN_S`."""
    warmup: int = Field(default=5, ge=0, le=MAX_WARMUP)
    """Batches that go before, untimed."""
    threads: int = Field(default=1, ge=1)
    """Threads that torch computes with; at most the CPUs of the host."""
    host: str | None = None
    """Host to measure on; the least busy one that is up when absent."""


class BenchmarkTiming(Record):
    """Time that a batch takes."""

    median_ms: float
    min_ms: float
    max_ms: float
    runs: int
    """Batches that were timed."""
    samples_per_s: float
    """Samples of a batch over the median time."""


class BenchmarkQuestion(BaseModel):
    """``benchmark``: what the coordinator asks the inspector."""

    description: NetworkDescription
    input_shape: list[int] | None = None
    outputs: int | None = None
    integers: bool | None = None
    """Whether samples are whole numbers; None: what the network takes."""
    batch_size: int = 32
    runs: int = 50
    warmup: int = 5
    threads: int = 1


class BenchmarkAnswer(Record):
    """What the inspector measured."""

    input_shape: list[int]
    """Shape of one sample."""
    parameters: int
    batch_size: int
    threads: int
    device: str
    """Where it computed: ``cpu``."""
    forward: BenchmarkTiming
    """In evaluation mode, without gradients."""
    forward_backward: BenchmarkTiming | None
    """In training mode, from the sum of the outputs; None where there is nothing to learn."""


class Benchmark(BenchmarkAnswer):
    """The time that a network with fresh weights takes for a batch on a host."""

    network: str
    host: str
    notes: list[str] = []
    """What may have changed the times, as sentences."""
