"""``jupyter platform hosts | options | notifications``."""

from __future__ import annotations

from typing import Any

import click

from jupyter_platform.cli.connecting import platform
from jupyter_platform.cli.output import (
    ago,
    clock,
    json_option,
    print_json,
    print_table,
    state_text,
)
from jupyter_platform.core.hosts import HostRecord
from jupyter_platform.core.options.resolve import accepted_values
from jupyter_platform.core.units import format_bytes


class NameGroup(click.Group):
    """A group whose first word may also be a name: ``datasets digits`` shows it."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Read a word that is no command as the argument of ``show``."""
        if args and args[0] not in self.commands:
            args = ["show", *args]
        return super().resolve_command(ctx, args)


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def hosts(context: click.Context, as_json: bool) -> None:
    """List the hosts: what they offer, what is busy, what runs there; or stop and start one."""
    if context.invoked_subcommand is not None:
        return
    records = list(platform().hosts())
    if as_json:
        print_json(records)
        return
    print_table(
        ("HOST", "STATE", "CPUS BUSY", "MEMORY BUSY", "GPUS BUSY", "FILES KEPT", "SYSTEM", "JOBS"),
        [_host_row(record) for record in records],
        empty="No host has joined yet; see `jupyter platform logs`.",
    )
    for record in records:
        if record.description.overcommitted:
            click.echo(f"Note: {record.description.name} {record.description.overcommitted}.")
        for reason in record.description.gpus_not_offered:
            click.echo(f"Note: {record.description.name}: {reason}")


@hosts.command()
@click.argument("name")
def stop(name: str) -> None:
    """End a host on which nothing runs, until it is started again."""
    platform().stop_host(name)
    click.echo(f"Host {name} was stopped.")


@hosts.command()
@click.argument("name")
def start(name: str) -> None:
    """Start a host that was stopped."""
    platform().start_host(name)
    click.echo(f"Host {name} is being started.")


@click.command()
@click.argument("type", metavar="TYPE")
@json_option
def options(type: str, as_json: bool) -> None:
    """List the options of a job type: LEARN, EVALUATE or ACT."""
    schema = platform().options(type)
    if as_json:
        print_json(schema)
        return
    print_table(
        ("OPTION", "DEFAULT", "ACCEPTS", "MEANING"),
        [_option_row(name, field) for name, field in schema["properties"].items()],
    )


@click.command()
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True)
@json_option
def notifications(limit: int, as_json: bool) -> None:
    """List what happened, newest first."""
    records = platform().notifications()[:limit]
    if as_json:
        print_json(records)
        return
    print_table(
        ("TIME", "LEVEL", "WHAT"),
        [(clock(record.time) or "", record.level, record.message) for record in records],
        empty="Nothing has happened yet.",
    )


def _host_row(record: HostRecord) -> tuple[str, ...]:
    offer = record.description
    since = f", {ago(record.last_seen_at)}" if record.state != "up" else ""
    return (
        offer.name,
        state_text(record.state) + since,
        f"{record.cpus_busy} of {offer.cpus}",
        f"{format_bytes(record.memory_busy)} of {format_bytes(offer.memory)}",
        f"{len(record.gpus_busy)} of {len(offer.gpus)}" if offer.gpus else "no GPU",
        "" if record.sample is None else format_bytes(record.sample.files_kept),
        f"{offer.os} {offer.arch}",
        ", ".join(record.jobs),
    )


def _option_row(name: str, field: dict[str, Any]) -> tuple[str, ...]:
    default = field.get("default_text") or field.get("default")
    shown = str(default).lower() if isinstance(default, bool) else str(default)
    unit = f" {field['unit']}" if "unit" in field and default is not None else ""
    return (name, f"{shown}{unit}", accepted_values(field), str(field.get("description", "")))
