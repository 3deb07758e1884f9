"""``jupyter platform up | status | down``."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import Any

import click

from jupyter_platform.cli.connecting import platform
from jupyter_platform.cli.output import (
    json_option,
    note,
    print_fields,
    print_json,
    state_text,
)
from jupyter_platform.client import Job, Platform
from jupyter_platform.core.errors import (
    ConflictError,
    CoordinatorError,
    NotFoundError,
    PlatformError,
)
from jupyter_platform.core.hosts import StatusRecord
from jupyter_platform.core.settings import Settings, load_settings
from jupyter_platform.core.units import format_bytes, format_count, format_duration
from jupyter_platform.runtime.connection import read_connection
from jupyter_platform.runtime.launch import find_coordinator, request_down
from jupyter_platform.runtime.paths import Paths

HOST_TIMEOUT_S = 60.0
"""Seconds that ``up`` waits for the hosts to join."""
_PAUSE_S = 0.2
STOP_TIMEOUT_S = 120.0
"""Seconds that ``down --stop-jobs`` waits for the jobs."""
HELD = ("starting", "running", "stopping", "unreachable")
"""States in which a job has processes on a host."""


@click.command()
@click.option("--hosts", type=int, help="Local hosts that share this machine, for trials.")
@click.option("--cpus", type=int, help="CPUs that each host offers.")
@click.option("--memory", help="Memory that each host offers, such as 4GB.")
@click.option("--gpus", type=int, help="GPUs that each host offers.")
@click.option("--overcommit", is_flag=True, default=None, help="Offer what others offer too.")
@click.option("--config", type=click.Path(path_type=Path), help="A TOML file with settings.")
@click.option("--port", type=int, help="Port of the coordinator; any free one when absent.")
@click.option("--idle-stop-minutes", type=float, help="Minutes without work; 0 never stops.")
@json_option
def up(config: Path | None, as_json: bool, **given: Any) -> None:
    """Start the platform on this machine."""
    settings = load_settings(config, {_SETTINGS[key]: value for key, value in given.items()})
    _refuse_other_settings(Paths.default(), settings, bool(config) or any(_set(given)))
    hub = platform(settings=settings)
    record = _wait_for_hosts(hub, settings.cluster.hosts)
    if as_json:
        print_json(record)
    else:
        print_status(record, hub)


@click.command()
@json_option
def status(as_json: bool) -> None:
    """Show what runs and what the hosts offer; starts nothing."""
    hub = platform(start=False)
    record = hub.status()
    if as_json:
        print_json(record)
    else:
        print_status(record, hub)


@click.command()
@click.option("--stop-jobs", is_flag=True, help="Stop running jobs first; their weights are kept.")
@click.option("--leave-jobs", is_flag=True, help="Leave running jobs; the next start finds them.")
@json_option
def down(stop_jobs: bool, leave_jobs: bool, as_json: bool) -> None:
    """Stop the platform on this machine; refuses while jobs run, unless told what to do."""
    if stop_jobs and leave_jobs:
        raise click.UsageError("--stop-jobs and --leave-jobs exclude each other; give one.")
    paths = Paths.default()
    hub = _running_hub(paths)
    if hub is not None and not leave_jobs:
        _end_jobs(hub, stop_jobs)
    ran = request_down(paths)
    if as_json:
        print_json({"stopped": ran})
    else:
        click.echo("The platform is down." if ran else "The platform was not running.")


def print_status(record: StatusRecord, hub: Platform) -> None:
    """Print the state of the platform at a glance."""
    slots, gpus = record.slots, record.gpus
    lost = f", {record.hosts_lost} lost" if record.hosts_lost else ""
    print_fields(
        [
            ("platform", f"● up for {format_duration(record.uptime_s)}, {record.version}"),
            ("address", hub.url),
            ("hosts", f"{format_count(record.hosts, 'host')} up{lost}"),
            ("slots", f"{slots.busy} of {slots.total} busy"),
            ("gpus", f"{gpus.busy} of {gpus.total} busy" if gpus.total else None),
            (
                "jobs",
                f"{record.running} running, {record.queued} waiting, {record.finished} ended",
            ),
            *(
                (
                    type.lower(),
                    f"{done.running} running, {done.waiting} waiting; "
                    f"{format_count(done.hosts_busy, 'host')} busy with it",
                )
                for type, done in record.types.items()
            ),
            ("idle", format_count(record.hosts_idle, "host")),
            ("data", f"{record.data_dir} ({format_bytes(record.disk_free)} free)"),
            *(("note", warning) for warning in record.warnings),
            *((name, _process_text(facts)) for name, facts in sorted(record.processes.items())),
        ]
    )


_SETTINGS = {
    "hosts": "cluster.hosts",
    "cpus": "cluster.cpus",
    "memory": "cluster.memory",
    "gpus": "cluster.gpus",
    "overcommit": "cluster.overcommit",
    "port": "coordinator.port",
    "idle_stop_minutes": "coordinator.idle_stop_minutes",
}
"""Option of ``up`` to the name of the setting."""


def _set(given: dict[str, Any]) -> list[bool]:
    return [value is not None for value in given.values()]


def _refuse_other_settings(paths: Paths, wanted: Settings, explicit: bool) -> None:
    if not explicit or read_connection(paths) is None:
        return
    try:
        present = Settings.model_validate_json(paths.settings_file.read_bytes())
    except (OSError, ValueError):
        return
    if present != wanted:
        raise ConflictError(
            "The platform runs with other settings; `jupyter platform down` first, then `up`."
        )


def _wait_for_hosts(hub: Platform, expected: int) -> StatusRecord:
    record = hub.status()
    if record.hosts < expected:
        note(f"Waiting for {format_count(expected, 'host')} to join")
    deadline = time.monotonic() + HOST_TIMEOUT_S
    while record.hosts < expected and time.monotonic() < deadline:
        time.sleep(0.1)
        record = hub.status()
    if record.hosts < expected:
        note(
            f"Only {record.hosts} of {format_count(expected, 'host')} joined within "
            f"{HOST_TIMEOUT_S:.0f} s; see `jupyter platform logs`."
        )
    return record


def _running_hub(paths: Paths) -> Platform | None:
    try:
        if find_coordinator(paths) is None:
            return None
        hub = Platform(start=False)
        hub.status()
    except CoordinatorError as error:
        # Stopping is the cure for most of these, so it must not be stopped by them.
        note(f"{error.message}\nStopping all the same; jobs that run go on.")
        return None
    return hub


def _refusal(running: list[Job]) -> str:
    listed = "\n".join(
        f"  {job.id}  {job.name}  {job.record.type}  {state_text(job.record.state)}"
        for job in running
    )
    return (
        f"{format_count(len(running), 'job')} would be left alone:\n{listed}\n"
        "--stop-jobs stops them first, --leave-jobs lets them go on."
    )


def _end_jobs(hub: Platform, stop_jobs: bool) -> None:
    """Stop what runs, and start nothing in its place; refuse where that was not asked for."""
    # A coordinator of an older version has no such route, and must come down all the same.
    with contextlib.suppress(NotFoundError):
        hub.hold_queue()
    try:
        running = list(hub.jobs(state=HELD, limit=None))
        if running and not stop_jobs:
            raise ConflictError(_refusal(running))
        _stop_all(running)
        _end_deployments(hub, stop_jobs)
    except BaseException:
        with contextlib.suppress(PlatformError):
            hub.hold_queue(False)
        raise


def _end_deployments(hub: Platform, stop_jobs: bool) -> None:
    """Stop the deployments that run; refuse where that was not asked for."""
    try:
        found = [one for one in hub.deployments(limit=None) if not one.record.state.has_ended]
    except NotFoundError:
        return  # a coordinator of an older version
    if found and not stop_jobs:
        listed = "\n".join(f"  {one.id}  {one.title}  {one.record.state}" for one in found)
        raise ConflictError(
            f"{format_count(len(found), 'deployment')} would be left alone:\n{listed}\n"
            "--stop-jobs stops them first, --leave-jobs lets them go on."
        )
    for one in found:
        one.stop()
    deadline = time.monotonic() + STOP_TIMEOUT_S
    for one in found:
        while not one.state.has_ended:
            if time.monotonic() > deadline:
                raise ConflictError(
                    f"Deployment {one.title!r} ({one.id}) did not stop within "
                    f"{STOP_TIMEOUT_S:.0f} s; delete it, or give --leave-jobs."
                )
            time.sleep(_PAUSE_S)
        note(f"{one.id}  {one.title}  {state_text(one.record.state)}")


def _stop_all(running: list[Job]) -> None:
    for job in running:
        job.stop()
    deadline = time.monotonic() + STOP_TIMEOUT_S
    late = []
    for job in running:
        try:
            state = job.wait(timeout=max(deadline - time.monotonic(), 0.0))
        except TimeoutError:
            late.append(job)
        else:
            note(f"{job.id}  {job.name}  {state_text(state)}")
    if late:
        raise ConflictError(_too_late(late))


def _too_late(late: list[Job]) -> str:
    listed = "\n".join(
        f"  {job.id}  {job.name}  {state_text(job.record.state)}"
        + (f": {job.record.reason}" if job.record.reason else "")
        for job in late
    )
    return (
        f"{format_count(len(late), 'job')} did not stop within {STOP_TIMEOUT_S:.0f} s:\n{listed}\n"
        "The platform is still up; they stop as soon as their host lets them. Try again, or let "
        "--leave-jobs stop the platform without them."
    )


def _process_text(facts: dict[str, Any]) -> str:
    memory = facts.get("memory")
    size = f", {format_bytes(memory)}" if isinstance(memory, int | float) else ""
    return f"pid {facts.get('pid')}{size}"
