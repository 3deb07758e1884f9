"""Metadata of items, schema 2.3 of AI4OS, as pydantic models.

They accept and refuse what the official JSON schema does, ``ai4-apps-v2.3.0.json`` of
https://github.com/ai4os/ai4-metadata; formats (``uri``, ``date``) are annotations there, too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated, Any, Literal, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

VERSION = "2.3.0"
Library = Literal[
    "TensorFlow",
    "PyTorch",
    "Keras",
    "Scikit-learn",
    "XGBoost",
    "LightGBM",
    "CatBoost",
    "Other",
]
Task = Literal[
    "Computer Vision",
    "Natural Language Processing",
    "Time Series",
    "Recommender Systems",
    "Anomaly Detection",
    "Regression",
    "Classification",
    "Clustering",
    "Dimensionality Reduction",
    "Generative Models",
    "Graph Neural Networks",
    "Optimization",
    "Reinforcement Learning",
    "Transfer Learning",
    "Uncertainty Estimation",
    "Other",
]
Category = Literal["AI4 pre trained", "AI4 trainable", "AI4 inference", "AI4 tools"]
DataType = Literal["Image", "Text", "Time Series", "Tabular", "Graph", "Audio", "Video", "Other"]
CHOICES: dict[str, tuple[str, ...]] = {
    "libraries": get_args(Library),
    "tasks": get_args(Task),
    "categories": get_args(Category),
    "data-type": get_args(DataType),
}
"""Values of the fields that have an enumeration."""
OLD_KEYS = ("tosca", "sources", "dataset_url", "cite_url", "date_creation", "keywords")
"""Keys of version 1, which version 2 refuses."""


def _whole(value: Any) -> Any:
    """Return 4 for 4.0: a whole number is an integer in JSON schemas."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _unique(values: list[Any]) -> list[Any]:
    if len(set(values)) < len(values):
        raise ValueError("its values must differ from one another")
    return values


class _Part(BaseModel):
    model_config = ConfigDict(extra="allow", strict=True, defer_build=True)


Whole = Annotated[int, BeforeValidator(_whole), Field(ge=0)]
Amount = Annotated[float, Field(ge=0)]


class Links(_Part):
    """Pages that belong to an item."""

    source_code: str
    self: str = ""
    documentation: str = ""
    docker_image: str = ""
    zenodo_doi: str = ""
    dataset: str = ""
    weights: str = ""
    citation: str = ""
    base_model: str = ""


class Dates(_Part):
    """Days of the item's making and of its last change."""

    created: str
    updated: str


class ResourceNeeds(_Part):
    """Resources that a task asks for."""

    cpu: Whole = 0
    gpu: Whole = 0
    memory_MB: Whole = 0  # noqa: N815 - a name of the schema
    gpu_memory_MB: Whole = 0  # noqa: N815 - a name of the schema
    gpu_compute_capability: Amount = 0
    storage_MB: Whole = 0  # noqa: N815 - a name of the schema


class Resources(_Part):
    """Resources for inference and for training."""

    inference: ResourceNeeds = Field(default_factory=ResourceNeeds)
    training: ResourceNeeds = Field(default_factory=ResourceNeeds)


class Metadata(_Part):
    """A file ``ai4-metadata.yml``."""

    metadata_version: Annotated[str, Field(pattern=r"^[0-9]{1,}.[0-9]{1,}.[0-9]{1,}$")]
    title: str
    summary: str
    description: str
    doi: str = ""
    links: Links
    dates: Dates = Field(default_factory=lambda: Dates(created="", updated=""))
    libraries: list[Library]
    tasks: list[Task]
    categories: list[Category]
    tags: list[str]
    data_types: list[DataType] = Field(default=[], alias="data-type")
    resources: Resources = Field(default_factory=Resources)

    @model_validator(mode="before")
    @classmethod
    def _no_old_keys(cls, data: Any) -> Any:
        if isinstance(data, dict) and (found := [key for key in OLD_KEYS if key in data]):
            raise ValueError(f"version 2 knows no {', '.join(found)}")
        return data

    @model_validator(mode="after")
    def _values_differ(self) -> Metadata:
        for values in (self.libraries, self.tasks, self.categories, self.tags, self.data_types):
            _unique(values)
        return self


def schema_faults(data: Any) -> list[str]:
    """Return what schema 2.3 refuses of metadata, a sentence each; empty when they are valid.

    Parameters
    ----------
    data : Any
        Metadata as JSON has them: no dates, no other types of YAML.
    """
    try:
        Metadata.model_validate(data)
    except ValidationError as error:
        return list(_sentences(error))
    return []


def _sentences(error: ValidationError) -> Iterator[str]:
    for item in error.errors():
        field = ".".join(str(part) for part in item["loc"]) or "the file"
        if item["type"] == "missing":
            yield f"{field} is missing."
            continue
        text = item["msg"].removeprefix("Value error, ")
        shown = json.dumps(item["input"], ensure_ascii=False, default=str)
        value = f" = {shown}" if len(shown) <= 100 else ""
        yield f"{field}{value}: {text[:1].lower()}{text[1:]}."
