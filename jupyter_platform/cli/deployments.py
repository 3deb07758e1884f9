"""``jupyter platform deploy | deployments | deployment``."""

from __future__ import annotations

import os
import sys
import webbrowser
from typing import Any

import click

from jupyter_platform.cli.catalogue import NameGroup
from jupyter_platform.cli.connecting import platform
from jupyter_platform.cli.output import (
    ago,
    clock,
    json_option,
    note,
    print_fields,
    print_json,
    print_table,
    state_text,
)
from jupyter_platform.client.deploy_line import (
    check_from_line,
    deploy_from_line,
    deploy_parameters,
)
from jupyter_platform.client.deployments import Deployment
from jupyter_platform.core.deployments import DeploymentCheck, DeploymentRecord, DeploymentState
from jupyter_platform.core.units import format_bytes, format_count

BASE_URL_VARIABLE = "JUPYTER_PLATFORM_BASE_URL"
"""Address of the Jupyter server through which services are opened."""
EXAMPLE = "jupyter platform deploy digit-classifier cpu_num=2 --wait"


@click.command(epilog=f"Example: {EXAMPLE}")
@deploy_parameters
@click.option("--wait", "-w", "waiting", is_flag=True, help="Wait until it answers.")
@click.option("--check", is_flag=True, help="Only say what would happen.")
@json_option
def deploy(waiting: bool, check: bool, as_json: bool, **arguments: Any) -> int:
    """Run an item of the marketplace as a service.

    KEY=VALUE words are fields of its configuration: cpu_num, gpu_num, ram (MB), disk (MB), service,
    idle_stop and those of the item. Item 'network' serves a network of the repository.
    """
    hub = platform()
    if check:
        return _show_check(check_from_line(hub, **arguments), as_json)
    made = deploy_from_line(hub, **arguments)
    if waiting:
        made.wait_ready()
    if as_json:
        print_json(made.record)
        return 0
    _show_line(made)
    return 0


