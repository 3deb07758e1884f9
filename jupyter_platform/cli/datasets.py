"""``jupyter platform datasets``."""

from __future__ import annotations

import base64
import io
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from jupyter_platform.cli.catalogue import NameGroup
from jupyter_platform.cli.connecting import platform
from jupyter_platform.cli.demo import image_lines
from jupyter_platform.cli.output import json_option, note, print_fields, print_json, print_table
from jupyter_platform.client.datasets import name_of
from jupyter_platform.core.catalogue import DatasetLook, DatasetRecord
from jupyter_platform.core.datasets import DatasetPreview, SampleView
from jupyter_platform.core.picture_folders import PictureFolder
from jupyter_platform.core.units import format_bytes, format_count, format_duration
from jupyter_platform.core.words import read_words

LINE_INTERVAL_S = 5.0
"""Seconds between two lines where there is no terminal to draw a bar in."""
WIDEST = 32
"""Characters of an image that is drawn."""
SHOWN_VALUES = 8


@click.group(cls=NameGroup, invoke_without_command=True)
@json_option
@click.pass_context
def datasets(ctx: click.Context, as_json: bool) -> None:
    """List datasets; `datasets NAME` shows one, `get` downloads a public one."""
    if ctx.invoked_subcommand is not None:
        return
    found = platform().datasets()
    if as_json:
        print_json(list(found))
        return
    print_table(("NAME", "STATE", "TASK", ">SAMPLES", "SHAPE", "TITLE"), found.rows())


@datasets.command("show")
@click.argument("name")
@json_option
def show_dataset(name: str, as_json: bool) -> None:
    """Show a dataset: shapes, classes and parts."""
    record = platform().dataset(name)
    if as_json:
        print_json(record)
    else:
        _print_dataset(record)
    if record.state == "broken":
        sys.exit(1)


@datasets.command("preview")
@click.argument("name")
@click.argument("adapters", metavar="[OPTION=VALUE…]", nargs=-1)
@click.option("--part", type=click.Choice(["train", "validation", "test"]))
@click.option("--count", type=click.IntRange(1, 256), default=8, show_default=True)
@json_option
def preview_dataset(
    name: str, adapters: tuple[str, ...], part: str | None, count: int, as_json: bool
) -> None:
    """Show samples, seen through adapters: `preview digits horizontal_flip=0.5`."""
    _, words = read_words((name, *adapters))
    given: dict[str, Any] = dict(words)
    found = platform().preview_dataset(name, part, count, **given)
    if as_json:
        print_json(found)
        return
    shape = _shape(found.facts.shape)
    click.echo(f"{format_count(found.facts.size, 'sample')} of shape {shape}, {found.facts.task}\n")
    _print_preview(found)


@datasets.command("get")
@click.argument("names", metavar="NAME…", nargs=-1, required=True)
@click.option("--no-wait", is_flag=True, help="Let it go on in the background.")
@json_option
def get_dataset(names: tuple[str, ...], no_wait: bool, as_json: bool) -> None:
    """Download public datasets; what was interrupted goes on where it ended."""
    hub = platform()
    records = []
    for name in names:
        before = hub.get_dataset(name, wait=False)
        if before.state == "ready":
            note(f"{name} is here already.")
        elif not no_wait:
            try:
                with _Bar(name) as bar:
                    hub.get_dataset(name, on_progress=bar)
            except KeyboardInterrupt:
                note(f"\nThe download goes on. Stop it: jupyter platform datasets cancel {name}")
                raise
            note(f"{name} is downloaded.")
        records.append(hub.dataset(name))
    if as_json:
        print_json(records)


@datasets.command("cancel")
@click.argument("names", metavar="NAME…", nargs=-1, required=True)
def cancel_download(names: tuple[str, ...]) -> None:
    """Stop downloads; what has come stays for the next time."""
    hub = platform()
    for name in names:
        hub.cancel_download(name)
        click.echo(f"{name}  cancelled")


_READING = (
    click.option("--target", help="Tables: the column to learn; the last one when absent."),
    click.option("--inputs", help="Tables: columns that are inputs, with commas; all when absent."),
    click.option("--exclude", help="Tables: columns that are left out, with commas."),
    click.option(
        "--missing",
        type=click.Choice(["refuse", "drop", "mean", "class"]),
        help="Tables: what becomes of missing values.",
    ),
    click.option(
        "--encode",
        help="Tables: what becomes of text: `classes`, `one-hot`, or `COLUMN=one-hot,…`.",
    ),
    click.option("--normalise", is_flag=True, help="Tables: mean 0, deviation 1 in training."),
    click.option("--separator", help=r"CSV: what stands between fields; `\t` is a tab."),
    click.option("--decimal", type=click.Choice([".", ","]), help="CSV: the decimal sign."),
    click.option("--thousands", help="CSV: what groups digits; empty: nothing does."),
    click.option("--encoding", help="CSV: encoding of the text, such as cp1252."),
    click.option("--header/--no-header", default=None, help="CSV: whether line 1 names columns."),
    click.option("--shape", help="Of one sample, such as 3,64,64; pictures are brought to it."),
    click.option("--skip-broken", is_flag=True, help="Pictures: leave out what cannot be read."),
    click.option("--date-format", help="How dates are written, such as %d.%m.%Y."),
)
"""Options of how a file is read; what is not given is told from its content."""


