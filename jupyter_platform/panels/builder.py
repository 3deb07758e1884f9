"""A network put together from a list of layers, trained for a minute, and tried."""

from __future__ import annotations

from functools import partial
from html import escape
from importlib import resources
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from jupyter_platform.panels.background import Background, Latest
from jupyter_platform.panels.boxes import CLASS, box
from jupyter_platform.panels.training import Look, Training
from jupyter_platform.panels.try_it import TryIt

if TYPE_CHECKING:
    from jupyter_platform.client import Platform
    from jupyter_platform.core.catalogue import DatasetRecord, NetworkRecord
    from jupyter_platform.core.drafts import DraftRecord, LayerTypeRecord

    _Choices = tuple[list[NetworkRecord], list[DatasetRecord], list[LayerTypeRecord]]

FIRST_DATASET = "digits"
NAME = "my-network"


class BuilderPanel:
    """Layers in a list, whose shapes follow what one writes; then train and try.

    Parameters
    ----------
    platform : Platform, optional
        Where the network goes; this machine's platform, started on demand, when absent.
    """

    def __init__(self, platform: Platform | None = None, *, base_url: str = "") -> None:
        self._platform = platform
        self._base_url = base_url
        self._background = Background()
        self._checks: Latest[DraftRecord] = Latest(self._background, self._checked, self._fail)
        self._types: dict[str, LayerTypeRecord] = {}
        self._networks: dict[str, NetworkRecord] = {}
        self._draft: DraftRecord | None = None
        self._known: DraftRecord | None = None
        """The latest facts, which may be of layers that have changed."""
        self._rows: list[_Row] = []
        self._is_offering = False
        self._mine: set[str] = set()
        """Networks that were begun here: saving may replace them."""
        self._build()
        self.refresh()

    @property
    def draft(self) -> DraftRecord | None:
        """What is known of the network as it stands; None while it is looked at."""
        return self._draft

    def refresh(self) -> None:
        """Read again which networks, datasets and layers there are."""
        self._background.run(self._read, self._offer, self._fail)

    def set_layers(self, rows: list[tuple[str, str]]) -> None:
        """Replace the layers: type, and arguments as ``key=value`` words."""
        self._rows = [_Row(self, kind, text) for kind, text in rows]
        self._changed()

    def add(self, kind: str) -> None:
        """Add a layer at the end, with the arguments that it cannot do without."""
        from jupyter_platform.panels.draft import usual_arguments  # noqa: PLC0415 - slow

        words = usual_arguments(self._types.get(kind), self._known)
        self._rows.append(_Row(self, kind, words))
        self._changed()

    def move(self, row: _Row, by: int) -> None:
        """Move a layer up or down."""
        at = self._rows.index(row)
        to = at + by
        if 0 <= to < len(self._rows):
            self._rows[at], self._rows[to] = self._rows[to], self._rows[at]
            self._changed()

    def remove(self, row: _Row) -> None:
        """Take a layer away."""
        self._rows.remove(row)
        self._changed()

    def _repr_mimebundle_(self, **options: Any) -> Any:
        return self.widget._repr_mimebundle_(**options)

    def _build(self) -> None:
        style = resources.files("jupyter_platform.panels").joinpath("panels.css").read_text("utf-8")
        self._name = widgets.Text(description="Name", value=NAME, continuous_update=False)
        self._dataset = widgets.Dropdown(description="Dataset")
        self._dataset.observe(lambda _: self._changed(), names="value")
        self._from = widgets.Dropdown(description="Begin with")
        self._from.observe(lambda change: self._begin_with(change["new"]), names="value")
        self._layers = box(widgets.VBox, "layers")
        self._kind = widgets.Combobox(placeholder="Type of layer", ensure_option=True)
        add = _button("Add layer", "plus", "Add this layer at the end", self._add)
        self._status = widgets.HTML()
        self._save = _button("Save", "save", "Put the network into the repository", self._on_save)
        self._train = _button(
            "Train a minute", "play", "Save the network, and train it", self._on_train
        )
        self._try = _button("Try it", "magic", "Ask it about a sample", self._on_try)
        self._try.layout.display = "none"
        self._page = widgets.HTML()
        self._training = Training(self._hub, self._trained)
        self._trying = TryIt(self._hub)
        buttons = (self._save, self._train, self._try, self._page)
        self.widget: widgets.VBox = box(
            widgets.VBox,
            "builder",
            widgets.HTML(f"<style>{style}</style>").add_class(f"{CLASS}-style"),
            widgets.HTML("<h1>Build a network</h1>"),
            box(widgets.HBox, "tools", self._name, self._dataset, self._from),
            self._layers,
            box(widgets.HBox, "tools", self._kind, add),
            self._status,
            box(widgets.HBox, "actions", *buttons),
            self._training.widget,
            self._trying.widget,
        )
        self.widget.add_class(CLASS)

    def _hub(self) -> Platform:
        from jupyter_platform.client import Platform  # noqa: PLC0415 - slow to import

        if self._platform is None:
            self._platform = Platform()
        return self._platform

    def _read(self) -> _Choices:
        from jupyter_platform.panels import draft  # noqa: F401, PLC0415 - imported in this thread

        hub = self._hub()
        return list(hub.networks()), list(hub.datasets()), hub.layer_types()

    def _offer(self, choices: _Choices) -> None:
        networks, datasets, types = choices
        self._types = {item.name: item for item in types}
        self._kind.options = list(self._types)
        self._networks = {item.description.name: item for item in networks}
        begun, self._is_offering = self._from.value, True
        described = [name for name, item in self._networks.items() if item.description.layers]
        self._from.options = [("a small network", ""), *((name, name) for name in described)]
        self._from.value = begun if begun in described else ""
        names = [item.name for item in datasets if item.state == "ready"]
        chosen = self._dataset.value or FIRST_DATASET
        self._dataset.options = names
        self._dataset.value = chosen if chosen in names else next(iter(names), None)
        self._is_offering = False
        if self._rows:
            self._changed()
        else:
            self._begin_with("")

    def _begin_with(self, name: str | None) -> None:
        from jupyter_platform.panels.draft import START, rows_of  # noqa: PLC0415 - slow to import

        if self._is_offering:
            return
        if name:
            description = self._networks[name].description.model_dump(mode="json")
            self.set_layers(rows_of(description["layers"]))
            if self._networks[name].origin == "added":
                self._name.value = name
                self._mine.add(name)
        elif name == "":
            self.set_layers(list(START))

    def _add(self) -> None:
        if self._kind.value in self._types:
            self.add(self._kind.value)
            self._kind.value = ""

    def _changed(self) -> None:
        """Look at the network as it stands now."""
        shown = tuple(row.widget for row in self._rows)
        if self._layers.children != shown:
            self._layers.children = shown
        self._draft = None
        self._save.disabled = self._train.disabled = True
        if self._types and not self._is_offering:
            self._checks.ask(partial(self._check, self._written(), self._dataset.value))

    def _written(self) -> list[tuple[str, str]]:
        return [(row.kind, row.text) for row in self._rows]

    def _check(self, rows: list[tuple[str, str]], dataset: str | None) -> DraftRecord:
        from jupyter_platform.panels.draft import describe  # noqa: PLC0415 - slow to import

        return self._hub().check_network(describe("draft", rows), dataset)

    def _checked(self, draft: DraftRecord) -> None:
        self._known = draft
        for number, row in enumerate(self._rows):
            known = number < len(draft.layers)
            row.show(draft.layers[number] if known else None, wrong=number == draft.layer)
        self._save.disabled = self._train.disabled = draft.problem is not None
        if draft.problem is None and draft.output_shape is None:
            self._tell("Choose a dataset: shapes follow from its samples.")
        elif draft.problem is None:
            self._tell(f"It fits: {draft.parameters:,} parameters.")
        else:
            self._tell(str(draft.problem).replace(" of network 'draft'", ""), is_error=True)
        self._draft = draft

    def _on_save(self) -> None:
        self._store(lambda: None)

    def _on_train(self) -> None:
        self._store(lambda: self._training.start(self._name.value, str(self._dataset.value)))

    def _store(self, then: Any) -> None:
        name = self._name.value.strip()
        if name in self._networks and name not in self._mine:
            self._tell(
                f"There is a network {name!r} already; choose another name, or begin with it to "
                "change it.",
                is_error=True,
            )
            return
        self._trying.hide()
        self._try.layout.display = "none"
        work = partial(self._put, name, self._written(), name in self._mine)
        self._background.run(work, partial(self._stored, then), self._fail)

    def _put(self, name: str, rows: list[tuple[str, str]], replace: bool) -> str:
        from jupyter_platform.panels.draft import describe  # noqa: PLC0415 - slow to import

        return self._hub().add_network(describe(name, rows), replace=replace).description.name

    def _stored(self, then: Any, name: str) -> None:
        self._mine.add(name)
        self._page.value = (
            f'<a class="{CLASS}-action" href="{escape(self._base_url)}lab?network={escape(name)}" '
            f'target="_blank" data-jupyter-platform-network="{escape(name)}">Open its page</a>'
        )
        self._tell(f"{name} is saved.")
        then()

    def _trained(self, look: Look) -> None:
        if look.state in ("finished", "stopped"):
            self._try.layout.display = None

    def _on_try(self) -> None:
        if self._trying.is_shown:
            self._trying.hide()
        else:
            name = self._name.value.strip()
            self._background.run(lambda: self._hub().network(name), self._trying.show, self._fail)

    def _fail(self, error: BaseException) -> None:
        self._tell(str(error), is_error=True)

    def _tell(self, sentence: str, *, is_error: bool = False) -> None:
        role = "alert" if is_error else "status"
        self._status.value = f'<p role="{role}">{escape(sentence)}</p>'


