"""Types that options share."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from jupyter_platform.core.optimizers import OPTIMIZERS
from jupyter_platform.core.options.synonyms import CRITERION_WORDS

TAG_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
TAG_REFERENCE_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}(/(best|last|[0-9]+))?$"


def upper(value: Any) -> Any:
    """Return text in capitals, as names of methods and criteria are written."""
    return value.upper() if isinstance(value, str) else value


def lower(value: Any) -> Any:
    """Return text in small letters."""
    return value.lower() if isinstance(value, str) else value


def empty_is_none(value: Any) -> Any:
    """Return None for the empty text that a form sends for "not given"."""
    return None if value == "" else value


def _items(value: Any) -> Any:
    """Return the parts of a list that is written ``a,b,c``, brackets around it or not."""
    if not isinstance(value, str):
        return value
    text = value.strip().removeprefix("[").removesuffix("]")
    return tuple(part.strip() for part in text.split(",") if part.strip()) or None


def _json_object(value: Any) -> Any:
    if value == "":
        return None
    if not isinstance(value, str):
        return value
    try:
        parsed = json.loads(value)
    except ValueError as error:
        raise ValueError(f"it is not JSON: {error}") from None
    if not isinstance(parsed, dict):
        raise ValueError('write a JSON object, like {"depth": 3}')  # noqa: TRY004 - for pydantic
    return parsed


def _method(value: Any) -> Any:
    name = upper(value)
    if isinstance(name, str) and name not in OPTIMIZERS:
        # As for a choice that pydantic knows: the sentence is made from the schema.
        raise PydanticCustomError("literal_error", "no such optimiser")
    return name


def _criterion(value: Any) -> Any:
    name = upper(value)
    return CRITERION_WORDS.get(name, name) if isinstance(name, str) else name


def _sampling(value: Any) -> Any:
    # DIANNE 0.4 has another word for it.
    return "UNIFORM" if upper(value) == "RANDOM" else upper(value)


Criterion = Annotated[
    Literal["NLL", "CE", "BCE", "BCE_LOGITS", "MSE", "ABS", "HUB", "SMOOTH_L1", "GAU", "GKL"],
    BeforeValidator(_criterion),
]
Method = Annotated[
    str,
    BeforeValidator(_method),
    WithJsonSchema({"type": "string", "enum": list(OPTIMIZERS)}),
]
Sampling = Annotated[
    Literal["PERMUTATION", "UNIFORM", "SEQUENTIAL", "WEIGHTED", "UNIFORMCLASS"],
    BeforeValidator(_sampling),
]
DecayType = Annotated[Literal["EXPONENTIAL", "LINEAR"], BeforeValidator(upper)]
Schedule = Annotated[Literal["constant", "step", "cosine", "plateau"], BeforeValidator(lower)]
Precision = Annotated[Literal["float32", "bfloat16", "float16"], BeforeValidator(lower)]
OptionalCriterion = Annotated[Criterion | None, BeforeValidator(empty_is_none)]
OptionalFloat = Annotated[float | None, BeforeValidator(empty_is_none)]
OptionalInt = Annotated[int | None, BeforeValidator(empty_is_none)]
OptionalText = Annotated[str | None, BeforeValidator(empty_is_none)]
Names = Annotated[
    tuple[str, ...] | None,
    BeforeValidator(_items),
    WithJsonSchema({"type": "string", "format": "list", "examples": ["Linear1,Linear2"]}),
]
"""Names, written ``a,b,c``; None for none."""
Integers = Annotated[
    tuple[int, ...] | None,
    BeforeValidator(_items),
    WithJsonSchema({"type": "string", "format": "list", "examples": ["0,99,100,199"]}),
]
Fractions = Annotated[
    tuple[float, ...] | None,
    BeforeValidator(_items),
    WithJsonSchema({"type": "string", "format": "list", "examples": ["0.5,0.3"]}),
]
JsonObject = Annotated[
    dict[str, Any] | None,
    BeforeValidator(_json_object),
    WithJsonSchema({"type": "string", "format": "json", "examples": ['{"depth": 3}']}),
]
