"""How a file or folder would be read, for people who are about to add it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jupyter_platform.core.datasets import DatasetDescriptor
from jupyter_platform.core.errors import FieldError, PlatformError
from jupyter_platform.core.options.groups.adapters import AdapterOptions
from jupyter_platform.core.tables import TableLook
from jupyter_platform.learning.data.loader import load
from jupyter_platform.learning.data.preview import preview

_TABLES = ("csv", "parquet", "huggingface")
SAMPLES = 12
"""Samples that are shown."""


def look(descriptor: DatasetDescriptor, files: Mapping[str, str]) -> dict[str, Any]:
    """Return ``table``, ``facts``, ``samples`` and ``problems`` of a `DatasetLook`.

    Parameters
    ----------
    descriptor : DatasetDescriptor
        What is to be read, and how.
    files : mapping
        ``sha256:<hex>`` to a path on this host.
    """
    table = TableLook(rows=0, columns=[]) if descriptor.kind in _TABLES else None
    found: dict[str, Any] = {"facts": None, "samples": [], "problems": []}
    try:
        dataset = load(descriptor, files, table)
        shown = preview(dataset, None, SAMPLES, AdapterOptions())
    except PlatformError as error:
        told = error.errors or (FieldError(field="file", message=error.message),)
        found["problems"] = [item.model_dump(mode="json") for item in told]
    else:
        found["facts"] = dataset.facts.model_dump(mode="json")
        found["samples"] = [item.model_dump(mode="json") for item in shown.samples]
    is_told = table is not None and bool(table.columns)
    return {**found, "table": table.model_dump(mode="json") if is_told and table else None}
