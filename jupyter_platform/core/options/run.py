"""Options of RUN jobs: a script, a module, a notebook or a cell of one's own."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import PurePosixPath
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, WithJsonSchema, model_validator

from jupyter_platform.core.jobs import NOTEBOOK_SUFFIX
from jupyter_platform.core.options.groups.types import (
    JsonObject,
    Names,
    OptionalFloat,
    OptionalText,
)
from jupyter_platform.core.options.model import OptionModel, option
from jupyter_platform.core.secret_names import SECRET_NAME, SECRET_VALUE

_CODE, _ENVIRONMENT, _RESULTS = "Code", "Environment", "Inputs and results"
FRESH = "fresh"
"""The working folder that a run makes for itself."""
CELL_NAME = "cell.ipynb"
"""Name of the notebook that a detached cell comes back as."""
DIGEST_PATTERN = r"^sha256:[0-9a-f]{64}$"
VALUE_SUFFIXES = (".parquet", ".npy", ".npz", ".safetensors", ".json")
"""File formats of values that a cell takes along and gives back; none of them can hold code."""
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MODULE = r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$"

RunForm = Literal["script", "module", "notebook", "cell"]


def _words(value: Any) -> Any:
    """Return the words of a command line; a list stays as it is, its items as text."""
    if value in (None, ""):
        return None
    if isinstance(value, str):
        try:
            return tuple(shlex.split(value))
        except ValueError as error:
            raise ValueError(f"it is no command line: {error}") from None
    if isinstance(value, list | tuple):
        return tuple(str(item) for item in value)
    return value


def _variables(value: Any) -> Any:
    """Return variables from a JSON object, or from words ``NAME=value``."""
    if not isinstance(value, str) or value.lstrip().startswith("{"):
        return value
    pairs = [word.partition("=") for word in _words(value) or ()]
    if not all(separator for _, separator, _ in pairs):
        raise ValueError("write NAME=value, one behind the other, or a JSON object")
    return json.dumps({name: text for name, _, text in pairs})


Arguments = Annotated[
    tuple[str, ...] | None,
    BeforeValidator(_words),
    WithJsonSchema({"type": "string", "format": "words", "examples": ["--lr 0.1 --epochs 3"]}),
]
"""Words of a command line; None for none."""
Variables = Annotated[
    JsonObject,
    BeforeValidator(_variables),
    WithJsonSchema({"type": "string", "format": "json", "examples": ['{"SEED": "3"}']}),
]


class RunOptions(OptionModel):
    """Which code runs, in which environment, and what is kept of it."""

    script: OptionalText = option(
        None,
        "Python script or notebook (.ipynb) to run, as it is when the job is submitted.",
        group=_CODE,
        common=True,
        default_text="none, where a module is named",
    )
    module: OptionalText = option(
        None,
        "Module to run instead, as python -m does: of the environment or the working folder.",
        group=_CODE,
        default_text="none, where a script is named",
        pattern=_MODULE,
    )
    arguments: Arguments = option(
        None,
        "Words behind the name of the script or module: its sys.argv.",
        group=_CODE,
        common=True,
        default_text="none",
    )
    parameters: JsonObject = option(
        None,
        "Variables of a notebook, set in a cell behind the one that is tagged parameters, or "
        "before the first.",
        group=_CODE,
        default_text="those that stand in the notebook",
    )
    python: OptionalText = option(
        None,
        "Where it runs: path of an interpreter or of an environment's folder, or name of a conda "
        "environment or a Jupyter kernel.",
        group=_ENVIRONMENT,
        common=True,
        default_text="the environment of the platform; for a notebook the kernel that it names",
    )
    working_folder: OptionalText = option(
        None,
        "Folder in which it runs and from which it imports; fresh: an empty one of its own.",
        group=_ENVIRONMENT,
        common=True,
        default_text="the folder of the script, or fresh for code that has none",
    )
    variables: Variables = option(
        None,
        "Environment variables. They are stored and shown with the job: no place for secrets.",
        group=_ENVIRONMENT,
        default_text="none beside those of the platform",
    )
    max_time: OptionalFloat = option(
        None,
        "Time after which an attempt is ended and has failed.",
        group=_ENVIRONMENT,
        unit="s",
        default_text="any time",
        gt=0,
        allow_inf_nan=False,
    )
    outputs: Names = option(
        None,
        "Files to keep with the job when it has ended: patterns in the working folder, such as "
        "results/*.csv.",
        group=_RESULTS,
        common=True,
        default_text="none",
    )
    inputs: JsonObject = option(
        None,
        "Variables that a cell takes along: name to the file of their content.",
        group=_RESULTS,
        default_text="none",
    )
    results: Names = option(
        None,
        "Variables of a cell that are kept for job.result().",
        group=_RESULTS,
        default_text="none",
    )
    cell: bool = option(
        False,
        "Whether the code is that of a notebook's cell, which runs in a kernel of its own.",
        group=_CODE,
    )
    content: OptionalText = option(
        None,
        "Digest of the code as it was submitted.",
        group=_CODE,
        default_text="that of the file as it is now",
        pattern=DIGEST_PATTERN,
    )

    positional: ClassVar[str] = "script"

    @property
    def form(self) -> RunForm:
        """Kind of code."""
        if self.module is not None:
            return "module"
        if self.cell:
            return "cell"
        return "notebook" if (self.script or "").endswith(NOTEBOOK_SUFFIX) else "script"

    @property
    def code_name(self) -> str:
        """Display name: the file's name without its folder, or the module's name."""
        return self.module or PurePosixPath(self.script or "cell").name

    @property
    def contents(self) -> list[str]:
        """Return the references, ``sha256:<hex>``, of all files that it needs."""
        found = [str(item["content"]) for item in (self.inputs or {}).values()]
        return found if self.content is None else [self.content, *found]

    @model_validator(mode="after")
    def _fits_together(self) -> RunOptions:
        given = [name for name in ("script", "module") if getattr(self, name) is not None]
        if len(given) == 2:
            raise ValueError("script and module are two ways to say what runs; give one")
        if not given and not self.cell:
            raise ValueError("script is not given; name a .py or .ipynb file, or give module=…")
        form = self.form
        if self.parameters is not None and form != "notebook":
            raise ValueError(f"parameters are of notebooks; this is a {form}: use arguments")
        if self.arguments is not None and form in ("notebook", "cell"):
            cure = "parameters" if form == "notebook" else "inputs"
            raise ValueError(f"arguments are of scripts and modules; this is a {form}: use {cure}")
        for name in ("inputs", "results"):
            if getattr(self, name) is not None and form != "cell":
                raise ValueError(f"{name} are of cells (%%submit RUN); this is a {form}")
        if self.module is not None and self.content is not None:
            raise ValueError("content is of a file; a module is found by its name")
        return self

    @model_validator(mode="after")
    def _names_are_names(self) -> RunOptions:
        for option_name, names in (
            ("parameters", self.parameters or {}),
            ("inputs", self.inputs or {}),
            ("results", self.results or ()),
        ):
            for name in names:
                if not name.isidentifier():
                    raise ValueError(f"{option_name} holds {name!r}, which is no variable's name")
        for name, item in (self.inputs or {}).items():
            if (
                not isinstance(item, dict)
                or item.keys() != {"format", "content"}
                or item["format"] not in VALUE_SUFFIXES
                or not re.match(DIGEST_PATTERN, str(item["content"]))
            ):
                raise ValueError(f"inputs holds {name!r} without its format and content")
        return self

    @model_validator(mode="after")
    def _stays_inside(self) -> RunOptions:
        for pattern in self.outputs or ():
            path = PurePosixPath(pattern)
            if path.is_absolute() or ".." in path.parts or pattern.startswith("~"):
                raise ValueError(
                    f"outputs holds {pattern!r}, which leaves the working folder; write a pattern "
                    "inside it"
                )
        return self

    @model_validator(mode="after")
    def _keeps_secrets_out(self) -> RunOptions:
        for name, value in (self.variables or {}).items():
            if not _VARIABLE.fullmatch(name):
                raise ValueError(f"variables holds {name!r}, which is no variable's name")
            if not isinstance(value, str | int | float):
                told = f"variables holds {name}, which must be text or a number"
                raise ValueError(told)  # noqa: TRY004 - for pydantic
            if "\0" in str(value):
                raise ValueError(f"variables holds {name} with a null character in it")
            if SECRET_NAME.search(name) or SECRET_VALUE.search(str(value)):
                raise ValueError(
                    f"variables holds {name}, which looks like a secret, and options are stored "
                    "and shown; let the code read it from a file that only you can read"
                )
        return self
