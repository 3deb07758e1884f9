"""What an inference API answers, as HTML: probabilities, tables, pictures, sounds."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Sequence
from typing import Any

from markupsafe import Markup

from jupyter_platform.panels.deployments.arguments import media
from jupyter_platform.panels.html import definitions, table

MOST_BARS = 10
MOST_ROWS = 50
MOST_TEXT = 20_000
"""Characters of JSON that are shown; all of it can be downloaded."""
_MAGIC = {
    "iVBORw0KGgo": "image/png",
    "/9j/": "image/jpeg",
    "R0lGOD": "image/gif",
    "UklGR": "audio/wav",
    "SUQz": "audio/mpeg",
    "T2dnU": "audio/ogg",
    "AAAAIGZ0eXA": "video/mp4",
    "AAAAHGZ0eXA": "video/mp4",
}
"""Beginnings of files in Base64, with what they hold."""


def answer_html(answer: Any, kind: str = "application/json") -> str:
    """Return an answer as one would like to see it.

    Parameters
    ----------
    answer : object
        What `Deployment.predict` returned: parsed JSON, or bytes.
    kind : str
        MIME type that was asked for.
    """
    if isinstance(answer, bytes):
        return str(media(answer, kind, "Answer") or _file(answer, kind))
    told = answer
    if isinstance(answer, dict) and "predictions" in answer:
        told = answer["predictions"]
    return str(_shown(told) + _file(json.dumps(answer, indent=1).encode(), "application/json"))


def _shown(value: Any) -> Markup:
    if isinstance(value, dict):
        return _mapping(value)
    if isinstance(value, str):
        return _embedded(value) or Markup("<p>{}</p>").format(value)
    if isinstance(value, list) and value:
        return _list(value)
    return Markup("<p>{}</p>").format(_text(value))


def _mapping(value: dict[str, Any]) -> Markup:
    pairs = likelihoods(value)
    rest = {name: item for name, item in value.items() if name not in _pair_names(value)}
    bars = _bars(pairs) if pairs else Markup("")
    plain = [(name, _text(item)) for name, item in rest.items() if _is_plain(item)]
    parts = [
        Markup("<h3>{}</h3>{}").format(name, _shown(item))
        for name, item in rest.items()
        if not _is_plain(item)
    ]
    facts = definitions(plain) if plain else Markup("")
    return bars + facts + Markup("").join(parts)


def _list(values: list[Any]) -> Markup:
    if len(values) == 1:
        return _shown(values[0])
    if all(isinstance(item, dict) for item in values):
        names = list(dict.fromkeys(name for item in values for name in item))
        rows = [[_text(item.get(name)) for name in names] for item in values[:MOST_ROWS]]
        return table(names, rows) + _more(values)
    if all(isinstance(item, list) and all(map(_is_plain, item)) for item in values):
        width = max(map(len, values))
        names = [f">{number}" for number in range(1, width + 1)]
        rows = [[*map(_text, item), *[""] * (width - len(item))] for item in values[:MOST_ROWS]]
        return table(names, rows) + _more(values)
    if all(map(_is_plain, values)):
        return Markup("<p>{}</p>").format(", ".join(map(_text, values[:MOST_ROWS]))) + _more(values)
    return Markup('<pre tabindex="0">{}</pre>').format(json.dumps(values, indent=1)[:MOST_TEXT])


def likelihoods(value: dict[str, Any]) -> list[tuple[str, float]]:
    """Return labels with their probabilities, the likeliest first, where an answer has such."""
    names = _pair_names(value)
    if not names:
        return []
    labels, shares = (_flat(value[name]) for name in names)
    if len(labels) != len(shares) or not all(isinstance(item, float | int) for item in shares):
        return []
    found = [(str(label), float(share)) for label, share in zip(labels, shares, strict=True)]
    return sorted(found, key=lambda pair: -pair[1])


def _pair_names(value: dict[str, Any]) -> Sequence[str]:
    labels = next((name for name in ("labels", "label", "classes") if name in value), None)
    shares = next(
        (name for name in ("probabilities", "probability", "scores") if name in value), None
    )
    if labels is None or shares is None:
        return ()
    if not isinstance(value[labels], list) or not isinstance(value[shares], list):
        return ()
    return (labels, shares)


def _flat(values: Any) -> list[Any]:
    """Return the values of one sample: some APIs answer with a list for each of a batch of one."""
    if isinstance(values, list) and len(values) == 1 and isinstance(values[0], list):
        return list(values[0])
    return list(values)


def _bars(pairs: Iterable[tuple[str, float]]) -> Markup:
    shown = list(pairs)[:MOST_BARS]
    rows = Markup("").join(
        Markup(
            '<tr><th scope="row">{}</th><td class="jp-PlatformPanel-bar">'
            '<span style="width:{}%"></span></td><td class="jp-mod-number">{}</td></tr>'
        ).format(label, f"{100 * max(0.0, min(1.0, share)):.1f}", f"{share:.3f}")
        for label, share in shown
    )
    verdict = Markup('<p class="jp-PlatformPanel-verdict">{}</p>').format(shown[0][0])
    return verdict + Markup(
        '<table class="jp-PlatformPanel-bars" aria-label="Probabilities">{}</table>'
    ).format(rows)


def _embedded(text: str) -> Markup:
    """Return the picture, sound or film that a text is in Base64."""
    kind = next((kind for magic, kind in _MAGIC.items() if text.startswith(magic)), None)
    if kind is None or len(text) < 64:
        return Markup("")
    try:
        return media(base64.b64decode(text, validate=True), kind, "Answer")
    except binascii.Error:
        return Markup("")


def _more(values: list[Any]) -> Markup:
    left = len(values) - MOST_ROWS
    if left <= 0:
        return Markup("")
    return Markup('<p class="jp-mod-quiet">and {} more</p>').format(f"{left:,}")


def _file(content: bytes, kind: str) -> Markup:
    data = f"data:{kind};base64,{base64.b64encode(content).decode()}"
    ending = {"application/json": "json", "application/zip": "zip"}.get(kind, "bin")
    return Markup('<p><a href="{}" download="answer.{}">Download the answer</a></p>').format(
        data, ending
    )


def _is_plain(value: Any) -> bool:
    if isinstance(value, str):
        return not _embedded(value)
    return value is None or isinstance(value, int | float | bool)


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, dict | list):
        return json.dumps(value)[:200]
    return "" if value is None else str(value)
