"""The datasets of the repository: what is in them, and how adapters change it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from jupyter_platform.panels.adapting import Adapting
from jupyter_platform.panels.adding import Adding
from jupyter_platform.panels.background import Background, Latest
from jupyter_platform.panels.boxes import box
from jupyter_platform.panels.listing import ListPanel, said

if TYPE_CHECKING:
    from jupyter_platform.client import Platform
    from jupyter_platform.core.catalogue import DatasetRecord
    from jupyter_platform.panels.dataset_views import DatasetRow

SAMPLES = 32
"""Samples on the page of a dataset."""
WHILE_READING_S = 5.0
"""Pause between two looks at data that are being read."""
WHILE_DOWNLOADING_S = 1.0
"""Pause between two looks at a download."""
ALL = "all"
ADD = "add:"
"""Prefix of the path of data to add."""


class DatasetsPanel(ListPanel["DatasetRow"]):
    """A list of all datasets, and a page for the one that is chosen.

    Parameters
    ----------
    platform : Platform, optional
        Where the datasets are; this machine's platform, started on demand, when absent.
    base_url : str
        Address of the Jupyter server's pages, for links where no JupyterLab is around; ends with
        a slash.
    """

    title = "Datasets"
    noun = "dataset"
    headings = (("learns", "learns"), ("size", "samples"), ("shape", "shape"))
    empty = "No datasets yet. Add one of your own."
    style = ("panels.css", "datasets.css")

    def __init__(self, platform: Platform | None = None, *, base_url: str = "") -> None:
        self._base_url = base_url
        self._adding: Adding | None = None
        self._seen: tuple[str, str] | None = None
        """Dataset and digest of the samples shown."""
        self._looking = Latest(Background(), self._show_samples, self._fail_samples)
        super().__init__(platform)

    def _read(self, hub: Platform) -> list[DatasetRow]:
        from jupyter_platform.panels import dataset_views  # noqa: PLC0415 - slow to import

        return dataset_views.datasets(hub, self._chosen)

    def choose(self, name: str) -> None:
        """Show a dataset; ``add:`` and a path show how a file or folder would be read."""
        if name.startswith(ADD):
            self.add(name.removeprefix(ADD))
        else:
            self._end_adding()
            super().choose(name)

    def add(self, path: str | None = None) -> None:
        """Show the view in which data are added, with a file or folder where one is named."""
        if self._adding is None:  # only now: most visits have no use for it
            self._adding = Adding(self._hub, self.choose, self._end_adding)
            self._add_box.children = (self._adding.widget,)
        self._adding.show(path)  # first: what was looked at before must not be seen
        _display(self._add_box, True)
        _display(self._body, False)

    def _end_adding(self) -> None:
        _display(self._add_box, False)
        _display(self._body, True)

    def _tools(self) -> tuple[widgets.Widget, ...]:
        add = widgets.Button(
            description="Add", icon="plus", tooltip="Add a table, arrays, a text or pictures"
        )
        add.on_click(lambda _: self.add())
        return (add,)

    def _build(self) -> None:
        super()._build()
        self._body.layout = widgets.Layout()  # of its own, as it is hidden alone
        self._add_box = box(widgets.VBox, "addBox")
        _display(self._add_box, False)
        self.widget.children = (*self.widget.children, self._add_box)

    def _build_page(self) -> widgets.Widget:
        self._head, self._actions, self._counts, self._facts = (widgets.HTML() for _ in range(4))
        self._get = widgets.Button(icon="download", tooltip="Fetch its files from where they are")
        self._get.on_click(
            lambda _: self._change(lambda hub, name: hub.get_dataset(name, wait=False))
        )
        self._cancel = widgets.Button(
            description="Cancel", icon="times", tooltip="Stop; what has come stays"
        )
        self._cancel.on_click(lambda _: self._change(lambda hub, name: hub.cancel_download(name)))
        self._bar = widgets.FloatProgress(min=0, max=1)
        self._progress = widgets.HTML()
        coming = (self._get, self._bar, self._progress, self._cancel)
        self._download = box(widgets.HBox, "actions", *coming)
        self._part = widgets.Dropdown(options=[ALL], description="Samples of")
        self._part.observe(lambda _: self._look(), names="value")
        self._gallery = widgets.HTML()
        self._samples = box(widgets.VBox, "samples", self._part, self._gallery)
        self._adapting = Adapting(self._hub)
        actions = box(widgets.HBox, "actions", self._actions)
        shown = (self._head, actions, self._download, self._counts, self._samples, self._facts)
        return box(widgets.VBox, "page", *shown, self._adapting.widget)

    def _show(self, asked: int, rows: list[DatasetRow]) -> None:
        super()._show(asked, rows)
        if any(row.record.reading for row in rows):  # which may take longer than the list asks
            self._background.later(WHILE_READING_S, partial(self._ask_again, asked))

    def _draw_page(self, row: DatasetRow | None) -> None:
        self._head.value = "" if row is None else row.head
        self._actions.value = "" if row is None else row.actions(self._base_url)
        self._counts.value = "" if row is None else row.counts
        self._facts.value = "" if row is None else row.facts
        self._draw_download(None if row is None else row.record)
        self._draw_samples(row)

    def _draw_download(self, record: DatasetRecord | None) -> None:
        state = "" if record is None else record.state
        _display(self._download, state in ("not downloaded", "downloading"))
        if record is None or state not in ("not downloaded", "downloading"):
            return
        from jupyter_platform.panels import dataset_views  # noqa: PLC0415 - loaded by `_read`

        coming = state == "downloading"
        self._get.description = f"Download {dataset_views.download_size(record)}"
        self._get.disabled = False
        _display(self._get, not coming)
        for part in (self._bar, self._progress, self._cancel):
            _display(part, coming)
        if coming and record.download is not None:
            self._bar.value = record.download.bytes / max(record.download.total, 1)
            self._progress.value = f"<p>{escape(dataset_views.download_words(record))}</p>"
            self._background.later(WHILE_DOWNLOADING_S, partial(self._ask_again, self._asked))

    def _draw_samples(self, row: DatasetRow | None) -> None:
        facts = None if row is None else row.record.facts
        _display(self._samples, facts is not None)
        is_image = facts is not None and len(facts.shape) in (2, 3) and min(facts.shape[-2:]) >= 4
        _display(self._adapting.widget, is_image)
        if row is None or facts is None or row.record.descriptor is None:
            self._seen = None
            return
        seen = (row.name, row.record.descriptor.digest)
        if seen == self._seen:
            return
        self._seen = None  # nothing is asked while the choices change
        self._part.options = [*row.parts, ALL]
        self._part.value = next(iter(row.parts), ALL)
        self._seen = seen
        self._gallery.value = ""
        self._look()
        if is_image:
            self._adapting.show(row.name, facts.size, facts.shape)

    def _look(self) -> None:
        if self._seen is not None:
            part = None if self._part.value == ALL else str(self._part.value)
            self._looking.ask(partial(self._read_samples, self._seen, part))

    def _read_samples(self, seen: tuple[str, str], part: str | None) -> tuple[Any, str]:
        from jupyter_platform.panels import dataset_views  # noqa: PLC0415 - loaded by `_read`

        found = self._hub().preview_dataset(seen[0], part, SAMPLES)
        return seen, dataset_views.gallery(found)

    def _show_samples(self, answer: tuple[Any, str]) -> None:
        seen, html = answer
        if seen == self._seen:
            self._gallery.value = html

    def _fail_samples(self, error: BaseException) -> None:
        from jupyter_platform.core.errors import UnavailableError  # noqa: PLC0415 - slow to import

        is_coming = isinstance(error, UnavailableError)
        role = "status" if is_coming else "alert"
        self._gallery.value = f'<p role="{role}">{escape(said(error))}</p>'
        if is_coming:
            self._background.later(WHILE_READING_S, partial(self._look_again, self._seen))

    def _look_again(self, seen: tuple[str, str] | None) -> None:
        if seen == self._seen:
            self._look()

    def _change(self, work: Callable[[Platform, str], object]) -> None:
        """Start or stop the download of the chosen dataset, then read what has come of it."""
        name = self._chosen
        if name is None:
            return
        self._get.disabled = True  # until there is an answer: it has been heard
        self._background.run(lambda: work(self._hub(), name), lambda _: self.refresh(), self._fail)


def _display(widget: widgets.Widget, shown: bool) -> None:
    widget.layout.display = None if shown else "none"
