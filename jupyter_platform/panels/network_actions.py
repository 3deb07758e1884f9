"""Actions on the page of a network: rename, copy, remove."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from functools import partial
from html import escape
from typing import TYPE_CHECKING

import ipywidgets as widgets

from jupyter_platform.panels.background import Background
from jupyter_platform.panels.boxes import box
from jupyter_platform.panels.listing import said

if TYPE_CHECKING:
    from jupyter_platform.client import Platform
    from jupyter_platform.core.catalogue import NetworkRecord

RENAME, COPY, DELETE = "Rename", "Copy", "Delete"
_ICONS = {RENAME: "pencil", COPY: "copy", DELETE: "trash"}
_TOOLTIPS = {
    RENAME: "Give it another name; its weights and jobs go with it",
    COPY: "Add a network that is like it",
    DELETE: "Remove it with its weights",
}
_UNDER_WAY = {RENAME: "Renaming…", COPY: "Copying…", DELETE: "Deleting…"}


class NetworkActions:
    """Buttons, and the question that each of them asks before anything is done.

    Parameters
    ----------
    platform : callable
        Returns where networks are; called in a thread.
    names : callable
        Returns the names that are taken.
    done : callable
        Called with the network to show next; None after the shown one is gone.

    Attributes
    ----------
    buttons : tuple of Button
        One for each action.
    question : VBox
        Where it asks; empty while it asks nothing.
    """

    def __init__(
        self,
        platform: Callable[[], Platform],
        names: Callable[[], Collection[str]],
        done: Callable[[str | None], None],
    ) -> None:
        self._platform, self._names, self._done = platform, names, done
        self._background = Background()
        self._record: NetworkRecord | None = None
        self._asked: str | None = None
        self.buttons = tuple(
            widgets.Button(description=name, icon=_ICONS[name], tooltip=_TOOLTIPS[name])
            for name in _ICONS
        )
        for button in self.buttons:
            button.on_click(lambda pressed: self._toggle(pressed.description))
        self.question: widgets.VBox = box(widgets.VBox, "question")

    def show(self, record: NetworkRecord | None) -> None:
        """Offer what can be done to a network; a question about another one is taken back."""
        names = {item and item.description.name for item in (record, self._record)}
        if len(names) > 1:
            self.close()
        self._record = record
        own = record is not None and record.origin == "added"
        for button in self.buttons:
            is_offered = record is not None and (own or button.description == COPY)
            button.layout.display = None if is_offered else "none"

    def close(self) -> None:
        """Take the question back."""
        self._asked = None
        self.question.children = ()

    def _toggle(self, action: str) -> None:
        if self._record is None or self._asked == action:
            self.close()
            return
        self._asked = action
        self._note = widgets.HTML()
        self._go = widgets.Button(description=action, icon=_ICONS[action])
        cancel = widgets.Button(description="Cancel", tooltip="Leave it as it is")
        cancel.on_click(lambda _: self.close())
        if action == DELETE:
            asked = (widgets.HTML(f"<p>{escape(_losses(self._record))}</p>"),)
            self._go.button_style = "danger"
            self._go.on_click(lambda _: self._delete())
        else:
            asked = self._ask_name(action)
        buttons = box(widgets.HBox, "actions", self._go, cancel)
        self.question.children = (*asked, self._note, buttons)

    def _ask_name(self, action: str) -> tuple[widgets.Widget, ...]:
        assert self._record is not None, "asked only while one is shown"
        name = self._record.description.name
        label = "New name" if action == RENAME else "Name of the copy"
        self._name = widgets.Text(
            value=name if action == RENAME else _free(name, self._names()),
            description=label,
            continuous_update=True,
            style={"description_width": "initial"},
        )
        self._weights = widgets.Checkbox(value=True, description="With its weights", indent=False)
        self._name.observe(lambda _: self._check(), names="value")
        self._go.on_click(lambda _: self._rename() if action == RENAME else self._copy())
        self._check()
        has_choice = action == COPY and bool(self._record.tags)
        return (self._name, self._weights) if has_choice else (self._name,)

    def _check(self) -> None:
        """Say what is wrong with a name while it is typed."""
        assert self._record is not None, "asked only while one is shown"
        name, now = self._name.value.strip(), self._record.description.name
        wrong = "" if name == now and self._asked == RENAME else _wrong(name, self._names())
        self._go.disabled = bool(wrong) or (name == now and self._asked == RENAME)
        self._tell(wrong, is_error=True)

    def _rename(self) -> None:
        old, new = self._chosen(), self._name.value.strip()
        self._do(lambda: self._platform().rename_network(old, new), new)

    def _copy(self) -> None:
        name, new, weights = self._chosen(), self._name.value.strip(), self._weights.value
        self._do(lambda: self._platform().copy_network(name, new, weights=weights), new)

    def _delete(self) -> None:
        name = self._chosen()
        self._do(lambda: self._platform().remove_network(name, weights=True), None)

    def _chosen(self) -> str:
        assert self._record is not None, "asked only while one is shown"
        return self._record.description.name

    def _do(self, work: Callable[[], object], then: str | None) -> None:
        assert self._asked is not None, "its button is there only while it asks"
        self._go.disabled = True
        self._tell(_UNDER_WAY[self._asked])
        self._background.run(work, partial(self._finish, then), self._fail)

    def _finish(self, then: str | None, _: object) -> None:
        self.close()
        self._done(then)

    def _fail(self, error: BaseException) -> None:
        self._go.disabled = False
        self._tell(said(error), is_error=True)

    def _tell(self, sentence: str, *, is_error: bool = False) -> None:
        role = "alert" if is_error else "status"
        self._note.value = f'<p role="{role}">{escape(sentence)}</p>' if sentence else ""


def _wrong(name: str, taken: Collection[str]) -> str:
    from jupyter_platform.core.networks import NAME_PATTERN  # noqa: PLC0415 - slow to import

    if name in taken:
        return f"There is a network {name!r} already."
    if re.fullmatch(NAME_PATTERN, name) is None:
        return "Accepted: 1 to 64 letters, digits, '.', '_' or '-', the first a letter or digit."
    return ""


def _free(name: str, taken: Collection[str]) -> str:
    number = 2
    while f"{name[:60]}-{number}" in taken:
        number += 1
    return f"{name[:60]}-{number}"


def _losses(record: NetworkRecord) -> str:
    """Return the consequences of removing a network, as a sentence."""
    from jupyter_platform.core.units import format_bytes, format_count  # noqa: PLC0415

    name = record.description.name
    if not record.tags:
        return f"Delete {name}? It has no weights; its description cannot be brought back."
    sizes = {kept.digest: kept.bytes for tag in record.tags for kept in tag.variants}
    tags = ", ".join(tag.tag for tag in record.tags[:5])
    more = f" and {len(record.tags) - 5} more" if len(record.tags) > 5 else ""
    return (
        f"Delete {name}? Its description and {format_count(len(sizes), 'set')} of weights "
        f"({tags}{more}; {format_bytes(sum(sizes.values()))}) cannot be brought back. Its jobs "
        "stay, with their curves and results."
    )
