"""``jupyter platform strategies``."""

from __future__ import annotations

from pathlib import Path

import click

from jupyter_platform.cli.catalogue import NameGroup
from jupyter_platform.cli.connecting import platform
from jupyter_platform.cli.output import json_option, print_fields, print_json, print_table
from jupyter_platform.core.errors import NotFoundError, unknown_name


@click.group(cls=NameGroup, invoke_without_command=True)
@json_option
@click.pass_context
def strategies(ctx: click.Context, as_json: bool) -> None:
    """List strategies; `strategies NAME` shows one, add and remove change the uploaded ones."""
    if ctx.invoked_subcommand is not None:
        return
    found = platform().strategies()
    if as_json:
        print_json(list(found))
        return
    print_table(("NAME", "TYPE", "NETWORKS", "ORIGIN", "TITLE"), found.rows())


@strategies.command("show")
@click.argument("name")
@json_option
def show_strategy(name: str, as_json: bool) -> None:
    """Show a strategy: what it does, and which networks it takes."""
    records = list(platform().strategies())
    found = [item for item in records if item.name == name]
    if not found:
        error = unknown_name("strategy", name, [item.name for item in records])
        raise NotFoundError(error.message, errors=[error])
    if as_json:
        print_json(found[0])
        return
    record = found[0]
    own = list((record.own_options or {}).get("properties", ()))
    print_fields(
        [
            ("name", record.name),
            ("title", record.title),
            ("does", record.summary),
            ("networks", ", ".join(record.roles)),
            ("learns from", ", ".join(record.learns_from)),
            ("DIANNE", ", ".join(record.dianne)),
            ("origin", record.origin),
            ("strategy_options", ", ".join(own)),
            ("problem", record.problem or ""),
        ]
    )


@strategies.command("add")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--name", help="Name of the strategy; that of the file when absent.")
@click.option("--replace", is_flag=True, help="Replace another strategy of that name.")
@json_option
def add_strategy(file: Path, name: str | None, replace: bool, as_json: bool) -> None:
    """Upload a Python file that defines a strategy."""
    record = platform().add_strategy(file, name, replace=replace)
    if as_json:
        print_json(record)
    else:
        click.echo(f"Strategy {record.name} is there; submit with strategy={record.name}.")


@strategies.command("remove")
@click.argument("name")
def remove_strategy(name: str) -> None:
    """Remove an uploaded strategy."""
    platform().remove_strategy(name)
    click.echo(f"Strategy {name} is removed.")
