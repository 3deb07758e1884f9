"""One's own data: a file or folder as it would be read, what was recognised, and its name."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from jupyter_platform.panels.background import Background, Latest
from jupyter_platform.panels.boxes import box
from jupyter_platform.panels.listing import said

if TYPE_CHECKING:
    from jupyter_platform.client import Platform
    from jupyter_platform.core.catalogue import DatasetLook

LARGEST = 200_000_000
"""Bytes of a file that goes through the browser; larger ones are named by their path."""
ACCEPTED = ".csv,.tsv,.txt,.npz,.parquet"
_TOLD = "as recognised"
_NOTHING = "as recognised"
"""Value of a choice that was not made: a drop-down with None shows nothing."""
_CHOICES: dict[str, tuple[str, tuple[tuple[str, Any], ...]]] = {
    "separator": (
        "Separator",
        (("comma", ","), ("semicolon", ";"), ("tab", "\t"), ("bar |", "|"), ("blanks", r"\s+")),
    ),
    "decimal": ("Decimal sign", (("point", "."), ("comma", ","))),
    "thousands": (
        "Thousands",
        (("none", ""), ("point", "."), ("comma", ","), ("blank", " "), ("apostrophe", "'")),
    ),
    "encoding": (
        "Encoding",
        tuple((name, name) for name in ("utf-8", "utf-16", "cp1252", "latin-1", "mac_roman")),
    ),
    "header": ("First line", (("has names", True), ("is a row", False))),
    "date_format": (
        "Dates",
        (
            ("day.month.year", "%d.%m.%Y"),
            ("day/month/year", "%d/%m/%Y"),
            ("month/day/year", "%m/%d/%Y"),
            ("year-month-day", "%Y-%m-%d"),
        ),
    ),
}
"""A property of a file's format that the user may correct: label and choices."""
_CSV_ONLY = ("separator", "decimal", "thousands", "encoding", "header")
_MISSING = (
    ("are refused", "refuse"),
    ("leave their rows out", "drop"),
    ("become the mean", "mean"),
    ("are a class of their own", "class"),
)
_ENCODE = (("is refused", _NOTHING), ("becomes one-hot", "one-hot"), ("becomes numbers", "classes"))
_BROKEN = (("are refused", _NOTHING), ("are left out", True))
_TASKS = ((_TOLD, _NOTHING), ("classes", "classification"), ("numbers", "regression"))


