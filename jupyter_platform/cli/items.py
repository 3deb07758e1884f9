"""``jupyter platform items``: the marketplace."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import click

from jupyter_platform.cli.catalogue import NameGroup
from jupyter_platform.cli.connecting import platform
from jupyter_platform.cli.output import (
    ago,
    json_option,
    note,
    print_fields,
    print_json,
    print_table,
)
from jupyter_platform.client.marketplace import DocumentFormat, Item
from jupyter_platform.core.marketplace import SORTS, ItemPage, SourceRecord
from jupyter_platform.core.units import format_count
from jupyter_platform.core.words import read_words

_RUNS = {"here": "here", "containers": "needs containers", "gpu": "needs a GPU", "no": "cannot run"}


@click.group(cls=NameGroup, invoke_without_command=True)
@json_option
@click.pass_context
def items(ctx: click.Context, as_json: bool) -> None:
    """List the marketplace; `items NAME` shows an item, `items search` looks for some."""
    if ctx.invoked_subcommand is None:
        _print_page(platform().items(limit=500), as_json)


@items.command("list")
@json_option
def list_items(as_json: bool) -> None:
    """List all items by name."""
    _print_page(platform().items(limit=500), as_json)


@items.command("search")
@click.argument("words", metavar="[WORD…] [FIELD=VALUE…]", nargs=-1)
@click.option("--sort", type=click.Choice(SORTS))
@click.option("--limit", type=click.IntRange(1, 500), default=60, show_default=True)
@click.option("--facets", is_flag=True, help="Count the values of each field, too.")
@json_option
def search(words: tuple[str, ...], sort: Any, limit: int, facets: bool, as_json: bool) -> None:
    """Look for items: `items search plankton libraries=PyTorch,Keras runs=here`.

    All words must be found. FIELD is libraries, tasks, categories, data_types, tags, runs, kind,
    source or license; of several values with commas any is enough.
    """
    text = [word for word in words if "=" not in word]
    fields: dict[str, list[str]] = {}
    for word in words:
        if "=" in word:
            name, _, values = word.partition("=")
            fields.setdefault(name, []).extend(value for value in values.split(",") if value)
    terms = " ".join(f'"{word}"' if " " in word else word for word in text)
    wanted: dict[str, Any] = dict(fields)
    page = platform().items(terms or None, sort=sort, limit=limit, **wanted)
    _print_page(page, as_json)
    if facets and not as_json:
        for field, counted in page.facets.items():
            shown = ", ".join(f"{item.value} {item.count}" for item in counted[:12])
            click.echo(f"{field}: {shown or 'none'}")


@items.command("show")
@click.argument("name")
@json_option
def show(name: str, as_json: bool) -> None:
    """Show an item: what it is, what it needs, how it can be deployed."""
    item = platform().item(name)
    if as_json:
        print_json(item.record)
    else:
        _print_item(item)


@items.command("metadata")
@click.argument("name")
@click.option("--format", "kind", type=click.Choice(["json", "json-ld", "turtle"]), default="json")
def metadata(name: str, kind: DocumentFormat) -> None:
    """Print the metadata of an item as JSON, or as RDF of the profile MLDCAT-AP."""
    click.echo(platform().item(name).metadata(kind))


@items.command("refresh")
@click.argument("sources", metavar="[SOURCE…]", nargs=-1)
@json_option
def refresh(sources: tuple[str, ...], as_json: bool) -> None:
    """Read the sources of items again, all of them or the named ones."""
    records = platform().refresh_marketplace(*sources)
    _print_sources(records, as_json)
    if any(record.error for record in records):
        click.get_current_context().exit(1)


@items.command("sources")
@json_option
def sources(as_json: bool) -> None:
    """List where items come from, and how the last look at each went."""
    _print_sources(platform().item_sources(), as_json)


@items.command("notebook")
@click.argument("name")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File; NAME.ipynb here.")
def notebook(name: str, output: Path | None) -> None:
    """Write a notebook that deploys an item and calls it, with its arguments as a form."""
    click.echo(platform().item(name).write_notebook(output))


@items.command("retrain")
@click.argument("words", metavar="NAME DATASET [KEY=VALUE]…", nargs=-1, required=True)
@json_option
def retrain(words: tuple[str, ...], as_json: bool) -> None:
    """Take a trainable item to another dataset: a LEARN job that starts from its weights."""
    dataset, options = read_words(words[1:])
    if dataset is None:
        raise click.UsageError("Give the NAME of the item and a DATASET.")
    job = platform().item(words[0]).retrain(dataset, **options)
    if as_json:
        print_json(job.record)
    else:
        click.echo(f"{job.id}  {job.name}")


@items.command("publish")
@click.argument("job")
@click.option("--name", required=True, help="Name of the new item.")
@click.option("--title", help="Made of the name when absent.")
@click.option("--summary", default="", help="One line.")
@click.option("--description", type=click.Path(exists=True, path_type=Path), help="Markdown file.")
@click.option("--parent", help="Item that it was retrained from.")
@click.option("--compare-on", metavar="DATASET", help="Judge it and its parent on this test part.")
@click.option("--license", help="SPDX identifier, such as MIT.")
@click.option("--tag", "tags", multiple=True, help="Word to find it by; may be repeated.")
@click.option("--replace", is_flag=True, help="Replace an item of that name that you published.")
@json_option
def publish(job: str, description: Path | None, as_json: bool, **fields: Any) -> None:
    """Publish the network of a finished LEARN job as an item."""
    text = "" if description is None else description.read_text(encoding="utf-8")
    hub = platform()
    item = hub.publish(hub.job(job), description=text, **fields)
    if as_json:
        print_json(item.record)
    else:
        click.echo(f"{item.name}  published")
        for remark in item.record.problems:
            note(f"Note: {remark}")


@items.command("build")
@click.argument("names", metavar="[NAME]…", nargs=-1)
def build(names: tuple[str, ...]) -> int:
    """Make what items of the package need: environments, downloads and weights.

    A deployment makes what is missing when it first starts, so this is for those who would rather
    wait now. Without names all items whose weights are made.
    """
    command = [sys.executable, "-m", "jupyter_platform.serving.runner.building", *names]
    return subprocess.run(command, check=False).returncode


@items.command("check")
@click.argument("files", metavar="FILE…", nargs=-1, required=True, type=click.Path(path_type=Path))
def check(files: tuple[Path, ...]) -> None:
    """Check files of metadata against schema 2.3 of AI4OS; needs no platform."""
    from jupyter_platform.catalogue.checking import check_file  # noqa: PLC0415 - for this alone

    failed = False
    for path in files:
        faults = check_file(path)
        failed |= bool(faults)
        click.echo(f"{path}: {'valid' if not faults else format_count(len(faults), 'fault')}")
        for fault in faults:
            click.echo(f"  {fault}")
    if failed:
        click.get_current_context().exit(1)


def _print_page(page: ItemPage, as_json: bool) -> None:
    if as_json:
        print_json(page)
        return
    print_table(
        ("NAME", "KIND", "RUNS", "UPDATED", "TITLE"),
        [
            (card.name, card.kind, _RUNS[card.runs], str(card.updated or ""), card.title)
            for card in page.items
        ],
        empty="Nothing fits.",
    )
    note(format_count(page.total, "result"))


def _print_item(item: Item) -> None:
    record = item.record
    click.echo(f"{record.title}\n{record.summary}\n")
    metric = record.metric
    print_fields(
        (
            ("name", record.name),
            ("kind", record.kind),
            ("runs", record.runs_reason),
            ("libraries", ", ".join(record.libraries)),
            ("tasks", ", ".join(record.tasks)),
            ("categories", ", ".join(record.categories)),
            ("data types", ", ".join(record.data_types)),
            ("tags", ", ".join(record.tags)),
            ("licence", record.license),
            ("created", str(record.created or "")),
            ("updated", str(record.updated or "")),
            ("score", f"{metric.name} {metric.value:g}, {metric.measured_on}" if metric else None),
            ("parent", record.parent),
            ("job", record.job),
            ("source", record.source),
            ("links", "\n".join(f"{link.label}: {link.url}" for link in record.links)),
            (
                "deploy",
                "\n".join(_action(one.label, one.enabled, one.reason) for one in record.deploy),
            ),
            ("remarks", "\n".join(record.problems)),
        )
    )


def _action(label: str, enabled: bool, reason: str) -> str:
    return f"{'●' if enabled else '○'} {label}: {reason}"


def _print_sources(records: list[SourceRecord], as_json: bool) -> None:
    if as_json:
        print_json(records)
        return
    print_table(
        ("SOURCE", "KIND", ">ITEMS", ">UNREADABLE", "READ", "LOCATION"),
        [
            (
                record.name,
                record.kind,
                str(record.items),
                str(record.invalid),
                "now" if record.refreshing else ago(record.refreshed) or "never",
                record.location,
            )
            for record in records
        ],
    )
    for record in records:
        for problem in (record.error, *record.problems):
            if problem:
                note(f"Note: {record.name}: {problem}")
