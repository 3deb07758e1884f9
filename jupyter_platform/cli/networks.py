"""``jupyter platform networks``."""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

import click

from jupyter_platform.cli.catalogue import NameGroup
from jupyter_platform.cli.connecting import platform
from jupyter_platform.cli.output import (
    ago,
    json_option,
    note,
    number,
    print_fields,
    print_json,
    print_table,
)
from jupyter_platform.core.catalogue import NetworkRecord, TagOrigin, named_tags
from jupyter_platform.core.exchange import ImportKind
from jupyter_platform.core.networks import NetworkFacts
from jupyter_platform.core.words import OPTION_WORD


class ShapeType(click.ParamType[list[int]]):
    """Sizes with commas between them."""

    name = "1,28,28"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> list[int]:
        """Return the sizes."""
        try:
            return [int(part) for part in str(value).split(",")]
        except ValueError:
            self.fail(f"{value!r} is no shape; write sizes like 1,28,28.", param, ctx)


@click.group(cls=NameGroup, invoke_without_command=True)
@json_option
@click.pass_context
def networks(ctx: click.Context, as_json: bool) -> None:
    """List networks; `networks NAME` shows one, the commands change the repository."""
    if ctx.invoked_subcommand is not None:
        return
    found = platform().networks()
    if as_json:
        print_json(list(found))
        return
    print_table(("NAME", "TASK", ">PARAMETERS", ">TAGS", "TITLE"), found.rows())


@networks.command("show")
@click.argument("name")
@json_option
def show(name: str, as_json: bool) -> None:
    """Show a network: layers, shapes, parameters, and what its weights scored."""
    record = platform().network(name)
    if as_json:
        print_json(record)
    else:
        _print_network(record)


@networks.command("add")
@click.argument("words", metavar="FILE… [KEY=VALUE]…", nargs=-1, required=True)
@click.option("--name", help="Under which it is kept; that of the file when absent.")
@click.option("--input-shape", type=ShapeType(), help="Shape of one sample: 1,28,28.")
@click.option("--outputs", type=click.IntRange(1), help="Number of outputs.")
@click.option("--replace", is_flag=True, help="Replace networks of the same names.")
@json_option
def add(
    words: tuple[str, ...],
    name: str | None,
    input_shape: list[int] | None,
    outputs: int | None,
    replace: bool,
    as_json: bool,
) -> None:
    """Add networks: torch modules of one's own, or JSON descriptions.

    FILE is mynet.py, mynet.py:MyNet where it has several classes, or a description. The source is
    taken along with the files beside it that it imports, and runs as you. KEY=VALUE words are
    arguments of the class.
    """
    matches = [(word, OPTION_WORD.fullmatch(word)) for word in words]
    files = [word for word, match in matches if match is None]
    arguments = {match[1]: _value(match[2]) for _, match in matches if match is not None}
    if not files or (name is not None and len(files) > 1):
        raise click.UsageError("Give one FILE for --name." if files else "Give a FILE.")
    hub = platform()
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        records = [
            hub.add_network(
                file, name, input_shape=input_shape, outputs=outputs, replace=replace, **arguments
            )
            for file in files
        ]
    if as_json:
        print_json(records)
        return
    for record in records:
        click.echo(f"{record.description.name}  added")
        if record.description.source is not None and record.facts is not None:
            _print_layers(record.facts)
    for warning in told:
        note(f"Note: {warning.message}")


