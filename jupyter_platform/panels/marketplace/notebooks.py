"""A notebook that calls an item."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jupyter_platform.core.marketplace import ItemRecord


def item_notebook(record: ItemRecord) -> dict[str, object]:
    """Return a notebook that deploys an item, shows its form, and calls it.

    Parameters
    ----------
    record : ItemRecord
        The item.
    """
    cells = [
        ("markdown", f"# {record.title}\n\n{record.summary}"),
        (
            "code",
            "from jupyter_platform import Platform\n"
            "from jupyter_platform.panels import Endpoint\n\n"
            f"deployment = Platform().deploy({json.dumps(record.name)})\ndeployment.wait_ready()",
        ),
        ("markdown", "Its arguments as a form:"),
        ("code", "Endpoint(deployment)"),
        ("markdown", "The same by code; a `pathlib.Path` stands for a file:"),
        ("code", "deployment.predict()  # with the arguments of the form"),
        ("code", "deployment.delete()"),
    ]
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}
        },
        "cells": [_cell(number, *cell) for number, cell in enumerate(cells)],
    }


def _cell(number: int, kind: str, source: str) -> dict[str, object]:
    cell: dict[str, object] = {"id": f"cell-{number}", "cell_type": kind, "source": source}
    if kind == "code":
        cell |= {"execution_count": None, "outputs": []}
    return {**cell, "metadata": {}}
