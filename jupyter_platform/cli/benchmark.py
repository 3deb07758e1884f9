"""``jupyter platform benchmark``."""

from __future__ import annotations

from typing import Any

import click

from jupyter_platform.cli.connecting import platform
from jupyter_platform.cli.networks import ShapeType
from jupyter_platform.cli.output import json_option, note, print_json, print_table
from jupyter_platform.core.benchmarks import MAX_BATCH, MAX_RUNS, MAX_WARMUP, BenchmarkTiming
from jupyter_platform.core.units import format_count


@click.command()
@click.argument("network")
@click.option("--dataset", help="Whose samples have the shape, for networks that take any.")
@click.option("--input-shape", type=ShapeType(), help="Shape of one sample, instead: 1,28,28.")
@click.option("--outputs", type=click.IntRange(1), help="Number of outputs, instead of a dataset.")
@click.option(
    "--batch-size", type=click.IntRange(1, MAX_BATCH), default=32, help="Samples in a batch; 32."
)
@click.option("--runs", type=click.IntRange(1, MAX_RUNS), default=50, help="Batches timed; 50.")
@click.option(
    "--warmup", type=click.IntRange(0, MAX_WARMUP), default=5, help="Batches before, untimed; 5."
)
@click.option("--threads", type=click.IntRange(1), default=1, help="Threads of torch; 1.")
@click.option("--host", help="Where to measure; the least busy host when absent.")
@json_option
def benchmark(network: str, as_json: bool, **options: Any) -> None:
    """Time a network with fresh weights on a CPU: forward, and forward with backward."""
    found = platform().benchmark(network, **options)
    if as_json:
        print_json(found)
        return
    click.echo(
        f"{found.network} on host {found.host} ({found.device}): "
        f"{format_count(found.parameters, 'parameter')}, batches of {found.batch_size}, "
        f"{format_count(found.threads, 'thread')}"
    )
    rows = [("forward", found.forward), ("forward and backward", found.forward_backward)]
    print_table(
        ("", ">MEDIAN", ">MIN", ">MAX", ">SAMPLES/S", ">RUNS"),
        [(name, *_cells(timing)) for name, timing in rows if timing is not None],
    )
    if found.forward_backward is None:
        note("Note: The network has no parameters to learn, so nothing goes backward.")
    for text in found.notes:
        note(f"Note: {text}")


def _cells(timing: BenchmarkTiming) -> tuple[str, ...]:
    times = (timing.median_ms, timing.min_ms, timing.max_ms)
    return (
        *(f"{value:.3g} ms" if value < 100 else f"{value:,.0f} ms" for value in times),
        f"{timing.samples_per_s:,.0f}",
        str(timing.runs),
    )
