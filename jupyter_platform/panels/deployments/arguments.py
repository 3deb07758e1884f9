"""The arguments of an inference API as widgets, and what it answers as HTML."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
from markupsafe import Markup

from jupyter_platform.panels.boxes import box

if TYPE_CHECKING:
    from jupyter_platform.core.inference import ArgumentDescription

ANY_FILE = {None: "", "image": "image/*", "audio": "audio/*", "video": "video/*"}
LARGEST_PREVIEW = 20_000_000
"""Bytes of a file beyond which it is not shown before it is sent."""


class ArgumentView:
    """A labelled control for one argument.

    Parameters
    ----------
    argument : ArgumentDescription
        What the API takes.
    """

    def __init__(self, argument: ArgumentDescription) -> None:
        self.argument = argument
        self._control, self._read = _control(argument)
        label = f"{argument.name}{' *' if argument.required else ''}"
        self._control.description = label
        self._control.tooltip = argument.description or argument.name
        self._preview = widgets.HTML()
        shown = Markup('<p class="jp-mod-quiet">{}</p>').format(argument.description)
        parts = (self._control, self._preview, widgets.HTML(shown if argument.description else ""))
        self.widget = box(widgets.VBox, "field", *parts)
        if argument.kind == "file":
            self._control.observe(lambda _: self._show_file(), names="value")

    @property
    def value(self) -> Any:
        """What is sent: None where nothing was given, name and bytes of a file.

        Raises
        ------
        ValueError
            If what was typed is not what the argument takes.
        """
        try:
            return self._read(self._control.value)
        except json.JSONDecodeError as error:
            raise ValueError(
                f"{self.argument.name} is not JSON: {error.msg} at character {error.pos + 1}."
            ) from None

    def _show_file(self) -> None:
        given = self.value
        self._preview.value = "" if given is None else str(_preview(*given))

    def fill(self, value: Any) -> None:
        """Put a value into the control."""
        self._control.value = value


def _control(argument: ArgumentDescription) -> tuple[Any, Callable[[Any], Any]]:
    """Return a control, and what makes of its value what is sent."""
    if argument.kind == "file":
        accept = ANY_FILE[argument.media]
        return widgets.FileUpload(accept=accept, multiple=False), _file
    if argument.choices is not None:
        return _choice(argument)
    if argument.kind == "boolean":
        return widgets.Checkbox(value=bool(argument.default), indent=False), bool
    if argument.kind in ("integer", "number"):
        return _number(argument)
    if argument.kind in ("list", "mapping", "any"):
        default = argument.default
        text = "" if default is None else json.dumps(default)
        placeholder = {"list": "[…]", "mapping": "{…}"}.get(argument.kind, "JSON or text")
        read = _json if argument.kind != "any" else _json_or_text
        return widgets.Textarea(value=text, placeholder=placeholder), read
    if argument.kind == "date":
        return widgets.DatePicker(), lambda value: value.isoformat() if value else None
    kind = widgets.Password if argument.secret else widgets.Text
    placeholder = {"datetime": "2026-01-31T12:00:00", "time": "12:00:00"}.get(argument.kind, "")
    default = "" if argument.default is None else str(argument.default)
    return kind(value=default, placeholder=placeholder), lambda value: value or None


def _choice(argument: ArgumentDescription) -> tuple[Any, Callable[[Any], Any]]:
    choices = list(argument.choices or [])
    if argument.kind == "list":
        chosen = tuple(argument.default or ())
        return widgets.SelectMultiple(options=choices, value=chosen), lambda value: list(value)
    options: list[tuple[str, Any]] = [(str(choice), choice) for choice in choices]
    if not argument.required and argument.default is None:
        options.insert(0, ("(not given)", None))
    first = options[0][1] if options else None
    value = argument.default if argument.default in choices else first
    return widgets.Dropdown(options=options, value=value), lambda value: value


def _number(argument: ArgumentDescription) -> tuple[Any, Callable[[Any], Any]]:
    is_whole = argument.kind == "integer"
    low, high, default = argument.minimum, argument.maximum, argument.default
    kind: Any
    if low is not None and high is not None and default is not None:
        # Not a slider: that of ipywidgets tells screen readers no name.
        step = 1 if is_whole else (high - low) / 100
        kind = widgets.BoundedIntText if is_whole else widgets.BoundedFloatText
        return kind(value=default, min=low, max=high, step=step), lambda value: value
    if default is None and not argument.required:  # an empty field means: not given
        read = int if is_whole else float
        field = widgets.Text(placeholder="a whole number" if is_whole else "a number")
        return field, lambda text: _read_number(argument.name, text, read)
    kind = widgets.IntText if is_whole else widgets.FloatText
    return kind(value=default or 0), lambda value: value


def _read_number(name: str, text: str, read: Callable[[str], float]) -> float | None:
    try:
        return read(text) if text.strip() else None
    except ValueError:
        raise ValueError(f"{name} is {text!r}, which is no number.") from None


def _file(value: Any) -> tuple[str, bytes, str] | None:
    if not value:
        return None
    return str(value[0]["name"]), bytes(value[0]["content"]), str(value[0]["type"])


def _json(text: str) -> Any:
    return json.loads(text) if text.strip() else None


def _json_or_text(text: str) -> Any:
    try:
        return _json(text)
    except json.JSONDecodeError:
        return text


def _preview(name: str, content: bytes, kind: str) -> Markup:
    size = f"{name}, {len(content):,} bytes"
    shown = media(content, kind, name) if len(content) <= LARGEST_PREVIEW else Markup("")
    return shown + Markup('<p class="jp-mod-quiet">{}</p>').format(size)


def media(content: bytes, kind: str, label: str) -> Markup:
    """Return a picture, a sound or a film to look at; nothing of other kinds."""
    data = f"data:{kind};base64,{base64.b64encode(content).decode()}"
    main = kind.partition("/")[0]
    if main == "image" and not kind.startswith("image/svg"):
        return Markup('<img class="jp-PlatformPanel-media" alt="{}" src="{}">').format(label, data)
    if main == "audio":
        return Markup('<audio controls src="{}" aria-label="{}"></audio>').format(data, label)
    if main == "video":
        return Markup(
            '<video class="jp-PlatformPanel-media" controls src="{}" aria-label="{}"></video>'
        ).format(data, label)
    return Markup("")


def kept(folder: Path, given: dict[str, Any]) -> dict[str, Any]:
    """Return arguments in which files are paths, written into a folder for that."""
    sent: dict[str, Any] = {}
    for name, value in given.items():
        if isinstance(value, tuple):
            place = folder / name
            place.mkdir()
            path = place / (Path(value[0]).name or "file")
            path.write_bytes(value[1])
            sent[name] = path
        else:
            sent[name] = value
    return sent
