"""A network's prediction for a sample, as HTML."""

from __future__ import annotations

import base64
import io
from typing import Any

from markupsafe import Markup

from jupyter_platform.client.prediction import PredictionResult

MOST_CLASSES = 10
MOST_NUMBERS = 20
_PICTURE = 112
"""Pixels of the longer side of a picture."""


def prediction_html(found: PredictionResult) -> str:
    """Return the likeliest classes with their probabilities as bars, or the numbers."""
    record = found.record
    lines = _bars(found) if record.probabilities else _numbers(record.outputs[0])
    foot = Markup("<p class='jp-mod-quiet'>{} · {} ms</p>").format(
        record.tag, f"{record.forward_ms:.1f}"
    )
    notes = Markup("").join(
        Markup("<p class='jp-mod-quiet'>{}</p>").format(note) for note in record.notes
    )
    return str(_verdict(found) + lines + foot + notes)


def _verdict(found: PredictionResult) -> Markup:
    record = found.record
    if record.predicted is None:
        truth = "" if record.truth is None else f"True: {_text(record.truth[0])}"
        return Markup("<p>{}</p>").format(truth)
    guess = record.predicted[0]
    if record.truth is None:
        return Markup('<p class="jp-PlatformPanel-verdict">{}</p>').format(guess)
    truth = _text(record.truth[0])
    told = "right" if truth == guess else f"wrong, it is {truth}"
    return Markup('<p class="jp-PlatformPanel-verdict">{} <span class="{}">{}</span></p>').format(
        guess, "jp-mod-quiet" if truth == guess else "jp-mod-wrong", told
    )


def _bars(found: PredictionResult) -> Markup:
    names = found.classes or []
    pairs = found.top(MOST_CLASSES)[0]
    if len(names) <= MOST_CLASSES:  # few enough to stay in their order: nothing jumps about
        pairs = sorted(pairs, key=lambda pair: names.index(pair[0]))
    rows = Markup("").join(
        Markup(
            '<tr><th scope="row">{}</th><td class="jp-PlatformPanel-bar">'
            '<span style="width:{}%"></span></td><td class="jp-mod-number">{}</td></tr>'
        ).format(name, f"{100 * share:.1f}", f"{share:.3f}")
        for name, share in pairs
    )
    return Markup(
        '<table class="jp-PlatformPanel-bars" aria-label="Class probabilities">{}</table>'
    ).format(rows)


def _numbers(outputs: Any) -> Markup:
    picture = picture_html(outputs, "What the network gives")
    if picture:
        return picture
    values = outputs if isinstance(outputs, list) else [outputs]
    shown = ", ".join(_text(item) for item in values[:MOST_NUMBERS])
    more = ", …" if len(values) > MOST_NUMBERS else ""
    return Markup("<p>{}</p>").format(shown + more)


def picture_html(sample: Any, label: str) -> Markup:
    """Return a sample as a picture; empty where it is none.

    Parameters
    ----------
    sample : nested lists of numbers
        Of shape (height, width), or (1 or 3, height, width).
    label : str
        What it is, in words.
    """
    import numpy as np  # noqa: PLC0415 - slow to import, and this is loaded in a thread
    from PIL import Image  # noqa: PLC0415 - likewise

    values = np.asarray(sample, dtype=np.float64)
    if values.ndim == 2:
        values = values[None]
    if values.ndim != 3 or values.shape[0] not in (1, 3) or min(values.shape[1:]) < 2:
        return Markup("")
    low, high = values.min(), values.max()
    scaled = (values - low) * (255 / (high - low) if high > low else 0)
    pixels = scaled.round().astype(np.uint8).transpose(1, 2, 0)
    file = io.BytesIO()
    Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels).save(file, "PNG")
    data = base64.b64encode(file.getvalue()).decode()
    factor = _PICTURE / max(pixels.shape[:2])
    return Markup(
        '<img class="jp-PlatformPanel-picture" alt="{}" width="{}" height="{}" '
        'src="data:image/png;base64,{}">'
    ).format(label, round(pixels.shape[1] * factor), round(pixels.shape[0] * factor), data)


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list):
        return ", ".join(_text(item) for item in value[:MOST_NUMBERS])
    return str(value)
