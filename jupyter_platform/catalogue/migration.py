"""Metadata of version 1 brought to version 2."""

from __future__ import annotations

import re
from typing import Any

from jupyter_platform.catalogue.schema import VERSION

_VERSION_1_KEYS = ("tosca", "sources", "date_creation", "keywords")
_LINKS = {
    ("sources", "code"): "source_code",
    ("sources", "docker_registry_repo"): "docker_image",
    ("sources", "pre_trained_weights"): "weights",
    ("dataset_url",): "dataset",
    ("cite_url",): "citation",
}
"""Where version 1 keeps each link of version 2."""
_LIBRARIES = {
    "tensorflow": "TensorFlow",
    "keras": "Keras",
    "pytorch": "PyTorch",
    "torch": "PyTorch",
    "scikit-learn": "Scikit-learn",
    "sklearn": "Scikit-learn",
    "xgboost": "XGBoost",
    "lightgbm": "LightGBM",
    "catboost": "CatBoost",
}
_TASKS = {
    "image classification": "Computer Vision",
    "object detection": "Computer Vision",
    "semantic segmentation": "Computer Vision",
    "computer vision": "Computer Vision",
    "classification": "Classification",
    "nlp": "Natural Language Processing",
    "time series": "Time Series",
    "anomaly detection": "Anomaly Detection",
    "clustering": "Clustering",
    "regression": "Regression",
    "transfer learning": "Transfer Learning",
    "reinforcement learning": "Reinforcement Learning",
}
_CATEGORIES = {
    "pre-trained": "AI4 pre trained",
    "pretrained": "AI4 pre trained",
    "pre trained": "AI4 pre trained",
    "trainable": "AI4 trainable",
    "inference": "AI4 inference",
    "api-v2": "AI4 inference",
    "tool": "AI4 tools",
    "tools": "AI4 tools",
}
_DATA_TYPES = {
    "image": "Image",
    "images": "Image",
    "text": "Text",
    "audio": "Audio",
    "video": "Video",
    "tabular": "Tabular",
    "time series": "Time Series",
    "graph": "Graph",
}


def is_version_1(data: dict[str, Any]) -> bool:
    """Return whether metadata are of version 1: its keys, and none that version 2 requires."""
    new = ("links", "libraries", "tasks", "categories", "metadata_version")
    return any(key in data for key in _VERSION_1_KEYS) and not any(key in data for key in new)


def migrate(old: dict[str, Any]) -> dict[str, Any]:
    """Return metadata of version 1 as version 2.3 has them.

    Libraries, tasks, categories and data types are told from the keywords, which become tags.

    Parameters
    ----------
    old : dict
        Metadata of version 1.
    """
    keywords = _words(old.get("keywords"))
    data: dict[str, Any] = {
        "metadata_version": VERSION,
        "title": old.get("title"),
        "summary": old.get("summary"),
        "description": _text(old.get("description")),
        "links": _links(old),
        "libraries": _told(keywords, _LIBRARIES),
        "tasks": _told(keywords, _TASKS) or ["Other"],
        "categories": _told(keywords, _CATEGORIES),
        "tags": keywords,
    }
    if types := _told(keywords, _DATA_TYPES):
        data["data-type"] = types
    created = old.get("date_creation")
    if isinstance(created, str):
        data["dates"] = {"created": created, "updated": created}
    if isinstance(old.get("license"), str):
        data["license"] = old["license"]
    if not data["libraries"]:
        data["libraries"] = ["Other"]
    return data


def _text(value: Any) -> Any:
    """Return the description: version 1 has it as lines, a written line end ends a paragraph."""
    if not isinstance(value, list):
        return value
    lines = (str(line) for line in value)
    return "\n".join(re.sub(r"\\n$", "\n", line) for line in lines)


def _words(value: Any) -> list[str]:
    words = value if isinstance(value, list) else str(value or "").split(",")
    return list(dict.fromkeys(str(word).strip() for word in words if str(word).strip()))


def _links(old: dict[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for path, name in _LINKS.items():
        value: Any = old
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        if isinstance(value, str) and value:
            found[name] = value
    return found


def _told(keywords: list[str], table: dict[str, str]) -> list[str]:
    return list(dict.fromkeys(table[word.lower()] for word in keywords if word.lower() in table))
