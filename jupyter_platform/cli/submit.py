"""``jupyter platform submit``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click

from jupyter_platform.cli.connecting import platform
from jupyter_platform.cli.follow import follow
from jupyter_platform.cli.output import json_option, note, print_fields, print_json, state_text
from jupyter_platform.client import Platform
from jupyter_platform.client.datasets import is_file_argument
from jupyter_platform.client.submission import submission
from jupyter_platform.core.errors import FieldError, OptionError
from jupyter_platform.core.jobs import JobCheck
from jupyter_platform.core.states import JobState
from jupyter_platform.core.units import format_bytes, format_count

OPTION_WORD = re.compile(r"([A-Za-z_][A-Za-z0-9_.-]*)=(.*)", re.DOTALL)
EXAMPLE = "jupyter platform submit LEARN lenet-digits digits method=ADAM max_iterations=2000 -f"


@click.command(epilog=f"Example: {EXAMPLE}")
@click.argument("type", metavar="TYPE")
@click.argument("networks", metavar="NETWORK[,NETWORK…]")
@click.argument("words", metavar="[DATASET] [KEY=VALUE]…", nargs=-1)
@click.option("--name", help="Name for people; <network>-<dataset> when absent.")
@click.option("--cpus", help="CPUs, and torch threads, of each process.")
@click.option("--memory", help="Memory of each process, such as 4GB.")
@click.option("--gpus", help="Whole GPUs of each process.")
@click.option("--priority", type=int, default=0, help="-100 to 100; higher goes first.")
@click.option("--count", type=int, default=1, help="Processes that start together.")
@click.option("--follow", "-f", "following", is_flag=True, help="Watch it until it has ended.")
@click.option("--check", is_flag=True, help="Only say what would happen.")
@json_option
def submit(
    type: str,
    networks: str,
    words: tuple[str, ...],
    name: str | None,
    priority: int,
    count: int,
    following: bool,
    check: bool,
    as_json: bool,
    **request: str | None,
) -> int:
    """Submit a job.

    TYPE is LEARN or EVALUATE. DATASET is a name in the repository, or a .npz or .csv file, which
    is added first. Options are KEY=VALUE words, also in DIANNE's spelling; `jupyter platform
    options TYPE` lists them.
    """
    dataset, options = read_words(words)
    hub = platform()
    payload = submission(
        type,
        [item.strip() for item in networks.split(",")],
        _dataset(hub, dataset),
        name=name,
        request={key: value for key, value in request.items() if value is not None},
        priority=priority,
        target_count=count,
        options=options,
    )
    if check:
        return _show_check(hub.check_payload(payload), as_json)
    return _submit(hub, payload, following, as_json)


def read_words(words: tuple[str, ...]) -> tuple[str | None, dict[str, str]]:
    """Return the dataset and the options of the words behind the network.

    Raises
    ------
    OptionError
        If a word is neither the dataset nor ``key=value``, or a key stands twice.
    """
    dataset: str | None = None
    options: dict[str, str] = {}
    errors: list[FieldError] = []
    for index, word in enumerate(words):
        match = OPTION_WORD.fullmatch(word)
        if match is None and index == 0:
            dataset = word
        elif match is None:
            message = f"{word!r} is no option; write KEY=VALUE behind the dataset."
            errors.append(FieldError(field=word, value=word, message=message))
        elif match[1] in options:
            message = f"{match[1]} is given twice, as {options[match[1]]!r} and {match[2]!r}."
            errors.append(FieldError(field=match[1], value=match[2], message=message))
        else:
            options[match[1]] = match[2]
    if errors:
        raise OptionError.from_fields(errors)
    return dataset, options


def _dataset(hub: Platform, dataset: str | None) -> str | None:
    if dataset is None or not is_file_argument(dataset):
        return dataset
    return hub.ensure_dataset(Path(dataset))


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
