"""A network that is trained for a minute while one looks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
from markupsafe import Markup

from jupyter_platform.panels.background import Background
from jupyter_platform.panels.boxes import box

if TYPE_CHECKING:
    from jupyter_platform.client import Job, Platform

SECONDS = 60
PAUSE_S = 1.0
_CURVE = (360, 90)
"""Pixels of the curve."""
_POINTS = 120


@dataclass(frozen=True)
class Look:
    """How a job was when it was last looked at."""

    id: str
    state: str
    ended: bool
    sentence: str
    losses: tuple[float, ...]


class Training:
    """Submits a LEARN job of a minute, and shows its curve.

    Parameters
    ----------
    platform : callable
        Returns where jobs are; called in a thread.
    ended : callable
        Called when the job has ended.
    """

    def __init__(self, platform: Callable[[], Platform], ended: Callable[[Look], None]) -> None:
        self._platform = platform
        self._ended = ended
        self._background = Background()
        self._job: Job | None = None
        self._stop = widgets.Button(
            description="Stop", icon="stop", tooltip="End the training; its weights stay"
        )
        self._stop.on_click(lambda _: self._background.run(self._end, self._show, self._fail))
        self._shown = widgets.HTML()
        self.widget = box(widgets.VBox, "training", self._shown, self._stop)
        self.widget.layout.display = "none"

    def start(self, network: str, dataset: str) -> None:
        """Train a network of the repository."""
        self.widget.layout.display = None
        self._stop.layout.display = None
        self._shown.value = "<p role='status'>Submitting…</p>"
        self._background.run(partial(self._submit, network, dataset), self._show, self._fail)

    def look(self) -> None:
        """Look at the job again."""
        self._background.run(self._look, self._show, self._fail)

    def _submit(self, network: str, dataset: str) -> Look:
        options: dict[str, Any] = {
            "max_iterations": -1,
            "max_time": SECONDS,
            "validation_interval": 100,
            "method": "ADAM",
        }
        self._job = self._platform().submit("LEARN", network, dataset, **options)
        return self._look()

    def _end(self) -> Look:
        if self._job is not None:
            self._job.stop()
        return self._look()

    def _look(self) -> Look:
        job = self._job
        assert job is not None, "looked at only once it is submitted"
        record = job.refresh().record
        progress = record.progress
        words = [record.state.value, record.reason or ""]
        if progress is not None and not record.state.is_terminal:
            words = [f"{progress.step:,} iterations"]
            values = progress.values.items()
            words += [f"{name.replace('_', ' ')} {item:.3g}" for name, item in values if item]
        elif record.headline is not None and record.headline.value is not None:
            words.append(record.headline.text)
        if record.error is not None:
            words.append(record.error.message)
        return Look(
            id=record.id,
            state=record.state.value,
            ended=record.state.is_terminal,
            sentence=" · ".join(filter(None, words)),
            losses=_losses(job),
        )

    def _show(self, look: Look) -> None:
        self._shown.value = str(
            Markup(
                '<p role="status">{sentence} · <a href="lab?job={id}" target="_blank" '
                'data-jupyter-platform-job="{id}">job {id}</a></p>{curve}'
            ).format(sentence=look.sentence, id=look.id, curve=curve(look.losses))
        )
        if look.ended:
            self._stop.layout.display = "none"
            self._ended(look)
        else:
            self._background.later(PAUSE_S, self.look)

    def _fail(self, error: BaseException) -> None:
        self._stop.layout.display = "none"
        self._shown.value = str(Markup('<p role="alert">{}</p>').format(str(error)))


def _losses(job: Job) -> tuple[float, ...]:
    """Return the curve of the loss, thinned to what is drawn."""
    frame = job.metrics()
    if "loss" not in frame.columns:
        return ()
    values = frame["loss"].dropna().tolist()
    size = max(len(values) // _POINTS, 1)
    groups = (values[at : at + size] for at in range(0, len(values), size))
    return tuple(sum(group) / len(group) for group in groups)


def curve(values: Sequence[float]) -> Markup:
    """Return a curve as SVG; empty where there are too few points for a line."""
    if len(values) < 2:
        return Markup("")
    width, height = _CURVE
    high, low = max(values), min(0.0, *values)
    scale = (height - 4) / (high - low) if high > low else 0.0
    step = width / (len(values) - 1)
    points = " ".join(
        f"{at * step:.1f},{height - 2 - (item - low) * scale:.1f}" for at, item in enumerate(values)
    )
    return Markup(
        '<svg class="jp-PlatformPanel-curve" role="img" width="{w}" height="{h}" '
        'viewBox="0 0 {w} {h}" aria-label="Loss, from {first} to {last}">'
        '<polyline points="{points}"/></svg>'
        '<p class="jp-mod-quiet">loss {first} → {last}; the axis starts at {low}</p>'
    ).format(
        w=width,
        h=height,
        points=points,
        first=f"{values[0]:.3g}",
        last=f"{values[-1]:.3g}",
        low=f"{low:.3g}",
    )
