"""``jupyter platform predict``."""

from __future__ import annotations

from typing import Any

import click

from jupyter_platform.cli.connecting import platform
from jupyter_platform.cli.output import json_option, print_json
from jupyter_platform.client.prediction import read_array


@click.command()
@click.argument("network")
@click.option("--tag", help="Weights: a tag, or tag/best, tag/last; the newest when absent.")
@click.option("--sample", metavar="[DATASET:]NUMBER", multiple=True, help="Sample of a dataset.")
@click.option("--file", metavar="FILE.npy", help="One sample or several, as an .npy file.")
@click.option(
    "--image",
    metavar="PICTURE",
    multiple=True,
    help="Picture, prepared as those that the weights learnt.",
)
@click.option("--invert", is_flag=True, help="With --image: make dark what is bright.")
@json_option
def predict(
    network: str,
    tag: str | None,
    sample: tuple[str, ...],
    file: str | None,
    image: tuple[str, ...],
    invert: bool,
    as_json: bool,
) -> None:
    """Ask a trained network what it makes of samples."""
    if sum(map(bool, (sample, file, image))) != 1:
        raise click.UsageError("Give one of --sample, --file and --image.")
    if invert and not image:
        raise click.UsageError("--invert goes with --image.")
    asked: dict[str, Any]
    if sample:
        asked = _samples(sample)
    elif file:
        asked = {"inputs": read_array(file)}
    else:
        asked = {"images": list(image), "invert": invert}
    found = platform().predict(network, tag=tag, **asked)
    if as_json:
        print_json(found.record)
        return
    click.echo(f"{found.record.network} {found.record.tag}, {found.record.forward_ms:.1f} ms")
    names = sample or image or tuple(str(number) for number in range(len(found)))
    for name, line in zip(names, found.lines(), strict=True):
        click.echo(f"{name}  {line}")
    for note in found.record.notes:
        click.echo(note, err=True)


def _samples(words: tuple[str, ...]) -> dict[str, Any]:
    datasets = {word.rpartition(":")[0] for word in words}
    if len(datasets) > 1:
        raise click.BadParameter("samples of one dataset at a time", param_hint="--sample")
    numbers = [word.rpartition(":")[2] for word in words]
    wrong = next((item for item in numbers if not (item.isascii() and item.isdecimal())), None)
    if wrong is not None:
        raise click.BadParameter(
            f"{wrong!r} is no number of a sample; write 7, or digits:7", param_hint="--sample"
        )
    return {"dataset": datasets.pop() or None, "samples": [int(item) for item in numbers]}
