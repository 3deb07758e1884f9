"""One sample of a dataset, changed by adapters while one looks."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from jupyter_platform.panels.background import Background, Latest
from jupyter_platform.panels.boxes import CLASS, box
from jupyter_platform.panels.listing import said

if TYPE_CHECKING:
    from jupyter_platform.client import Platform

VARIANTS = 7
"""Times that a sample is shown changed, beside itself."""
PRESETS = (
    ("Mirror", "arrows-h", "horizontal_flip=0.5"),
    ("Upside down", "arrows-v", "vertical_flip=0.5"),
    ("Turn", "repeat", "rotation=0.4 rotation_center=center"),
    ("Cut", "crop", "crop_width={width} crop_height={height} crop_padding=2"),
    ("Black and white", "adjust", "binarize=0.5"),
)
"""Label and icon of a button, and the options that it adds or removes."""
HELP = "These options can be given to any job on this dataset; training draws anew for each batch."


class Adapting:
    """The part of a dataset's page on which adapters are tried.

    Parameters
    ----------
    platform : callable
        Returns where datasets are; called in a thread.

    Notes
    -----
    The text is the truth: buttons only write into it. Only the newest question is asked while
    another is under way.
    """

    def __init__(self, platform: Callable[[], Platform]) -> None:
        self._platform = platform
        self._dataset: str | None = None
        self._sides = (0, 0)
        self._latest = Latest(Background(), self._answered, self._fail)
        self._build()

    def show(self, dataset: str, size: int, shape: list[int]) -> None:
        """Try on another dataset of images; what is tried stays."""
        height, width = shape[-2:]
        self._sides = (height, width)
        if dataset == self._dataset:
            return
        self._dataset = None  # nothing is asked while the number changes
        self._number.max = size - 1
        self._number.value = 0
        self._dataset = dataset
        self._result.value = ""
        self._ask()

    def _build(self) -> None:
        self._number = widgets.BoundedIntText(description="Sample", min=0, max=0)
        self._number.observe(lambda _: self._ask(), names="value")
        self._options = widgets.Text(
            placeholder="horizontal_flip=0.5 rotation=0.3", continuous_update=True
        )
        self._options.add_class(f"{CLASS}-adapters")
        self._options.observe(lambda _: self._ask(), names="value")
        buttons = []
        for name, icon, options in PRESETS:
            button = widgets.Button(description=name, icon=icon, tooltip=options.split("=")[0])
            button.on_click(partial(self._toggle, options))
            buttons.append(button)
        self._result = widgets.HTML()
        self.widget = box(
            widgets.VBox,
            "adapting",
            widgets.HTML(f"<h3>Adapters</h3><p>{escape(HELP)}</p>"),
            box(widgets.HBox, "actions", *buttons),
            box(widgets.HBox, "tools", self._number, self._options),
            self._result,
        )

    def _toggle(self, options: str, _: Any = None) -> None:
        """Put options in, or take them out where they are in."""
        height, width = (max(1, side * 3 // 4) for side in self._sides)
        wanted = options.format(width=width, height=height).split()
        names = {word.partition("=")[0] for word in wanted}
        words = self._options.value.split()
        kept = [word for word in words if word.partition("=")[0] not in names]
        self._options.value = " ".join(kept if len(kept) < len(words) else [*kept, *wanted])

    def _ask(self) -> None:
        if self._dataset is not None:
            line, number = self._options.value, self._number.value
            self._latest.ask(partial(self._read, self._dataset, number, line))

    def _read(self, dataset: str, number: int, line: str) -> str:
        # Imported here, in a thread, after the panel has been drawn.
        from jupyter_platform.core.datasets import DatasetPreview  # noqa: PLC0415
        from jupyter_platform.core.words import read_words, split_words  # noqa: PLC0415
        from jupyter_platform.panels.dataset_views import gallery  # noqa: PLC0415
        from jupyter_platform.panels.html import shape  # noqa: PLC0415

        hub = self._platform()
        _, options = read_words((dataset, *split_words(line)))
        plain = hub.preview_dataset(dataset, count=1, sample=number)
        if not options:
            return gallery(plain)
        changed = hub.preview_dataset(dataset, count=VARIANTS, sample=number, **options)
        both = DatasetPreview(
            facts=changed.facts, part=None, samples=[*plain.samples, *changed.samples]
        )
        captions = ["as it is", *(["changed"] * len(changed.samples))]
        return f"{gallery(both, captions)}<p>Jobs get shape {shape(changed.facts.shape)}.</p>"

    def _answered(self, result: str) -> None:
        self._result.value = result

    def _fail(self, error: BaseException) -> None:
        self._result.value = f'<p role="alert">{escape(said(error))}</p>'
