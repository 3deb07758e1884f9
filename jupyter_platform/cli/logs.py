"""``jupyter platform logs``: of a job, or of the platform's own processes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import click

from jupyter_platform.cli.connecting import platform
from jupyter_platform.cli.output import json_option, note, print_json
from jupyter_platform.client import Job
from jupyter_platform.core.errors import NotFoundError
from jupyter_platform.runtime.logs import MOST_TAIL_BYTES, last_lines, tail_of
from jupyter_platform.runtime.paths import Paths
from jupyter_platform.runtime.terminal_text import ControlFilter, shown_lines

LINE_BYTES = 400
"""Bytes read at first for each line that is asked for."""
PROCESS_LINES = 20
"""Last lines shown of each process when no number is given."""


@click.command()
@click.argument("reference", metavar="[JOB]", required=False)
@click.option("--process", help="A process of the platform: coordinator, scheduler, …")
@click.option("--lines", "-n", type=click.IntRange(1), help="Only the last lines.")
@click.option("--rank", type=click.IntRange(0), help="Which process of a JOB that has several.")
@click.option("--follow", "-f", "following", is_flag=True, help="Go on as it grows.")
@json_option
def logs(
    reference: str | None,
    process: str | None,
    lines: int | None,
    rank: int | None,
    following: bool,
    as_json: bool,
) -> None:
    """Show the log of JOB; without one, the end of the logs of the platform's processes."""
    if reference and process:
        raise click.UsageError("Give a JOB or --process, not both.")
    if rank is not None and not reference:
        raise click.UsageError("--rank goes with a JOB; name one.")
    if following and as_json:
        raise click.UsageError("--follow and --json exclude each other; give one.")
    if reference:
        _job_log(reference, lines, rank or 0, following, as_json)
        return
    files = _process_logs(process)
    if as_json:
        ends = {path.stem: last_lines(path, lines or PROCESS_LINES) for path in files}
        print_json({name: "\n".join(end) for name, end in ends.items()})
        return
    for path in files:
        if len(files) > 1:
            click.echo(f"==> {path.stem} <==")
        click.echo("\n".join(last_lines(path, lines or PROCESS_LINES)))
    if following:
        for piece in _grow(files):
            click.echo(piece, nl=False)


def _job_log(reference: str, lines: int | None, rank: int, following: bool, as_json: bool) -> None:
    job = platform().job(reference)
    if job.notice:
        note(f"Note: {job.notice}")
    if following:
        _follow(job, lines, rank)
        return
    text = job.log(rank=rank) if lines is None else _last_part(job, lines, rank)
    shown = shown_lines(text) if lines is None else tail_of(text, lines)
    if as_json:
        print_json({"job": job.id, "log": "".join(f"{line}\n" for line in shown)})
    else:
        for line in shown:
            click.echo(line)


def _follow(job: Job, lines: int | None, rank: int) -> None:
    tail, controls = None, ControlFilter()
    if lines is not None:
        text = _last_part(job, lines, rank)
        kept = "\n".join(text.removesuffix("\n").split("\n")[-lines:])
        tail = len(kept.encode()) + text.endswith("\n")
    try:
        for piece in job.follow_log(tail, rank=rank):
            click.echo(controls.feed(piece), nl=False)
    except KeyboardInterrupt:
        note(f"\nThe job goes on. Follow it again: jupyter platform logs {job.id} -f")
        raise


def _last_part(job: Job, lines: int, rank: int) -> str:
    """Return the end of a job's log, with `lines` lines where it has as many."""
    size = lines * LINE_BYTES
    while True:
        text = job.log(size, rank=rank)
        # One more break than lines, as the first line may be cut and the last may end with one.
        if text.count("\n") > lines or len(text.encode()) < size or size > MOST_TAIL_BYTES:
            return text
        size *= 4


def _process_logs(process: str | None) -> list[Path]:
    paths = Paths.default()
    files = sorted(paths.logs.glob("*.log"))
    if process is None:
        if not files:
            raise NotFoundError(f"No process has written a log in {paths.logs} yet.")
        return files
    known = {path.stem: path for path in files}
    if process not in known:
        raise NotFoundError(
            f"There is no log of a process {process!r}; there are: {', '.join(known) or 'none'}."
        )
    return [known[process]]


def _grow(files: list[Path]) -> Iterator[str]:
    offsets = {path: path.stat().st_size for path in files}
    controls = {path: ControlFilter() for path in files}
    while True:
        for path in files:
            # A log that was begun anew is read from its front.
            size = path.stat().st_size
            with path.open("rb") as file:
                file.seek(offsets[path] if offsets[path] <= size else 0)
                piece = file.read()
                offsets[path] = file.tell()
            if piece:
                yield controls[path].feed(piece.decode(errors="replace"))
        time.sleep(0.25)