@click.command()
@click.option("--state", help="Only in these states, comma-separated.")
@click.option("--kind", help="module, tool or try.")
@click.option("--text", help="Only with this text in title, item or id.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True)
@json_option
def deployments(
    state: str | None, kind: str | None, text: str | None, limit: int, as_json: bool
) -> None:
    """List deployments, newest first."""
    found = platform().deployments(state, kind=kind, text=text, limit=limit)
    records = [one.record for one in found]
    if as_json:
        print_json(records)
        return
    print_table(
        ("ID", "TITLE", "ITEM", "STATE", "SERVICE", "GPUS", "CREATED", "HOST"),
        [_row(record) for record in records],
        empty=f"Nothing is deployed. Deploy something: {EXAMPLE}",
    )


@click.group(cls=NameGroup)
def deployment() -> None:
    """Show, stop, start, delete or open a deployment."""


@deployment.command()
@click.argument("reference", metavar="DEPLOYMENT")
@json_option
def show(reference: str, as_json: bool) -> int:
    """Show a deployment: by its id, the beginning of it, or its title."""
    record = platform().deployment(reference).record
    if as_json:
        print_json(record)
    else:
        _show(record)
    return 1 if record.state == DeploymentState.FAILED else 0


@deployment.command()
@click.argument("references", metavar="DEPLOYMENT…", nargs=-1, required=True)
def stop(references: tuple[str, ...]) -> None:
    """Let deployments give back what they hold."""
    hub = platform()
    for reference in references:
        _show_line(hub.deployment(reference).stop())


@deployment.command()
@click.argument("reference", metavar="DEPLOYMENT")
@click.option("--wait", "-w", "waiting", is_flag=True, help="Wait until it answers.")
def start(reference: str, waiting: bool) -> None:
    """Start a deployment again that has ended."""
    found = platform().deployment(reference).start()
    _show_line(found.wait_ready() if waiting else found)


@deployment.command()
@click.argument("references", metavar="DEPLOYMENT…", nargs=-1, required=True)
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
def delete(references: tuple[str, ...], yes: bool) -> None:
    """End deployments and remove all that is left of them; the second time, without waiting."""
    hub = platform()
    found = [hub.deployment(reference) for reference in references]
    if not yes and sys.stdin.isatty():
        names = ", ".join(one.title for one in found)
        click.confirm(f"Delete {names} with all that was written there?", abort=True)
    for one in found:
        one.delete()
        click.echo(f"{one.id}  {one.title}  is deleted")


@deployment.command()
@click.argument("reference", metavar="DEPLOYMENT")
@click.option("--tail", type=click.IntRange(1), help="Only the last so many bytes.")
@click.option("--follow", "-f", "following", is_flag=True, help="Until it has ended.")
def log(reference: str, tail: int | None, following: bool) -> None:
    """Print what a deployment's processes printed."""
    found = platform().deployment(reference)
    if not following:
        click.echo(found.log(tail), nl=False)
        return
    for text in found.follow_log(tail):
        click.echo(text, nl=False)


@deployment.command("open")
@click.argument("reference", metavar="DEPLOYMENT")
@click.option("--service", help="api, ide, monitor, ui or custom; by default the main one.")
@click.option("--print", "printing", is_flag=True, help="Only print the address.")
def open_(reference: str, service: Any, printing: bool) -> None:
    """Open a service in the browser, through the Jupyter server of JUPYTER_PLATFORM_BASE_URL."""
    path = platform().deployment(reference).url(service)
    base = os.environ.get(BASE_URL_VARIABLE, "http://localhost:8888/")
    address = f"{base.rstrip('/')}/{path}"
    click.echo(address)
    if not printing:
        webbrowser.open(address)


def _show_line(found: Deployment) -> None:
    record = found.record
    reason = f": {record.reason}" if record.reason else ""
    click.echo(f"{record.id}  {record.title}  {record.item}  {state_text(record.state)}{reason}")
    note(f"Look at it: jupyter platform deployment {record.id}")


def _row(record: DeploymentRecord) -> tuple[str, ...]:
    gpus = str(record.resources_asked.gpus)
    state = state_text(record.state)
    created = ago(record.created)
    host = record.host or ""
    return record.id, record.title, record.item, state, record.service, gpus, created, host


def _show(record: DeploymentRecord) -> None:
    asked = record.resources_asked
    print_fields(
        [
            ("id", f"{record.id} ({record.uuid})"),
            ("title", record.title),
            ("description", record.description or None),
            ("item", f"{record.item}: {record.item_title}"),
            ("state", state_text(record.state)),
            ("reason", record.reason),
            ("error", None if record.error is None else record.error.message),
            (
                "resources",
                f"{format_count(asked.cpus, 'CPU')}, {format_bytes(asked.memory)}, "
                f"{format_count(asked.gpus, 'GPU')}"
                + ("" if record.resources_given else " (asked for, not given yet)"),
            ),
            ("host", record.host),
            ("site", record.site),
            ("image", record.image),
            ("network", record.network and f"{record.network} {record.tag}"),
            ("created", clock(record.created)),
            ("started", clock(record.started)),
            ("expires", clock(record.expires)),
            ("attempts", str(record.attempts)),
            *(
                (end.service, f"{end.path} ({'answers' if end.alive else 'does not answer'})")
                for end in record.endpoints
            ),
            *(("note", text) for text in record.warnings),
        ]
    )
    if record.error is not None and record.error.log_tail:
        note(record.error.log_tail)


def _show_check(answer: DeploymentCheck, as_json: bool) -> int:
    if as_json:
        print_json(answer)
    else:
        groups = answer.configuration.values()
        flat = {key: value for group in groups for key, value in group.items()}
        print_fields(
            [
                *(("refused", error.message) for error in answer.refusals),
                ("when", answer.outlook or None),
                ("or", answer.alternative),
                *((f"  {key}", str(value)) for key, value in flat.items()),
                *(("note", text) for text in answer.warnings),
            ]
        )
    return 2 if answer.refusals else 0
