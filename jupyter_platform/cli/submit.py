"""``jupyter platform submit``."""

from __future__ import annotations

from typing import Any

import click

from jupyter_platform.cli.connecting import platform
from jupyter_platform.cli.follow import follow
from jupyter_platform.cli.output import json_option, note, print_fields, print_json, state_text
from jupyter_platform.client import Job, Platform
from jupyter_platform.client.arguments import (
    LineCommand,
    submission_parameters,
    submission_payload,
    submit_from_line,
)
from jupyter_platform.client.sweeps import Sweep
from jupyter_platform.core.jobs import JobCheck
from jupyter_platform.core.states import JobState
from jupyter_platform.core.units import format_bytes, format_count

RUN_EXAMPLE = "jupyter platform submit RUN train.py -- --lr 0.1"
EXAMPLE = "jupyter platform submit LEARN lenet-digits digits method=ADAM max_iterations=2000 -f"


@click.command(cls=LineCommand, epilog=f"Examples: {EXAMPLE}; {RUN_EXAMPLE}")
@submission_parameters
@click.option("--follow", "-f", "following", is_flag=True, help="Watch it until it has ended.")
@click.option("--check", is_flag=True, help="Only say what would happen.")
@json_option
def submit(following: bool, check: bool, as_json: bool, **arguments: Any) -> int:
    """Submit a job.

    TYPE is LEARN, EVALUATE, ACT or RUN. DATASET is a name in the repository, or a .npz or .csv
    file, which is added first; what acts takes environment=… instead. RUN takes a .py or .ipynb
    file, or module=NAME, and the arguments of a script behind --. Options are KEY=VALUE words, also
    in DIANNE's spelling; `jupyter platform options TYPE` lists them. One that lists values in
    brackets, learning_rate=[0.1,0.01], makes a sweep: a job for each combination.
    """
    hub = platform()
    if check:
        return _show_check(hub.check_payload(_single(hub, arguments)), as_json)
    submitted = submit_from_line(hub, **arguments)
    if isinstance(submitted, Sweep):
        return _show_sweep(submitted, following, as_json)
    return _show_job(submitted, following, as_json)


def _single(hub: Platform, arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the payload of a single job, or of the first job of a sweep."""
    searching = ("method", "trials", "search_seed")
    payload = submission_payload(
        hub, **{key: value for key, value in arguments.items() if key not in searching}
    )
    for key, values in hub.dimensions(payload).items():
        payload["options"][key] = values[0] if isinstance(values, list) else values.low
    return payload


def _show_sweep(sweep: Sweep, following: bool, as_json: bool) -> int:
    if following:
        sweep.wait()
    if as_json:
        print_json(sweep.record)
        return 0
    click.echo(repr(sweep.jobs()))
    note(f"{sweep!r}")
    note(f"List them: jupyter platform jobs --sweep {sweep.id}")
    return 0


def _show_job(job: Job, following: bool, as_json: bool) -> int:
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
