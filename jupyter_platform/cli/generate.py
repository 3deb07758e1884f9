"""``jupyter platform generate``."""

from __future__ import annotations

from pathlib import Path

import click

from jupyter_platform.cli.connecting import platform
from jupyter_platform.cli.output import json_option, print_json


@click.command()
@click.argument("network")
@click.option("--tag", help="Weights: a tag, or tag/best, tag/last; the newest when absent.")
@click.option("--seed", type=click.IntRange(min=0), default=0, help="Seed of what is drawn.")
@click.option("--count", type=int, help="Samples to make; 16 when absent.")
@click.option("--start", help="Text to go on with.")
@click.option("--length", type=int, help="Characters to make; 200 when absent.")
@click.option("--temperature", type=float, help="Near 0 the likeliest character; 1 when absent.")
@click.option("--out", metavar="FILE.npy", type=Path, help="Write the samples to a file.")
@json_option
def generate(
    network: str,
    tag: str | None,
    seed: int,
    count: int | None,
    start: str | None,
    length: int | None,
    temperature: float | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Let a trained network make samples, or go on with a text."""
    found = platform().generate(
        network,
        tag=tag,
        seed=seed,
        count=count,
        start=start,
        length=length,
        temperature=temperature,
    )
    if out is not None:
        if found.samples is None:
            raise click.UsageError("--out takes samples; this network makes text.")
        import numpy as np  # noqa: PLC0415 - slow to import, and rarely needed

        np.save(out, found.samples.astype(np.float32))
    if as_json:
        print_json(found.record)
    else:
        click.echo(str(found) if out is None else f"{found} in {out}")
