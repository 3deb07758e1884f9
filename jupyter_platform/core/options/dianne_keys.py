"""DIANNE's keys that are no option here under another name, and what each means."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from jupyter_platform.core.errors import FieldError, OptionError, refusal
from jupyter_platform.core.options.model import OptionModel

_DQN = ("dqn", "recurrent_dqn", "deepqlearningstrategy", "recurrentdeepqlearningstrategy")
_VALIDATIONS = (
    "CriterionEvaluationStrategy",
    "ClassificationEvaluationStrategy",
    "BinaryClassificationEvaluationStrategy",
    "VariationalAutoEncoderEvaluationStrategy",
)


@dataclass(frozen=True)
class Meaning:
    """The meaning of a key of DIANNE."""

    options: Mapping[str, Any] = field(default_factory=dict)
    """What is put in its place."""
    note: str | None = None
    """Note to the user; None for no note."""


def _flag(key: str, value: Any) -> bool:
    text = str(value).strip().lower()
    if text not in ("true", "false", "1", "0"):
        raise refusal(key, value, f"{key} = {value!r} is not accepted; write true or false.", "")
    return text in ("true", "1")


def _batch_average(key: str, value: Any, _: Mapping[str, Any]) -> Meaning:
    if _flag(key, value):
        return Meaning()
    message = (
        f"{key} = false is not accepted: losses are means over a batch here. With SGD a "
        "learning_rate of batch_size times yours does the same."
    )
    raise refusal(key, value, message, "true")


def _trace(key: str, value: Any, _: Mapping[str, Any]) -> Meaning:
    if not _flag(key, value):
        return Meaning()
    return Meaning(note=f"{key} changes nothing: what it prints is recorded at every step here.")


def _validation_strategy(key: str, value: Any, _: Mapping[str, Any]) -> Meaning:
    name = str(value).strip().rpartition(".")[2]
    if name.lower() in (item.lower() for item in _VALIDATIONS):
        return Meaning(
            note=f"{key} changes nothing: a validation tells the loss and, of classes, the "
            "accuracy; the best weights are those of the lowest loss."
        )
    accepted = ", ".join(_VALIDATIONS)
    message = f"{key} = {value} is not accepted; a validation may be {accepted}."
    raise refusal(key, value, message, accepted)


def _tag_best(key: str, value: Any, _: Mapping[str, Any]) -> Meaning:
    if not _flag(key, value):
        return Meaning()
    return Meaning(
        note=f"{key} changes nothing: an agent keeps no weights; the LEARN whose weights it acts "
        "with keeps its best as <tag>/best."
    )


def _intervals(key: str, value: Any) -> list[str]:
    parts = value if isinstance(value, list | tuple) else str(value).strip(" []").split(",")
    return [str(part).strip() for part in parts]


def _sync_interval(key: str, value: Any, options: Mapping[str, Any]) -> Meaning:
    parts = _intervals(key, value)
    if len(set(parts)) == 1:
        return Meaning({key: parts[0]})
    strategy = str(options.get("strategy", "")).rpartition(".")[2].lower()
    if len(parts) == 2 and strategy in _DQN:
        return Meaning({key: parts[0], "targetInterval": parts[1]})
    message = (
        f"{key} = {value} is not accepted: all networks meet at the same iterations; give one "
        "number. Of Q-learning (strategy = dqn) the second is target_interval."
    )
    raise refusal(key, value, message, "one whole number")


def _one_interval(key: str, value: Any, _: Mapping[str, Any]) -> Meaning:
    parts = _intervals(key, value)
    if len(set(parts)) == 1:
        return Meaning({key: parts[0]})
    message = f"{key} = {value} is not accepted: it is one number for all networks."
    raise refusal(key, value, message, "one whole number")


_Answer = Callable[[str, Any, Mapping[str, Any]], Meaning]
_KEYS: Mapping[str, Mapping[str, _Answer]] = {
    "LearnOptions": {
        "batchAverage": _batch_average,
        "trace": _trace,
        "traceBatchTime": _trace,
        "validationStrategy": _validation_strategy,
        "syncInterval": _sync_interval,
        "storeInterval": _one_interval,
    },
    "EvaluateOptions": {"batchAverage": _batch_average, "trace": _trace},
    "ActOptions": {"trace": _trace, "traceReward": _trace, "tagBest": _tag_best},
}
"""By model: DIANNE's keys, with what reads their value beside the other options."""


def special_keys(model: type[OptionModel]) -> Mapping[str, _Answer]:
    """Return the keys of DIANNE's that are read here for a type of job."""
    return _KEYS.get(model.__name__, {})


def rewritten(
    model: type[OptionModel], options: Mapping[str, Any]
) -> tuple[dict[str, Any], list[FieldError]]:
    """Return options with such keys replaced by what they mean, and what is wrong with them.

    Parameters
    ----------
    model : type of OptionModel
        Options of a kind of job.
    options : mapping
        Given options, by key as written.

    Returns
    -------
    options
        dict: The options, with DIANNE's keys replaced.
    """
    found: dict[str, Any] = {}
    errors: list[FieldError] = []
    answers = special_keys(model)
    for key, value in options.items():
        if key not in answers:
            found[key] = value
            continue
        try:
            found |= answers[key](key, value, options).options
        except OptionError as error:
            errors += error.errors
    return found, errors


def notes_on_keys(model: type[OptionModel], options: Mapping[str, Any]) -> list[str]:
    """Return the notes on accepted keys of DIANNE.

    Parameters
    ----------
    model : type of OptionModel
        Options of a kind of job.
    options : mapping
        Given options, by key as written.
    """
    answers = special_keys(model)
    made = (answers[key](key, value, options) for key, value in options.items() if key in answers)
    return [item.note for item in made if item.note is not None]