class _Row:
    """One layer in the list."""

    def __init__(self, panel: BuilderPanel, kind: str, text: str) -> None:
        self.kind = kind
        self._type = widgets.HTML(f"<b>{escape(kind)}</b>").add_class(f"{CLASS}-kind")
        self._arguments = widgets.Text(
            value=text, placeholder="no arguments", continuous_update=True
        )
        self._arguments.observe(lambda _: panel._changed(), names="value")
        self._shape = widgets.HTML().add_class(f"{CLASS}-shape")
        up = _button("", "arrow-up", f"Move {kind} up", lambda: panel.move(self, -1))
        down = _button("", "arrow-down", f"Move {kind} down", lambda: panel.move(self, 1))
        remove = _button("", "times", f"Take {kind} away", lambda: panel.remove(self))
        parts = (self._type, self._arguments, self._shape, up, down, remove)
        self.widget = box(widgets.HBox, "layer", *parts)

    @property
    def text(self) -> str:
        """The arguments, as they are written."""
        return str(self._arguments.value)

    def show(self, record: Any, *, wrong: bool) -> None:
        """Show the shape that it gives, or that it does not fit."""
        change = self.widget.add_class if wrong else self.widget.remove_class
        change("jp-mod-wrong")
        if record is None:
            self._shape.value = "does not fit" if wrong else ""
            return
        sizes = " × ".join(f"{size:,}" for size in record.output_shape or ()) or "1"
        told = f", {record.parameters:,} parameters" if record.parameters else ""
        self._shape.value = f"→ {sizes}{told}"


def _button(label: str, icon: str, tooltip: str, action: Any) -> widgets.Button:
    button = widgets.Button(description=label, icon=icon, tooltip=tooltip)
    button.on_click(lambda _: action())
    return button