def _reading_options(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(_READING):
        command = option(command)
    return command


@datasets.command("look")
@click.argument("file", metavar="FILE|FOLDER")
@_reading_options
@json_option
def look_at_dataset(file: str, as_json: bool, **reading: Any) -> None:
    """Show how a file or folder would be read, and all that is wrong with it; adds nothing."""
    found = platform().look_at_dataset(file, **_reading(reading))
    if as_json:
        print_json(found)
    else:
        print_look(found)


@datasets.command("add")
@click.argument("files", metavar="FILE|FOLDER…", nargs=-1, required=True)
@click.option("--name", help="Under which it is kept; the file's stem when absent.")
@_reading_options
@click.option("--task", type=click.Choice(["classification", "regression"]))
@click.option("--no-shuffle", is_flag=True, help="Split the rows in the order they have.")
@click.option("--replace", is_flag=True, help="Replace a dataset of that name.")
@json_option
def add_dataset(
    files: tuple[str, ...],
    name: str | None,
    task: str | None,
    no_shuffle: bool,
    replace: bool,
    as_json: bool,
    **reading: Any,
) -> None:
    """Add .npz, .csv, .parquet or .txt files, or folders of pictures."""
    if name is not None and len(files) > 1:
        raise click.UsageError("--name names one dataset; give one FILE with it.")
    hub = platform()
    records = [
        hub.add_dataset(
            name_of(Path(file).absolute()) if name is None else name,
            file,
            task=task,
            shuffle=not no_shuffle,
            replace=replace,
            **_reading(reading),
        )
        for file in files
    ]
    if as_json:
        print_json(records)
        return
    for record in records:
        _print_dataset(record)


@datasets.command("remove")
@click.argument("names", metavar="NAME…", nargs=-1, required=True)
def remove_dataset(names: tuple[str, ...]) -> None:
    """Remove datasets that somebody added, or the files of downloaded ones."""
    hub = platform()
    for name in names:
        hub.remove_dataset(name)
        click.echo(f"{name}  removed")


class _Bar:
    """Shows how a download goes on, on standard error."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._said = -LINE_INTERVAL_S
        self._bar: Progress | None = None
        if sys.stderr.isatty():
            columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn())
            text = TextColumn("{task.description}")
            self._bar = Progress(text, *columns, console=Console(stderr=True))
            self._task = self._bar.add_task(name, total=None)

    def __enter__(self) -> _Bar:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, record: DatasetRecord) -> None:
        """Show how far it has come."""
        download = record.download
        if download is None:
            return
        doing = f"{self._name}, unpacking" if download.unpacking else self._name
        if self._bar is not None:
            self._bar.update(
                self._task, description=doing, completed=download.bytes, total=download.total
            )
        elif time.monotonic() - self._said >= LINE_INTERVAL_S:
            self._said = time.monotonic()
            note(f"{doing}  {_progress(record)}")


def _reading(given: dict[str, Any]) -> dict[str, Any]:
    """Return options of the command line as the client takes them."""
    found = {key: item for key, item in given.items() if item is not None and item is not False}
    if given["header"] is False:
        found["header"] = False
    for key in ("inputs", "exclude"):
        if key in found:
            found[key] = [item.strip() for item in str(found[key]).split(",")]
    if "separator" in found:
        found["separator"] = str(found["separator"]).replace("\\t", "\t")
    encode = str(found.get("encode", ""))
    if "=" in encode:
        pairs = (item.rpartition("=") for item in encode.split(","))
        found["encode"] = {column.strip(): way.strip() for column, _, way in pairs}
    return found


def _progress(record: DatasetRecord) -> str:
    """Say how far a download has come: ``12 MB of 170 MB, 3 MB/s, 53 s left``."""
    download = record.download
    if download is None:
        return ""
    words = [f"{format_bytes(download.bytes)} of {format_bytes(download.total)}"]
    if download.rate:
        left = (download.total - download.bytes) / download.rate
        words += [f"{format_bytes(download.rate)}/s", f"{format_duration(left)} left"]
    return ", ".join(words)


def _print_dataset(record: DatasetRecord) -> None:
    descriptor, facts = record.descriptor, record.facts
    state = f"{record.state}, its data are being read" if record.reading else record.state
    pairs: list[tuple[str, str | None]] = [("name", record.name), ("state", state)]
    if descriptor is not None:
        pairs += [
            ("title", descriptor.title),
            ("", descriptor.summary),
            ("kind", descriptor.kind),
            ("source", descriptor.source),
            ("licence", descriptor.licence),
            ("adapters", " ".join(f"{key}={item}" for key, item in descriptor.adapters.items())),
        ]
    pairs += [
        ("origin", record.origin),
        ("adapts", record.base),
        ("lies in", record.location),
        ("problem", record.problem),
        ("download", _download_text(record)),
        *(("note", text) for text in (() if facts is None else facts.notes)),
        *(("▲", text) for text in (() if facts is None else facts.warnings)),
    ]
    if facts is not None:
        counts = zip(facts.classes or (), facts.class_counts or (), strict=False)
        pairs += [
            ("task", facts.task),
            ("samples", f"{facts.size:,}"),
            ("shape", f"{_shape(facts.shape)} {facts.stored_type}".strip()),
            ("classes", ", ".join(f"{name} ({count:,})" for name, count in counts)),
            ("features", ", ".join(facts.features or ())),
            *((name, part.text) for name, part in facts.parts.items()),
            ("size", format_bytes(facts.bytes)),
        ]
    print_fields(pairs)


def _download_text(record: DatasetRecord) -> str | None:
    if record.download is not None and record.download.problem is not None:
        return record.download.problem
    if record.state == "downloading":
        return _progress(record)
    if record.state != "not downloaded" or record.descriptor is None:
        return None
    size = sum(source.bytes for source in record.descriptor.download)
    return f"{format_bytes(size)}: jupyter platform datasets get {record.name}"


def print_look(found: DatasetLook) -> None:
    """Print how something would be read, and what is wrong with it."""
    table, facts = found.table, found.facts
    print_fields([("name", found.name), ("kind", found.kind)])
    if table is not None:
        signs = (table.encoding, table.separator, table.decimal, table.thousands)
        named = zip(("encoding", "separator", "decimal", "thousands"), signs, strict=True)
        if table.separator is not None:
            print_fields([(name, repr(sign) if sign else "none") for name, sign in named])
        click.echo()
        rows = [
            (
                column.name,
                column.role,
                f"{column.kind} {column.date_format or ''}".strip(),
                f"{column.missing:,}",
                f"{column.distinct:,}",
                ", ".join(column.examples),
            )
            for column in table.columns
        ]
        print_table(("COLUMN", "ROLE", "KIND", ">MISSING", ">DIFFERENT", "EXAMPLES"), rows)
    if found.folder is not None:
        _print_folder(found.folder)
    if facts is not None:
        click.echo()
        lines = [("samples", f"{facts.size:,}"), ("shape", _shape(facts.shape))]
        lines += [("learns", facts.task), ("classes", ", ".join(facts.classes or ()))]
        print_fields([*lines, *(("note", text) for text in facts.notes)])
        for warning in facts.warnings:
            click.echo(f"▲ {warning}")
    for problem in found.problems:
        click.echo(f"✗ {problem.message}")


def _print_folder(found: PictureFolder) -> None:
    brought = None if found.shape is None else f"all are brought to {_shape(found.shape)}"
    print_fields(
        [
            ("parts", ", ".join(f"{part} {count:,}" for part, count in found.parts.items())),
            ("classes", ", ".join(f"{name} {count:,}" for name, count in found.classes.items())),
            ("sizes", ", ".join(filter(None, [found.sizes, brought]))),
            ("broken", found.problem),
        ]
    )


def _print_preview(found: DatasetPreview) -> None:
    with_images = [item for item in found.samples if item.image is not None]
    for sample in with_images:
        click.echo("\n".join(_drawn(sample.image or "")))
        click.echo(f"{sample.index}  {_target(sample)}\n")
    others = [item for item in found.samples if item.image is None]
    if others:
        rows = [(str(item.index), _content(item), _target(item)) for item in others]
        print_table((">SAMPLE", "VALUES", "TARGET"), rows)


def _drawn(address: str) -> list[str]:
    """Return an image as text."""
    # Pillow is only needed for looking.
    from PIL import Image  # noqa: PLC0415

    with Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2]))) as picture:
        grey = picture.convert("L")
    if grey.width > WIDEST:
        grey = grey.resize((WIDEST, max(1, grey.height * WIDEST // grey.width)))
    pixels = [value / 255 for value in grey.tobytes()]
    return image_lines(
        [pixels[start : start + grey.width] for start in range(0, len(pixels), grey.width)]
    )


def _content(sample: SampleView) -> str:
    if sample.text is not None:
        return repr(sample.text)
    return _numbers(sample.values)


def _target(sample: SampleView) -> str:
    return _numbers(sample.target) if sample.label is None else sample.label


def _numbers(values: list[float] | None) -> str:
    shown = [f"{value:.4g}" for value in (values or [])[:SHOWN_VALUES]]
    return " ".join(shown) + (" …" if len(values or []) > SHOWN_VALUES else "")


def _shape(shape: list[int]) -> str:
    return "×".join(str(size) for size in shape) or "1"
