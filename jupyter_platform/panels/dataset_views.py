"""What the datasets panel says: words, tables and pictures, made from records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from jupyter_platform.client import Platform
from jupyter_platform.core.catalogue import DatasetRecord
from jupyter_platform.core.datasets import DatasetFacts, DatasetPreview, SampleView
from jupyter_platform.core.units import format_bytes, format_count, format_duration
from jupyter_platform.figures.wording import value
from jupyter_platform.panels.html import definitions, paragraph, shape, table

MOST_BARS = 100
"""Classes that are drawn with their counts."""
SHOWN_VALUES = 8
"""Numbers of a sample that are shown."""
STATE_WORDS = {
    "not downloaded": "not downloaded ↓",
    "downloading": "downloading",
    "broken": "✗ broken",
}
READING = "being read"


@dataclass(frozen=True)
class DatasetRow:
    """One dataset: its line in the list, and its page."""

    name: str
    searched: str
    """Lower-case text in which a search looks."""
    cells: str
    """HTML of the line behind the name."""
    head: str
    """HTML of the upper part of the page: what it is, or what is wrong."""
    counts: str
    """HTML of its classes."""
    facts: str
    """HTML of what it is and where it lies."""
    record: DatasetRecord
    complete: bool
    """Whether its facts are known, as far as they can be."""

    def actions(self, base_url: str) -> str:
        """Return HTML of links to the submit form, which JupyterLab opens where it is."""
        if self.record.state != "ready":
            return ""
        link = Markup(
            '<a class="jp-PlatformPanel-action" href="{base}lab?submit&amp;type=LEARN&amp;'
            'dataset={name}" target="_blank" data-jupyter-platform-submit="LEARN" '
            'data-jupyter-platform-dataset="{name}">Train</a>'
        )
        return str(link.format(base=base_url, name=self.name))

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of its parts."""
        return () if self.record.facts is None else tuple(self.record.facts.parts)


def datasets(hub: Platform, chosen: str | None = None) -> list[DatasetRow]:
    """Read the repository.

    Parameters
    ----------
    hub : Platform
        Where it is asked for.
    chosen : str, optional
        The dataset whose facts are waited for.

    Raises
    ------
    PlatformError
        If it cannot be read.
    """
    rows = [dataset_row(record) for record in hub.datasets()]
    return [
        row if row.complete or row.name != chosen else dataset_row(hub.dataset(row.name))
        for row in rows
    ]


def dataset_row(record: DatasetRecord) -> DatasetRow:
    """Return the row of a dataset in the list."""
    words = {"learns": learns(record)}
    if record.state == "ready" and not record.reading:
        words |= {"size": _size(record), "shape": _shape(record)}
    else:  # which nobody knows the size of
        wrong = " jp-mod-wrong" if record.state == "broken" else ""
        words[f"state{wrong}"] = state(record)
    cells = Markup("").join(
        Markup('<span class="jp-PlatformPanel-{}">{}</span>').format(kind, text)
        for kind, text in words.items()
    )
    descriptor = record.descriptor
    about = () if descriptor is None else (descriptor.title, descriptor.summary, descriptor.kind)
    return DatasetRow(
        name=record.name,
        searched=" ".join((record.name, *about, words["learns"], record.state)).lower(),
        cells=str(cells),
        head=str(_head(record)),
        counts="" if record.facts is None else str(_class_counts(record.facts)),
        facts=str(_facts(record)),
        record=record,
        complete=record.facts is not None or record.state != "ready",
    )


def learns(record: DatasetRecord) -> str:
    """Return the target of a dataset in words: ``10 classes``."""
    facts, descriptor = record.facts, record.descriptor
    if facts is None:
        names = None if descriptor is None else descriptor.classes
        if names is not None:
            return format_count(len(names), "class", "classes")
        return (descriptor.task if descriptor is not None else None) or ""
    if facts.sequential:
        return format_count(facts.outputs, "symbol")
    if facts.task == "classification":
        return format_count(facts.outputs, "class", "classes")
    if facts.masks or len(facts.target_shape) > 1:
        return "masks"
    return format_count(facts.outputs, "number")


def state(record: DatasetRecord) -> str:
    """Return the state of a dataset in a word; nothing where it can be used."""
    download = record.download
    if record.reading:
        return READING
    if record.state == "downloading" and download is not None and download.total:
        return f"{STATE_WORDS[record.state]} {download.bytes / download.total:.0%}"
    return STATE_WORDS.get(record.state, "")


def download_size(record: DatasetRecord) -> str:
    """Return how much has to be downloaded."""
    sources = () if record.descriptor is None else record.descriptor.download
    return format_bytes(sum(source.bytes for source in sources))


def download_words(record: DatasetRecord) -> str:
    """Return how far a download is: ``12 MB of 170 MB · 3 MB/s · 53 s left``."""
    download = record.download
    if download is None:
        return ""
    words = [f"{format_bytes(download.bytes)} of {format_bytes(download.total)}"]
    if download.unpacking:
        words.append("unpacking")
    elif download.rate:
        left = (download.total - download.bytes) / download.rate
        words += [f"{format_bytes(download.rate)}/s", f"{format_duration(left)} left"]
    return " · ".join(words)


