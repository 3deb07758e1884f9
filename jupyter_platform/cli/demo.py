"""``jupyter platform demo``: from nothing to a network that has learned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

from jupyter_platform.cli.connecting import Steps
from jupyter_platform.cli.follow import follow
from jupyter_platform.cli.output import note
from jupyter_platform.cli.results import class_names, confusion_text
from jupyter_platform.client import Job, Platform
from jupyter_platform.core.states import JobState

NETWORK, DATASET = "lenet-digits", "digits"
ITERATIONS = 4000
GOAL = 0.97
"""Share of the held-back digits that it must tell right."""
INK = 0.4
"""Brightness, 0 to 1, from which a pixel is drawn."""
HALF_BLOCKS = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}
"""Upper and lower pixel to one character: a character cell is twice as high as wide."""
DIGITS_IN_A_ROW = 8


@click.command()
@click.option(
    "--max-iterations",
    type=click.IntRange(1),
    default=ITERATIONS,
    show_default=True,
    help="Iterations.",
)
def demo(max_iterations: int) -> int:
    """Let a LeNet learn handwritten digits, then see how well it reads others."""
    say = Steps()
    say("Looking for the platform")
    platform = Platform(on_progress=say)
    say(f"The platform answers at {platform.url}")
    learned = _learn(platform, say, max_iterations)
    if learned is None:
        return 1
    say("Reading 360 digits that it has never learned from, with the best weights")
    evaluation = platform.submit("EVALUATE", NETWORK, DATASET, tag=f"{learned.record.tag}/best")
    result = evaluation.result()
    _print_evaluation(result)
    _print_way_on(learned, evaluation)
    say("Done")
    accuracy = float(result["accuracy"])
    if accuracy < GOAL:
        note(f"The accuracy is {accuracy:.4f}; at least {GOAL} was expected.")
        return 1
    return 0


def draw_digits(examples: Sequence[Mapping[str, Any]]) -> str:
    """Draw sample images side by side, each over its truth and prediction.

    Parameters
    ----------
    examples : sequence of mapping
        With ``input`` (grey image, 1 × height × width, 0 to 1), ``truth`` and ``prediction``.
    """
    lines: list[str] = []
    for start in range(0, len(examples), DIGITS_IN_A_ROW):
        row = examples[start : start + DIGITS_IN_A_ROW]
        images = [image_lines(item["input"][0]) for item in row]
        lines += ["  ".join(parts).rstrip() for parts in zip(*images, strict=True)]
        captions = [
            _caption(item).ljust(len(image[0])) for item, image in zip(row, images, strict=True)
        ]
        lines += ["  ".join(captions).rstrip(), ""]
    return "\n".join(lines)


def image_lines(image: Sequence[Sequence[float]]) -> list[str]:
    """Return a grey image as text, two rows of pixels to a line."""
    rows = [[value >= INK for value in row] for row in image]
    if len(rows) % 2:
        rows.append([False] * len(rows[0]))
    return [
        "".join(HALF_BLOCKS[pair] for pair in zip(upper, lower, strict=True))
        for upper, lower in zip(rows[::2], rows[1::2], strict=True)
    ]


def _learn(platform: Platform, say: Steps, max_iterations: int) -> Job | None:
    say(f"{NETWORK} learns {DATASET} ({max_iterations:,} iterations with ADAM)")
    job = platform.submit(
        "LEARN",
        NETWORK,
        DATASET,
        name="demo",
        method="ADAM",
        max_iterations=max_iterations,
    )
    record = follow(job)
    return job if record.state == JobState.FINISHED else None


def _print_evaluation(result: Mapping[str, Any]) -> None:
    right = round(float(result["accuracy"]) * int(result["samples"]))
    click.echo(
        f"\naccuracy {float(result['accuracy']):.4f}  ({right} of {result['samples']} right)\n"
    )
    click.echo(confusion_text(result["confusion"], class_names(result)) + "\n")
    click.echo("16 of them, each with its truth → prediction:\n")
    click.echo(draw_digits(result["examples"]))


def _print_way_on(learned: Job, evaluation: Job) -> None:
    click.echo(f"The weights are in {learned.weights(variant='best')}")
    click.echo("In Python:\n")
    click.echo(snippet(learned.id, evaluation.id))


def snippet(learned: str, evaluation: str) -> str:
    """Return a program that loads the network and reads the 16 sample digits with it."""
    return "\n".join(
        [
            "import torch",
            "from jupyter_platform import Platform",
            "",
            f'net = Platform().job("{learned}").network()',
            f'examples = Platform().job("{evaluation}").result()["examples"]',
            'images = torch.tensor([example["input"] for example in examples])',
            "print(net(images).argmax(dim=1))",
            "",
        ]
    )


def _caption(item: Mapping[str, Any]) -> str:
    right = item["truth"] == item["prediction"]
    return f"{item['truth']} → {item['prediction']}{'' if right else ' ✗'}"
