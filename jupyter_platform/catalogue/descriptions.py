"""Markdown of descriptions as HTML that cannot harm, track or fetch.

mistune renders, nh3 (the Rust library ammonia) keeps what is on a list of tags and attributes.
Pictures and films from elsewhere become links, so that nothing is fetched while showing.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any

import mistune
import nh3

LONGEST = 200_000
"""Characters of a description that are rendered."""
_TAGS = {
    "a", "abbr", "b", "blockquote", "br", "caption", "code", "dd", "del", "details", "div", "dl",
    "dt", "em", "h2", "h3", "h4", "h5", "h6", "hr", "i", "ins", "kbd", "li", "ol", "p", "pre", "q",
    "s", "samp", "small", "span", "strong", "sub", "summary", "sup", "table", "tbody", "td",
    "tfoot", "th", "thead", "tr", "u", "ul", "var",
}  # fmt: skip
_ATTRIBUTES: dict[str, set[str]] = {
    "a": {"href", "title"},
    "abbr": {"title"},
    "ol": {"start"},
    "td": {"align", "colspan", "rowspan"},
    "th": {"align", "colspan", "rowspan"},
}
_SCHEMES = {"http", "https", "mailto"}
_MEDIA = re.compile(r"<(img|video|audio|source|iframe|embed)\b([^>]*)>", re.IGNORECASE)
_MEDIA_END = re.compile(r"</(video|audio|iframe|embed|picture)\s*>", re.IGNORECASE)
_SRC = re.compile(r"""\bsrc\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))""", re.IGNORECASE)
_ALT = re.compile(r"""\balt\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_LABELS = {"img": "Picture", "video": "Film", "audio": "Sound", "source": "Film or sound"}
_BLOCK_END = re.compile(r"</?(p|h\d|li|tr|td|th|br|pre|div|dd|dt|blockquote|summary)\b[^>]*>")
_ANY_TAG = re.compile(r"<[^>]*>")


class _Renderer(mistune.HTMLRenderer):
    """Headings begin at the third level, below those of the page; pictures are links."""

    def heading(self, text: str, level: int, **attributes: Any) -> str:
        """Return a heading, two levels down."""
        return super().heading(text, min(6, level + 2), **attributes)

    def image(self, text: str, url: str, title: str | None = None) -> str:
        """Return a link in the place of a picture."""
        return _link(f"Picture: {text}" if text else "Picture", self.safe_url(url))


def _new_markdown() -> Callable[[str], Any]:
    return mistune.create_markdown(
        renderer=_Renderer(escape=False), plugins=["table", "strikethrough", "url", "footnotes"]
    )


def render_description(text: str) -> str:
    """Return a description as HTML of a fixed set of tags.

    Parameters
    ----------
    text : str
        Markdown with HTML in it, by anybody.
    """
    cut = text[:LONGEST]
    if len(text) > LONGEST:
        cut += f"\n\n… (cut: the description has {len(text):,} characters)"
    try:
        rendered = str(_new_markdown()(cut))
    except (RecursionError, ValueError):
        rendered = f"<pre>{html.escape(cut)}</pre>"
    linked = _MEDIA_END.sub("", _MEDIA.sub(_media_link, rendered))
    return nh3.clean(
        linked,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )


def plain_text(rendered: str) -> str:
    """Return the words of sanitised HTML, for searches."""
    return " ".join(html.unescape(_ANY_TAG.sub("", _BLOCK_END.sub(" ", rendered))).split())


def _media_link(found: re.Match[str]) -> str:
    kind, attributes = found[1].lower(), found[2]
    source = _SRC.search(attributes)
    if source is None:
        return ""
    url = next(part for part in source.groups() if part is not None)
    alt = _ALT.search(attributes)
    words = next((part for part in alt.groups() if part), "") if alt else ""
    label = _LABELS.get(kind, "Page")
    return _link(f"{label}: {words}" if words else label, html.unescape(url).rstrip("/'"))


def _link(label: str, url: str) -> str:
    text = html.escape(html.unescape(label))
    return f'<a href="{html.escape(url)}" title="{html.escape(url)}">{text}</a>'
