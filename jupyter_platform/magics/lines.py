"""What the lines of the magics say, read by the parser of the command line."""

from __future__ import annotations

from typing import Any

import click

from jupyter_platform.client.arguments import (
    LineCommand,
    cell_parameters,
    pair_parameters,
    submission_parameters,
)
from jupyter_platform.core.states import JobState, JobType
from jupyter_platform.core.words import split_words

DEFAULT_LIMIT = 20
"""Jobs that ``%jobs`` lists."""


@click.command(
    "%submit",
    cls=LineCommand,
    epilog="Examples: %submit LEARN lenet-digits digits method=ADAM max_iterations=2000; "
    "%submit RUN train.py -- --lr 0.1",
)
@submission_parameters
def submit_line() -> None:
    """Submit a job, show it and return it.

    TYPE is LEARN, EVALUATE, ACT or RUN. DATASET is a name in the repository, or a .npz or .csv
    file, which is added first; what acts takes environment=… instead. RUN takes a .py or .ipynb
    file, and the arguments of a script behind --; %%submit RUN runs the cell below it. Options are
    KEY=VALUE words, also in DIANNE's spelling; under %%submit they may stand on the lines below.

    An option that lists values in brackets makes a sweep, a job for each combination:
    %submit LEARN lenet-digits digits learning_rate=[0.1,0.01] batch_size=[32,64]
    """


@click.command("%%submit RUN", epilog="Example: %%submit RUN -i df,config -o model --gpus 1")
@cell_parameters
def cell_line() -> None:
    """Run the cell as a job, in a fresh kernel of this environment; show it and return it as last.

    It goes on when this notebook is closed, and also when its kernel or the server ends. KEY=VALUE
    words are options of a RUN.
    """


@click.command("%rl", epilog="Example: %rl q-network CartPole-v1 max_iterations=5000")
@pair_parameters
def rl_line() -> None:
    """Start agents that act and a learner that learns from what they go through.

    NETWORK is a Q-network, or an actor with its critic behind a comma. KEY=VALUE words are
    options of the learner, act.KEY=VALUE those of the agents; under %%rl they may stand on the
    lines below. Returns both: agents, learner = %rl …
    """


@click.command("%jobs")
@click.argument(
    "states", metavar="[STATE]…", nargs=-1, type=click.Choice([item.value for item in JobState])
)
@click.option("--type", type=click.Choice([item.value for item in JobType], case_sensitive=False))
@click.option("--search", help="Only with this text in name, network, dataset or tag.")
@click.option("--limit", type=click.IntRange(1), default=DEFAULT_LIMIT, show_default=True)
def jobs_line() -> None:
    """List jobs, newest first: all, or those in these states."""


@click.command("%job")
@click.argument("reference", metavar="[JOB]", required=False)
def job_line() -> None:
    """Show a job and return it: by its id, the beginning of it, or its name; else the newest."""


@click.command("%stop")
@click.argument("references", metavar="JOB…", nargs=-1, required=True)
def stop_line() -> None:
    """Stop jobs: they write a checkpoint and their weights first."""


def read_line(command: click.Command, line: str, body: str | None = None) -> dict[str, Any]:
    """Return the arguments that a line gives a command, by name.

    Parameters
    ----------
    command : click.Command
        One of this module's.
    line : str
        What stands behind the magic.
    body : str, optional
        Further words on lines of their own; ``#`` begins a comment there.

    Raises
    ------
    InvalidRequestError
        If a quotation is not closed.
    click.ClickException
        If the words are not what the command takes.
    click.exceptions.Exit
        If help was asked for, and has been shown.
    """
    words = [*split_words(line), *split_words(body or "", comments=True)]
    return dict(command.make_context(command.name, words).params)
