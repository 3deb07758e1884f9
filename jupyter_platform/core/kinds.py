"""Kinds of jobs: one record each, and all that others need to know of one.

A package adds one by an entry point of the group ``jupyter_platform.kinds`` that leads to a
`KindRecord`: the kind then stands in forms, completion, help and documentation, and runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module, metadata
from typing import Any, Literal

from jupyter_platform.core.records import Record

ENTRY_POINTS = "jupyter_platform.kinds"
_SUBMISSION = "jupyter_platform.coordinator.jobs.kinds."
_OPTIONS = "jupyter_platform.core.options."
_RESULTS = "jupyter_platform.core.results:"

Samples = Literal["strategy", "environment", "optional", "none"]
"""What decides where the samples of a job come from."""


@dataclass(frozen=True)
class KindRecord:
    """One kind of job.

    Places of code are written ``package.module:name``, so that nobody imports more than is needed:
    only the coordinator loads `submission`, only a process of the job is `process`.
    """

    name: str
    """In capitals: ``LEARN``."""
    title: str
    """A verb for people: ``Train``."""
    help: str
    """A sentence for people."""
    role: str
    """The role that a host must offer."""
    options_place: str
    """Of the model of its options; `core.options.OPTION_MODELS` has them."""
    process: str
    """Module that is run with the run folder as its argument."""
    submission: str = f"{_SUBMISSION}base:Kind"
    """Of the class that checks and completes its submissions."""
    takes: Literal["networks", "code"] = "networks"
    """Meaning of the first word: networks of the repository, or the user's own code."""
    samples: Samples = "optional"
    """Where its samples come from: as its strategy says, an environment, a dataset where one is
    named, or nowhere."""
    label: str = ""
    """What a row of the queue calls it; empty: its name."""
    result_place: str = f"{_RESULTS}JobResult"
    """Of the model of its results."""
    gpus: int = 0
    """GPUs of the default request, where the cluster has any."""
    starts_warm: bool = False
    """Whether a process with torch imported may be forked for it."""
    writes_weights: bool = False
    """Whether its tag names weights that it writes; else those that it reads."""
    join_results: str | None = None
    """Of the function that makes one result of those of several processes; None: rank 0's."""
    ranks_meet: bool = False
    """Whether several processes of it talk to each other over a store of rank 0."""


class DefaultRequest(Record):
    """What each process of a kind asks for where nothing is said."""

    cpus: int
    memory: int
    """Bytes."""
    gpus: int
    """Where the cluster has any."""


class KindSummary(Record):
    """A kind as the API shows it."""

    name: str
    title: str
    help: str
    role: str
    takes: Literal["networks", "code"]
    samples: Samples
    label: str
    """What a row of the queue calls it."""
    request: DefaultRequest
    """What each of its processes asks for where nothing is said."""


_LEARNING = "jupyter_platform.learning.processes.process"
_BUILT_IN = (
    KindRecord(
        "LEARN",
        "Train",
        "Train networks on a dataset, or on what agents experience.",
        "learner",
        f"{_OPTIONS}learn:LearnOptions",
        _LEARNING,
        f"{_SUBMISSION}learn:Learn",
        samples="strategy",
        result_place=f"{_RESULTS}LearnResult",
        gpus=1,
        starts_warm=True,
        writes_weights=True,
        ranks_meet=True,
    ),
    KindRecord(
        "EVALUATE",
        "Evaluate",
        "Measure how well a network does on a part of a dataset, or in an environment.",
        "evaluator",
        f"{_OPTIONS}evaluate:EvaluateOptions",
        _LEARNING,
        f"{_SUBMISSION}evaluate:Evaluate",
        samples="strategy",
        label="EVAL",
        result_place=f"{_RESULTS}EvaluateResult",
        starts_warm=True,
        ranks_meet=True,
    ),
    KindRecord(
        "ACT",
        "Act",
        "Let a network act in an environment, and keep what it experiences.",
        "agent",
        f"{_OPTIONS}act:ActOptions",
        _LEARNING,
        f"{_SUBMISSION}act:Act",
        samples="environment",
        result_place=f"{_RESULTS}ActResult",
        starts_warm=True,
        join_results="jupyter_platform.core.acting:together",
    ),
    KindRecord(
        "RUN",
        "Run",
        "Run a script, a module, a notebook or a cell of one's own.",
        "runner",
        f"{_OPTIONS}run:RunOptions",
        "jupyter_platform.running.process",
        f"{_SUBMISSION}run:Run",
        takes="code",
        samples="none",
        result_place=f"{_RESULTS}CodeResult",
    ),
)


@cache
def kinds() -> Mapping[str, KindRecord]:
    """Return all kinds by name: built-in ones first, then those of installed packages."""
    found = {item.name: item for item in _BUILT_IN}
    for entry in metadata.entry_points(group=ENTRY_POINTS):
        record = entry.load()
        found.setdefault(record.name, record)
    return found


def load(place: str) -> Any:
    """Import and return the object at an entry point, ``package.module:name``."""
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)
