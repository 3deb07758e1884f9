"""Badges drawn here, so that showing an item asks no other server."""

from __future__ import annotations

import html
import re

from jupyter_platform.core.marketplace import Badge

_HEIGHT = 20
_PADDING = 6
_LETTER = 6.6
"""Mean width of a letter at 11 px, in px; text is fitted to it by `textLength`."""
_COLOURS = {"neutral": "#1f6feb", "good": "#1a7f37", "plain": "#57606a"}
_DOI = re.compile(r"10\.\d{4,9}/\S+")


def draw_badge(label: str, value: str, colour: str = "neutral") -> str:
    """Return a badge as SVG, readable on light and dark ground.

    Parameters
    ----------
    label, value : str
        What stands on the left and on the right.
    colour : str
        ``neutral``, ``good`` or ``plain``.
    """
    left, right = _width(label), _width(value)
    total = left + right
    text = f'font-family="Verdana,sans-serif" font-size="11" fill="#fff" y="{_HEIGHT - 6}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{total}" height="{_HEIGHT}" role="img" '
        f'aria-label="{html.escape(label)}: {html.escape(value)}">'
        f'<rect width="{total}" height="{_HEIGHT}" rx="3" fill="{_COLOURS["plain"]}"/>'
        f'<path d="M{left} 0h{right - 3}a3 3 0 0 1 3 3v{_HEIGHT - 6}a3 3 0 0 1-3 3H{left}z" '
        f'fill="{_COLOURS[colour]}"/>'
        f'<text {text} x="{_PADDING}" textLength="{left - 2 * _PADDING}">{html.escape(label)}'
        "</text>"
        f'<text {text} x="{left + _PADDING}" textLength="{right - 2 * _PADDING}">'
        f"{html.escape(value)}</text></svg>"
    )


def doi_of(*texts: str | None) -> str | None:
    """Return the first DOI in texts, without address; None where there is none."""
    for text in texts:
        if text and (found := _DOI.search(text)):
            return found[0].rstrip(".,;)")
    return None


def badges_of(doi: str | None, ci_url: str | None) -> list[Badge]:
    """Return the badges of an item, of what is present alone.

    Parameters
    ----------
    doi : str or None
        Its DOI, without address.
    ci_url : str or None
        Page of its continuous integration, whose state is not asked for.
    """
    found = []
    if doi:
        url = f"https://doi.org/{doi}"
        found.append(Badge(label="DOI", value=doi, svg=draw_badge("DOI", doi), url=url))
    if ci_url:
        svg = draw_badge("CI", "pipeline", "good")
        found.append(Badge(label="CI", value="pipeline", svg=svg, url=ci_url))
    return found


def _width(text: str) -> int:
    return 2 * _PADDING + max(8, round(_LETTER * len(text)))
