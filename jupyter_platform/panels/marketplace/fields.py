"""A field of a configuration document, as widgets."""

from __future__ import annotations

import json
from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from jupyter_platform.panels.boxes import box

if TYPE_CHECKING:
    from jupyter_platform.core.deployments import ConfigurationField


class FieldView:
    """A labelled control with its help, its warning and what is wrong with its value.

    Parameters
    ----------
    field : ConfigurationField
        What is configured.
    value : object
        Value to begin with.
    changed : callable
        Called when somebody has changed the value.
    """

    def __init__(self, field: ConfigurationField, value: Any, changed: Callable[[], None]) -> None:
        self.field = field
        self._control = _control(field, value)
        self._control.disabled = field.disabled is not None
        self._help = widgets.HTML(_paragraph(field.description, "jp-mod-quiet"))
        self._error = widgets.HTML()
        notes = [field.warning and f"▲ {field.warning}", field.disabled]
        noted = widgets.HTML("".join(_paragraph(note, "jp-mod-noted") for note in notes if note))
        self._reveal = self._revealing() if field.type == "password" else None
        row = (self._control, *([self._reveal] if self._reveal else []))
        parts = (box(widgets.HBox, "control", *row), self._error, noted, self._help)
        self.widget = box(widgets.VBox, "field", *parts)
        self.show_help(shown=False)
        self.say("")
        self._control.observe(lambda _: changed(), names="value")

    @property
    def value(self) -> Any:
        """The value as it would be sent."""
        value = self._control.value
        if self.field.type == "list" and self.field.options is None:
            return [_parsed(line) for line in str(value).splitlines() if line.strip()]
        return list(value) if isinstance(value, tuple) else value

    def show_help(self, *, shown: bool) -> None:
        """Show or hide what the field means and accepts."""
        self._help.layout.display = None if shown else "none"

    def say(self, error: str) -> None:
        """Say what is wrong with the value; nothing is wrong where that is empty."""
        self._error.value = f'<p role="alert">{escape(error)}</p>' if error else ""
        self._error.layout.display = None if error else "none"

    def offer(self, *, offered: bool) -> None:
        """Show the field, or hide it where it means nothing beside the other values."""
        self.widget.layout.display = None if offered else "none"

    def focus(self) -> None:
        """Give the control the focus."""
        self._control.focus()

    def _revealing(self) -> widgets.ToggleButton:
        """Return the button that shows the text of a password."""
        reveal = widgets.ToggleButton(icon="eye", tooltip="Show the password")
        plain = widgets.Text(description=self._control.description)
        widgets.link((self._control, "value"), (plain, "value"))
        control = self._control

        def turn(_: object) -> None:
            row = self.widget.children[0]
            row.children = (plain if reveal.value else control, reveal)

        reveal.observe(turn, names="value")
        return reveal


def _control(field: ConfigurationField, value: Any) -> Any:
    label = f"{field.name} ({field.unit})" if field.unit else field.name
    if field.options is not None and field.type == "list":
        return widgets.SelectMultiple(description=label, options=field.options, value=value or ())
    if field.options is not None:
        options = [(_word(option), option) for option in field.options]
        kept = value if value in field.options else None
        return widgets.Dropdown(description=label, options=options, value=kept)
    kinds = {
        "text": widgets.Text,
        "password": widgets.Password,
        "long_text": widgets.Textarea,
        "integer": widgets.IntText,
        "number": widgets.FloatText,
        "boolean": widgets.Checkbox,
        "list": widgets.Textarea,
    }
    if field.type == "list":
        value = "\n".join(
            item if isinstance(item, str) else json.dumps(item) for item in value or []
        )
    more = {"indent": False} if field.type == "boolean" else {"continuous_update": True}
    return kinds[field.type](description=label, value=value, **more)


def _word(option: Any) -> str:
    return "any" if option in ("", None) else str(option)


def _parsed(line: str) -> Any:
    """Return a line of a list: an object where it is one, else its text."""
    try:
        parsed = json.loads(line)
    except ValueError:
        return line.strip()
    return parsed if isinstance(parsed, dict) else line.strip()


def _paragraph(text: str, kind: str) -> str:
    return f'<p class="{kind}">{escape(text)}</p>'
