"""Notebooks that deploy an item and call it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_platform.core.errors import InvalidRequestError
from jupyter_platform.core.marketplace import ItemRecord
from jupyter_platform.runtime.names import name_from

if TYPE_CHECKING:
    import nbformat

_KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
_MOST_NAMES = 1000


def item_notebook(record: ItemRecord) -> nbformat.NotebookNode:
    """Return a notebook that deploys an item, shows its arguments as a form, and calls it.

    Parameters
    ----------
    record : ItemRecord
        The item.
    """
    from nbformat.v4 import (  # noqa: PLC0415 - for this alone
        new_code_cell,
        new_markdown_cell,
        new_notebook,
    )

    cells = [
        new_markdown_cell(_introduction(record)),
        new_code_cell(
            "from jupyter_platform import Platform\n\n"
            f"platform = Platform()\nitem = platform.item({record.name!r})\nitem"
        ),
        new_markdown_cell("## Deploy\nIt holds its resources until it is stopped."),
        new_code_cell("deployment = item.deploy()\ndeployment.wait_ready()"),
        new_markdown_cell("## Arguments as a form\nFill them in, and press Predict."),
        new_code_cell("from jupyter_platform.panels import Endpoint\n\nEndpoint(deployment)"),
        new_markdown_cell(
            "## The same in code\n`deployment.predict` takes the arguments of the form by name; "
            "files are paths."
        ),
        new_code_cell("help(deployment.predict)\n# deployment.predict(...)"),
        new_code_cell("for language, code in deployment.snippets().items():\n    print(code)"),
        new_markdown_cell("## Give back what it holds"),
        new_code_cell("deployment.stop()"),
    ]
    if record.network is not None:
        cells += [
            new_markdown_cell(
                "## Retrain\nTake it to a dataset of your own, then publish the result beside it."
            ),
            new_code_cell(
                "# job = item.retrain('my-dataset', max_iterations=500)\n# job.wait()\n"
                f"# platform.publish(job, name='my-{record.name}', parent=item, "
                "compare_on='my-dataset')"
            ),
        ]
    made: nbformat.NotebookNode = new_notebook(cells=cells, metadata={"kernelspec": _KERNEL})
    return made


def write_item_notebook(record: ItemRecord, path: str | Path | None) -> Path:
    """Write the notebook of an item to a file that is not there yet, and return its path.

    Parameters
    ----------
    record : ItemRecord
        The item.
    path : path, optional
        File or folder; the working directory when absent.

    Raises
    ------
    InvalidRequestError
        If it cannot be written.
    """
    import nbformat  # noqa: PLC0415 - for this alone

    wanted = Path.cwd() if path is None else Path(path).expanduser()
    name = f"{name_from(record.name, 'item')}.ipynb"
    target = wanted / name if wanted.is_dir() else wanted
    text = nbformat.writes(item_notebook(record))
    for number in range(1, _MOST_NAMES):
        free = target if number == 1 else target.with_stem(f"{target.stem}-{number}")
        try:
            with open(free, "x", encoding="utf-8") as file:
                file.write(text)
        except FileExistsError:
            continue
        except OSError as error:
            raise InvalidRequestError(f"{free} cannot be written: {error.strerror}.") from error
        return free
    raise InvalidRequestError(f"{os.fspath(target)} is there already, {_MOST_NAMES} times.")


def _introduction(record: ItemRecord) -> str:
    lines = [f"# {record.title}", record.summary, f"*{record.runs_reason}*"]
    lines += [f"[{link.label}]({link.url})" for link in record.links]
    return "\n\n".join(line for line in lines if line)
