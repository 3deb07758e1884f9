"""Results of jobs: the fields with a meaning of their own, and the scores.

A result is what a strategy tells, as JSON. The models name what is known of it; every other number
is a score, so that a new one is shown wherever results are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel, ConfigDict

from jupyter_platform.core.jobs import PrimaryMetric, Score
from jupyter_platform.core.kinds import kinds, load
from jupyter_platform.core.states import JobType


class JobResult(BaseModel):
    """Fields common to results of all jobs; results of earlier releases lack some of them."""

    model_config = ConfigDict(extra="allow")

    headline: PrimaryMetric | None = None
    warnings: list[str] = []
    """Caveats about the scores, as sentences."""
    measured_on: str | None = None
    """By which samples it was judged: ``"test, 360 samples"``."""
    strategy: str | None = None
    seed: int | None = None
    torch: str | None = None
    """Version of torch."""
    threads: int | None = None
    ranks: int | None = None
    """Processes."""
    device: str | None = None


class LearnResult(JobResult):
    """The result of a LEARN."""

    best: dict[str, float | None] | None = None
    """Step and scores of the best weights."""
    validation: dict[str, float | None] | None = None
    """Scores of the last validation."""
    steps: int | None = None
    """Iterations (weight updates) that were done."""
    stopped_by: str | None = None
    training_time_s: float | None = None
    samples_per_s: float | None = None
    weights: list[str] = []
    """Variants of weights that were kept."""
    learning_rate: float | None = None
    batch_size: int | None = None
    epochs: float | None = None
    train_samples: int | None = None
    validation_samples: int | None = None
    samples: dict[str, Any] | None = None
    """What the networks made last."""


class OutputFile(BaseModel):
    """A file of the job that holds what the network gave for each sample."""

    model_config = ConfigDict(extra="allow")

    file: str


class EvaluateResult(JobResult):
    """The result of an EVALUATE."""

    samples: int | None = None
    episodes: int | None = None
    not_finite: int | None = None
    """Samples for which the outputs are not finite."""
    partial: bool | None = None
    """Whether it was stopped before all samples were judged."""
    loss: float | None = None
    criterion: str | None = None
    threshold: float | None = None
    """Probability of the second of two classes from which on it is chosen."""
    positive: str | None = None
    """Name of the class that a binary evaluation is about."""
    top_k: dict[str, float] = {}
    """Share of samples whose class is among the k likeliest, by k."""
    classes: list[str] = []
    confusion: list[list[int]] = []
    """Samples by true, then by predicted class."""
    per_class: list[dict[str, Any]] = []
    pairs: list[tuple[float, float]] = []
    """True and predicted number of some samples of a regression."""
    examples: list[dict[str, Any]] = []
    outputs: OutputFile | None = None
    compared: dict[str, Any] | None = None
    """Error that decides whether weights become the best of their tag: name and value."""
    stored_best: bool | None = None
    environment: str | None = None
    discount: float | None = None
    evaluation_time_s: float | None = None
    forward_ms_per_sample: float | None = None


class ActResult(JobResult):
    """The result of an ACT."""

    environment: str | None = None
    pool: str | None = None
    episodes: int | None = None
    actions: int | None = None
    averaged: int | None = None
    """Episodes over which the mean return was taken: the last ones."""
    best: dict[str, Any] | None = None
    """The best episode."""
    agents: list[dict[str, Any]] = []
    """The result of each of several agents."""
    epoch: int | None = None
    """Updates that the weights have had, where they come from a learner."""
    time_s: float | None = None
    actions_per_s: float | None = None


class CodeResult(JobResult):
    """The result of a RUN."""

    exit_code: int | None = None
    """Of a script or a module; None where a signal ended it, and of notebooks and cells."""
    working_folder: str | None = None
    """Folder in which the code ran."""
    notebook: str | None = None
    """Executed notebook, one of the job's files."""
    outputs: list[str] = []
    """Files that the code left and that are kept."""
    missing_outputs: list[str] = []
    """Patterns of files to keep that match none."""
    results: dict[str, str] = {}
    """Variables of a cell that it gives back, to the files that hold them."""


@cache
def result_model(kind: JobType) -> type[JobResult]:
    """Return the model of the results of a kind of job.

    Parameters
    ----------
    kind : JobType
        Any kind, also one of an installed package.
    """
    model: type[JobResult] = load(kinds()[kind].result_place)
    return model


_LABELS = {
    "auc": "area under the ROC curve",
    "elbo": "ELBO",
    "f1": "F1",
    "kl_loss": "KL loss",
    "log_likelihood": "log-likelihood",
    "mae": "mean absolute error",
    "max_error": "largest error",
    "mcc": "MCC",
    "mean_iou": "mean IoU",
    "median_ae": "median absolute error",
    "mse": "mean squared error",
    "r2": "R²",
    "return_stdev": "standard deviation of the return",
    "rmse": "root mean squared error",
}
"""Scores whose key is not what people call them."""


def scores_of(kind: JobType, result: Mapping[str, Any] | None) -> list[Score]:
    """Return the scores of a job's result, the primary metric first.

    Parameters
    ----------
    kind : JobType
        Of the job.
    result : mapping, optional
        As it is stored, also by an earlier release.
    """
    known = result_model(kind).model_fields
    found = [
        _score(name, value)
        for name, value in (result or {}).items()
        if name not in known and _is_number(value)
    ]
    primary = (result or {}).get("headline")
    if isinstance(primary, Mapping):
        found.sort(key=lambda score: score.label != primary.get("name"))
    return [*found[:1], *_deeper(result or {}, "top_k"), *found[1:], *_best(kind, result or {})]


def _best(kind: JobType, result: Mapping[str, Any]) -> Iterator[Score]:
    """Yield the scores of the best weights of a LEARN; the loss where there is nothing else."""
    if kind is JobType.LEARN:
        yield from (score for score in _deeper(result, "best") if score.name != "best.step")
    elif kind is JobType.EVALUATE and "loss" in result and _is_number(result["loss"]):
        yield _score("loss", result["loss"])


def _deeper(result: Mapping[str, Any], name: str) -> Iterator[Score]:
    parts = result.get(name)
    if not isinstance(parts, Mapping):
        return
    word = name.partition("_")[0]
    for key, value in parts.items():
        if _is_number(value) and (name, str(key)) != ("top_k", "1"):
            yield Score(name=f"{name}.{key}", label=f"{word} {_label(str(key))}", value=value)


def _score(name: str, value: float | None) -> Score:
    return Score(name=name, label=_label(name), value=value)


def _label(name: str) -> str:
    return _LABELS.get(name, name.replace("_", " "))


def _is_number(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))