class Adding:
    """The part of the datasets panel in which data are added.

    Parameters
    ----------
    platform : callable
        Returns where datasets are; called in a thread.
    added : callable
        Is given the name of a dataset that was added.
    closed : callable
        Is called when people give up.
    """

    def __init__(
        self,
        platform: Callable[[], Platform],
        added: Callable[[str], None],
        closed: Callable[[], None],
    ) -> None:
        self._platform, self._added, self._closed = platform, added, closed
        self._found: DatasetLook | None = None
        self._file_name = ""
        self._is_drawing = False
        self._background = Background()
        self._looking = Latest(self._background, self._looked, self._fail)
        self._build()

    def show(self, path: str | None = None) -> None:
        """Begin anew, with a file or folder of the platform's machine where one is named."""
        self._found = None
        self._form.layout.display = "none"
        self._tell("")
        self._path.value = path or ""
        if path:
            self._look_at_path()

    def _build(self) -> None:
        self._upload = widgets.FileUpload(
            description="Upload a file", accept=ACCEPTED, tooltip="A table, arrays or a text"
        )
        self._upload.observe(lambda change: self._on_upload(change["new"]), names="value")
        self._path = widgets.Text(
            description="or a path",
            placeholder="file or folder on the server",
            continuous_update=False,
        )
        self._look_button = widgets.Button(
            description="Look", icon="search", tooltip="Show how it would be read"
        )
        self._look_button.on_click(lambda _: self._look_at_path())
        self._path.on_submit(lambda _: self._look_at_path())
        close = widgets.Button(description="Cancel", tooltip="Add nothing")
        close.on_click(lambda _: self._closed())
        source = box(widgets.HBox, "source", self._upload, self._path, self._look_button, close)
        self._message, self._recognised, self._first = (widgets.HTML() for _ in range(3))
        self._build_choices()
        self._name = widgets.Text(description="Name", continuous_update=False)
        self._add = widgets.Button(
            description="Add dataset",
            icon="plus",
            button_style="primary",
            tooltip="Keep it as a dataset",
        )
        self._add.on_click(lambda _: self._keep())
        end = box(widgets.HBox, "source", self._name, self._add)
        self._form = box(widgets.VBox, "addForm", self._choices, self._recognised, end, self._first)
        title = widgets.HTML("<h2>Add a dataset</h2>")
        self.widget = box(widgets.VBox, "adding", title, source, self._message, self._form)

    def _build_choices(self) -> None:
        self._target = widgets.Dropdown(description="Target", options=[(_TOLD, _NOTHING)])
        self._task = widgets.Dropdown(description="Learns", options=_TASKS)
        self._missing = widgets.Dropdown(description="Missing values", options=_MISSING)
        self._encode = widgets.Dropdown(description="Text columns", options=_ENCODE)
        self._skip_broken = widgets.Dropdown(description="Broken pictures", options=_BROKEN)
        self._exclude = widgets.SelectMultiple(description="Leave out", options=[], rows=4)
        self._written = {
            key: widgets.Dropdown(description=label, options=[(_TOLD, _NOTHING), *choices])
            for key, (label, choices) in _CHOICES.items()
        }
        self._controls: dict[str, Any] = {
            "target": self._target,
            "task": self._task,
            "missing": self._missing,
            "encode": self._encode,
            "exclude": self._exclude,
            "skip_broken": self._skip_broken,
            **self._written,
        }
        for control in self._controls.values():
            control.observe(lambda _: self._look_again(), names="value")
        self._choices = box(widgets.Box, "choices", *self._controls.values())

    def _on_upload(self, files: tuple[dict[str, Any], ...]) -> None:
        if not files:
            return
        file, self._upload.value = files[0], ()
        self._file_name = str(file["name"])
        self._reset()
        if int(file["size"]) > LARGEST:
            self._tell("The file is too large for the browser; name its path.", is_error=True)
            return
        self._tell(f"Reading {self._file_name}…")
        self._looking.ask(partial(self._send, self._file_name, bytes(file["content"])))

    def _send(self, name: str, content: bytes) -> DatasetLook:
        return self._platform().look_at_bytes(content, name)

    def _look_at_path(self) -> None:
        path = self._path.value.strip()
        if not path:
            self._tell("Upload a file, or name one on the server.", is_error=True)
            return
        self._file_name = path
        self._reset()
        self._tell(f"Reading {path}…")
        self._looking.ask(lambda: self._platform().look_again(f"path:{path}", file_name=path))

    def _reset(self) -> None:
        """Forget what was chosen for another file."""
        self._found = None
        self._is_drawing = True
        for control in self._controls.values():
            control.value = () if control is self._exclude else _first_choice(control)
        self._is_drawing = False

    def _options(self) -> dict[str, Any]:
        """Return the chosen options, as `Datasets.add_dataset` takes them."""
        if self._found is None:
            return {}
        given = {
            key: control.value
            for key, control in self._controls.items()
            if control.layout.display != "none" and control.value != _NOTHING
        }
        given["exclude"] = list(given.get("exclude", ()))
        if given.get("missing") == "refuse":
            del given["missing"]
        return {key: item for key, item in given.items() if item != []}

    def _look_again(self) -> None:
        found = self._found
        if found is None or self._is_drawing:
            return
        self._tell("Reading it again…")
        options = {**self._options(), "kind": found.kind}
        self._looking.ask(
            lambda: self._platform().look_again(found.content, file_name=self._file_name, **options)
        )

    def _looked(self, found: DatasetLook) -> None:
        from jupyter_platform.panels import adding_views as views  # noqa: PLC0415 - slow to import

        is_new = self._found is None
        self._found = found
        self._is_drawing = True
        self._draw_choices(found)
        if is_new:
            self._name.value = found.name
        self._is_drawing = False
        self._recognised.value = views.judged(found)
        self._first.value = views.first(found)
        self._add.disabled = bool(found.problems)
        self._form.layout.display = None
        self._tell("")

    def _draw_choices(self, found: DatasetLook) -> None:
        """Offer what can be chosen of this kind of data, with what was recognised."""
        from jupyter_platform.panels import adding_views as views  # noqa: PLC0415 - slow to import

        table = found.table
        is_csv = found.kind == "csv"
        names = [] if table is None else [column.name for column in table.columns]
        told = views.told(found)
        if names:
            _offer(self._target, names, told.get("target"))
            chosen = tuple(name for name in self._exclude.value if name in names)
            self._exclude.options = names
            self._exclude.value = chosen
        for key, control in self._written.items():
            if key in told:
                choices = _CHOICES[key][1]
                word = next((label for label, value in choices if value == told[key]), told[key])
                _relabel(control, [(f"{word} ({_TOLD})", _NOTHING), *choices])
        for key, control in self._controls.items():
            is_shown = bool(names) if key not in _CSV_ONLY else is_csv and bool(names)
            if key == "date_format":
                is_shown = is_csv and "date_format" in {*told, *views.faulty(found)}
            if key in ("missing", "encode"):
                is_shown = views.concerns(found, key) or control.value != _first_choice(control)
            if key == "task":
                is_shown = found.kind in ("csv", "parquet", "npz", "huggingface")
            if key == "skip_broken":
                is_shown = found.folder is not None and found.folder.broken > 0
            if is_csv and key in ("separator", "encoding", "header"):
                is_shown = True  # with the wrong one there are no columns
            control.layout.display = None if is_shown else "none"

    def _keep(self) -> None:
        found, name = self._found, self._name.value.strip()
        if found is None or found.problems:
            return
        if not name:
            self._tell("Give it a name.", is_error=True)
            return
        self._add.disabled = True
        self._tell(f"Adding {name}…")
        options = {**self._options(), "kind": found.kind}
        self._background.run(
            lambda: self._platform().add_looked_at(name, found.content, **options).name,
            self._added,
            self._fail,
        )

    def _fail(self, error: BaseException) -> None:
        self._add.disabled = False
        self._tell(said(error), is_error=True)

    def _tell(self, sentence: str, *, is_error: bool = False) -> None:
        role = "alert" if is_error else "status"
        self._message.value = f'<p role="{role}">{escape(sentence)}</p>' if sentence else ""


def _first_choice(control: Any) -> Any:
    first = control.options[0]
    return first[1] if isinstance(first, tuple) else first


def _offer(control: widgets.Dropdown, names: list[str], told: str | None) -> None:
    """Offer columns, the recognised one first; what was chosen stays."""
    head = _TOLD if told is None else f"{told} ({_TOLD})"
    _relabel(control, [(head, _NOTHING), *((name, name) for name in names)])


def _relabel(control: widgets.Dropdown, options: list[tuple[str, Any]]) -> None:
    """Offer other choices; what was chosen stays where it still is one."""
    chosen = control.value
    if control.options != tuple(options):
        control.options = options
        known = [value for _, value in options]
        control.value = chosen if chosen in known else _NOTHING
