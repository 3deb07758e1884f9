"""``jupyter platform submit``."""

from __future__ import annotations

from typing import Any

import click

from jupyter_platform.cli.connecting import platform
from jupyter_platform.cli.follow import follow
from jupyter_platform.cli.output import json_option, note, print_fields, print_json, state_text
from jupyter_platform.client import Platform
from jupyter_platform.client.arguments import submission_parameters, submission_payload
from jupyter_platform.core.jobs import JobCheck
from jupyter_platform.core.states import JobState
from jupyter_platform.core.units import format_bytes, format_count

EXAMPLE = "jupyter platform submit LEARN lenet-digits digits method=ADAM max_iterations=2000 -f"


@click.command(epilog=f"Example: {EXAMPLE}")
@submission_parameters
@click.option("--follow", "-f", "following", is_flag=True, help="Watch it until it has ended.")
@click.option("--check", is_flag=True, help="Only say what would happen.")
@json_option
def submit(following: bool, check: bool, as_json: bool, **arguments: Any) -> int:
    """Submit a job.

    TYPE is LEARN, EVALUATE or ACT. DATASET is a name in the repository, or a .npz or .csv file,
    which is added first; what acts takes environment=… instead. Options are KEY=VALUE words, also
    in DIANNE's spelling; `jupyter platform options TYPE` lists them.
    """
    hub = platform()
    payload = submission_payload(hub, **arguments)
    if check:
        return _show_check(hub.check_payload(payload), as_json)
    return _submit(hub, payload, following, as_json)


def _submit(hub: Platform, payload: dict[str, Any], following: bool, as_json: bool) -> int:
    job = hub.submit_payload(payload)
    for warning in job.record.warnings:
        note(f"Note: {warning}")
    if following:
        record = follow(job)
        if as_json:
            print_json(record)
        return 1 if record.state in (JobState.FAILED, JobState.CANCELLED) else 0
    if as_json:
        print_json(job.record)
        return 0
    reason = f": {job.record.reason}" if job.record.reason else ""
    click.echo(f"{job.id}  {job.name}  {job.type}  {state_text(job.record.state)}{reason}")
    note(f"Follow it: jupyter platform job {job.id} --follow")
    return 0


def _show_check(answer: JobCheck, as_json: bool) -> int:
    if as_json:
        print_json(answer)
        return 0
    request = answer.request
    needs = f"{format_count(request.cpus, 'CPU')}, {format_bytes(request.memory)}"
    if request.gpus:
        needs += f", {format_count(request.gpus, 'GPU')}"
    print_fields(
        [
            ("when", answer.when),
            ("needs", needs),
            *((f"  {key}", str(value)) for key, value in answer.options.items()),
            *(("note", warning) for warning in answer.warnings),
        ]
    )
    return 0