def gallery(found: DatasetPreview, captions: Sequence[str] | None = None) -> str:
    """Return samples as pictures, rows of a table, or pieces of text.

    Parameters
    ----------
    found : DatasetPreview
        The samples.
    captions : sequence of str, optional
        What stands below each picture; number and class when absent.
    """
    if not found.samples:
        return "<p>There is no sample.</p>"
    first = found.samples[0]
    if first.image is not None:
        shown = captions or [_caption(item) for item in found.samples]
        figures = (_figure(item, text) for item, text in zip(found.samples, shown, strict=True))
        return str(
            Markup('<div class="jp-PlatformPanel-gallery">{}</div>').format(
                Markup("").join(figures)
            )
        )
    if first.text is not None:
        pieces = (
            Markup("<p>from {}</p><pre>{}</pre>").format(f"{item.index:,}", item.text or "")
            for item in found.samples[:8]
        )
        return str(Markup("").join(pieces))
    return str(_rows(found))


def _size(record: DatasetRecord) -> str:
    return "" if record.facts is None else f"{record.facts.size:,}"


def _shape(record: DatasetRecord) -> str:
    facts = record.facts
    if facts is not None:
        return "symbols" if facts.sequential else shape(facts.shape)
    described = None if record.descriptor is None else record.descriptor.shape
    return "" if described is None else shape(described)


def _head(record: DatasetRecord) -> Markup:
    descriptor = record.descriptor
    title = "" if descriptor is None else descriptor.title
    summary = "" if descriptor is None else descriptor.summary
    problem = record.problem or (record.download.problem if record.download else None)
    facts = record.facts
    remarks = Markup("").join(
        Markup('<p class="jp-mod-warning">▲ {}</p>').format(text)
        for text in (() if facts is None else facts.warnings)
    )
    return Markup("<h2>{}</h2>{}{}{}{}").format(
        record.name,
        paragraph(title),
        paragraph(summary),
        Markup('<p role="alert">{}</p>').format(problem) if problem else _reading(record),
        remarks,
    )


def _reading(record: DatasetRecord) -> Markup:
    if not record.reading:
        return Markup("")
    text = "Its data are being read; sizes and samples are shown when that is done."
    return Markup('<p role="status">{}</p>').format(text)


def _facts(record: DatasetRecord) -> Markup:
    facts, descriptor = record.facts, record.descriptor
    pairs: list[tuple[str, str]] = []
    if facts is not None:
        stored = f" of {facts.stored_type}" if facts.stored_type else ""
        pairs += [
            ("learns", learns(record)),
            ("samples", f"{facts.size:,}"),
            ("one sample", f"{_shape(record)}{stored}"),
            *((f"{name} part", part.text) for name, part in facts.parts.items()),
            ("features", ", ".join(facts.features or ())),
            ("as read", " ".join(facts.notes)),
            ("size", format_bytes(facts.bytes) + (", read as needed" if facts.streamed else "")),
        ]
    if descriptor is not None:
        adapters = " ".join(f"{key}={item}" for key, item in descriptor.adapters.items())
        pairs += [
            ("adapts", record.base or ""),
            ("adapters", adapters),
            ("kind", descriptor.kind),
            ("source", descriptor.source),
            ("licence", descriptor.licence),
        ]
    pairs += [("from", record.origin), ("lies in", record.location or "")]
    return definitions(pairs)


def _class_counts(facts: DatasetFacts) -> Markup:
    if not facts.classes or not facts.class_counts:
        return Markup("")
    counts = list(zip(facts.classes, facts.class_counts, strict=True))
    most = max(max(facts.class_counts), 1)
    rows = (
        Markup(
            '<tr><th scope="row">{}</th>'
            '<td class="jp-PlatformPanel-bar"><span style="width: {:.1f}%"></span></td>'
            '<td class="jp-mod-number">{}</td></tr>'
        ).format(_symbol(name), count * 100 / most, f"{count:,}" if count else "no sample")
        for name, count in counts[:MOST_BARS]
    )
    left = len(counts) - MOST_BARS
    more = Markup("<p>And {} more classes.</p>").format(f"{left:,}") if left > 0 else ""
    return Markup(
        '<h3>Classes</h3><div class="jp-PlatformPanel-counts">'
        '<table class="jp-PlatformPanel-bars"><tbody>{}</tbody></table></div>{}'
    ).format(Markup("").join(rows), more)


def _symbol(name: str) -> str:
    """Return the name of a class so that it can be seen, also that of a blank."""
    return name if name.strip() else repr(name)


def _caption(sample: SampleView) -> str:
    return f"{sample.index:,}" + (f" · {sample.label}" if sample.label is not None else "")


def _figure(sample: SampleView, caption: str) -> Markup:
    mask = Markup("")
    if sample.mask is not None:
        mask = Markup('<img src="{}" alt="its mask">').format(sample.mask)
    return Markup('<figure><img src="{}" alt="{}">{}<figcaption>{}</figcaption></figure>').format(
        sample.image or "", f"sample {caption}", mask, caption
    )


def _rows(found: DatasetPreview) -> Markup:
    names = (found.facts.features or [])[:SHOWN_VALUES]
    width = min(SHOWN_VALUES, len(found.samples[0].values or ()))
    names += [str(number) for number in range(len(names), width)]
    cut = len(found.samples[0].values or ()) > width
    headings = ["sample", *names, *(["…"] if cut else []), "target"]
    rows = [_row(item, width, cut=cut) for item in found.samples]
    return table([f">{name}" for name in headings], rows)


def _row(sample: SampleView, width: int, *, cut: bool) -> list[str]:
    target = " ".join(value(number) for number in sample.target or ())
    numbers = [value(number) for number in (sample.values or ())[:width]]
    return [f"{sample.index:,}", *numbers, *(["…"] if cut else []), sample.label or target]