def _value(text: str) -> Any:
    """Return an argument as JSON has it, or the text itself."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _print_layers(facts: NetworkFacts) -> None:
    print_table(
        ("LAYER", "TYPE", "OUTPUT", ">PARAMETERS"),
        [
            (layer.name, layer.type, _shape(layer.output_shape), f"{layer.parameters:,}")
            for layer in facts.layers
        ],
        empty="The layers follow from the dataset.",
    )


@networks.command("import")
@click.argument("path", metavar="PATH")
@click.option("--name", help="Under which it is kept; what the file says when absent.")
@click.option("--tag", help="For weights that come without one.")
@click.option("--network", help="The network that bare weights belong to.")
@click.option("--input-shape", type=ShapeType(), help="Shape of one sample: 1,28,28.")
@click.option("--outputs", type=click.IntRange(1), help="Number of outputs, for bare weights.")
@click.option("--output", help="Which of several outputs is kept: its number or name.")
@click.option("--kind", type=click.Choice(get_args(ImportKind)), help="Told from the content.")
@click.option("--replace", is_flag=True, help="Replace a network or tags of that name.")
@click.option("--code", is_flag=True, help="Run Python source in an archive: you trust it.")
@json_option
def import_(path: str, as_json: bool, **fields: Any) -> None:
    """Import a network with its weights.

    PATH is an archive of `networks export`; a network of DIANNE: its folder, a zip file of that,
    or its modules.txt; an ONNX file; a description as JSON; or weights as safetensors.
    """
    brought = platform().import_network(path, **fields)
    if as_json:
        print_json(brought)
        return
    name = brought.network.description.name
    weights = f" with weights {', '.join(brought.tags)}" if brought.tags else ""
    click.echo(f"{name}  imported{weights}")
    for warning in brought.warnings:
        note(f"Note: {warning}")


@networks.command("export")
@click.argument("name")
@click.option("--tag", "tags", multiple=True, help="Which weights; all when absent.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File or folder.")
@click.option("--onnx", is_flag=True, help="Write an ONNX file with one set of weights.")
@click.option("--input-shape", type=ShapeType(), help="ONNX: shape of one sample, if unknown.")
def export(
    name: str,
    tags: tuple[str, ...],
    output: Path | None,
    onnx: bool,
    input_shape: list[int] | None,
) -> None:
    """Write a network and its weights to a zip file that `networks import` takes back."""
    if not onnx:
        click.echo(platform().export_network(name, output, tags or None))
        return
    if len(tags) > 1:
        raise click.UsageError("An ONNX file holds one set of weights; give one --tag.")
    click.echo(platform().export_onnx(name, output, tags[0] if tags else None, input_shape))


@networks.command("copy")
@click.argument("name")
@click.argument("copy")
@click.option("--no-weights", is_flag=True, help="Copy the description alone.")
def copy(name: str, copy: str, no_weights: bool) -> None:
    """Add a network that is like another one."""
    platform().copy_network(name, copy, weights=not no_weights)
    click.echo(f"{copy}  added")


@networks.command("rename")
@click.argument("name")
@click.argument("new")
def rename(name: str, new: str) -> None:
    """Give a network that somebody added another name."""
    platform().rename_network(name, new)
    click.echo(f"{new}  renamed")


@networks.command("remove")
@click.argument("names", metavar="NAME…", nargs=-1, required=True)
@click.option("--weights", is_flag=True, help="Remove their weights, too.")
def remove(names: tuple[str, ...], weights: bool) -> None:
    """Remove networks that somebody added."""
    hub = platform()
    for name in names:
        hub.remove_network(name, weights=weights)
        click.echo(f"{name}  removed")


@networks.command("remove-tag")
@click.argument("name")
@click.argument("tags", metavar="TAG…", nargs=-1, required=True)
def remove_tag(name: str, tags: tuple[str, ...]) -> None:
    """Forget weights of a network."""
    hub = platform()
    for tag in tags:
        hub.remove_tag(name, tag)
        click.echo(f"{name}/{tag}  removed")


def _print_network(record: NetworkRecord) -> None:
    description, facts = record.description, record.facts
    print_fields(
        [
            ("name", description.name),
            ("title", description.title),
            ("", description.summary),
            ("task", description.task or "classification or regression"),
            ("roles", ", ".join(description.roles)),
            ("origin", record.origin),
            ("parameters", _parameters(facts)),
        ]
    )
    if facts is not None:
        click.echo()
        _print_layers(facts)
    if record.tags:
        click.echo()
        print_table(
            ("TAG", "WEIGHTS", ">STEP", "SCORES", "MADE BY", "UPDATED"),
            [
                (
                    tag.tag,
                    item.variant,
                    f"{item.step:,}",
                    ", ".join(f"{key} {number(value)}" for key, value in item.scores.items()),
                    _made_by(item.job or tag.job, tag.origin),
                    ago(tag.updated_at),
                )
                for tag in named_tags(record.tags)
                for item in tag.variants
            ],
        )


def _parameters(facts: NetworkFacts | None) -> str:
    if facts is None:
        return "not known yet"
    return f"{facts.parameters:,}" if facts.layers else "as many as the dataset asks for"


def _made_by(job: str | None, origin: TagOrigin) -> str:
    known = [("job", job), ("file", origin.source), ("seed", origin.seed), ("torch", origin.torch)]
    return ", ".join(f"{name} {value}" for name, value in known if value is not None)


def _shape(shape: Sequence[int] | None) -> str:
    if shape is None:
        return ""
    return "×".join(str(size) for size in shape) or "1"
