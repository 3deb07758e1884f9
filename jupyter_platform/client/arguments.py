"""How jobs are written on a line: of the terminal, and of ``%submit`` and ``%rl``."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from jupyter_platform.client.own_code import is_source_argument
from jupyter_platform.client.own_runs import takes_code
from jupyter_platform.client.submission import submission
from jupyter_platform.core.errors import FieldError, OptionError, refusal
from jupyter_platform.core.sweeps import SearchMethod
from jupyter_platform.core.words import OPTION_WORD, read_words

if TYPE_CHECKING:
    from jupyter_platform.client.job import Job
    from jupyter_platform.client.platform import Platform
    from jupyter_platform.client.sweeps import Sweep

Function = TypeVar("Function", bound=Callable[..., Any])

_PARAMETERS: tuple[Callable[[Any], Any], ...] = (
    click.argument("type", metavar="TYPE"),
    click.argument("networks", metavar="NETWORK[,NETWORK…]|SCRIPT"),
    click.argument("words", metavar="[DATASET] [KEY=VALUE]…", nargs=-1),
    click.option("--name", help="Name for people; by network and dataset, or script, if absent."),
    click.option("--cpus", help="CPUs, and torch threads, of each process."),
    click.option("--memory", help="Memory of each process, such as 4GB."),
    click.option("--gpus", help="Whole GPUs of each process."),
    click.option("--priority", type=int, default=0, help="-100 to 100; higher goes first."),
    click.option("--count", type=int, help="Processes that start together."),
    click.option("--targets", help="Hosts that it may use, by commas; one process on each."),
    click.option("--filter", "target_filter", help="Hosts that it may use: (memory>=16GB)."),
    click.option("--force-free", is_flag=True, help="Share its hosts with no other work."),
    click.option(
        "--dianne-defaults",
        is_flag=True,
        help="Options that are not given have DIANNE's defaults.",
    ),
    click.option(
        "--search",
        "method",
        type=click.Choice([item.value for item in SearchMethod]),
        help="How values are chosen where an option lists several: learning_rate=[0.1,0.01], or "
        "a range, [1e-4..1e-1,log].  [default: grid]",
    ),
    click.option("--trials", type=int, help="Jobs of a search that draws its values."),
    click.option("--search-seed", type=int, default=0, help="Seed of the values that are drawn."),
)


_OF_SEVERAL = frozenset({"networks", "count", "dianne_defaults", "method", "trials", "search_seed"})
"""Parameters that a cell has no use for."""
_CELL_PARAMETERS: tuple[Callable[[Any], Any], ...] = (
    click.option("--inputs", "-i", help="Variables that go along, by commas; never as a pickle."),
    click.option("--results", "-o", help="Variables that job.result() gives back, by commas."),
)
_PAIR_PARAMETERS: tuple[Callable[[Any], Any], ...] = (
    click.argument("networks", metavar="NETWORK[,CRITIC]"),
    click.argument("environment"),
    click.argument("words", metavar="[KEY=VALUE]…", nargs=-1),
    click.option(
        "--strategy", help="dqn, recurrent_dqn or ddpg; by the number of networks if absent."
    ),
    click.option("--pool", help="Pool that agents and learner share; a new one when absent."),
    click.option("--tag", help="Tag that they share; the name of the pool when absent."),
    click.option("--agents", type=click.IntRange(1), default=1, show_default=True),
)
ACT_PREFIX = "act."
"""Stands before the options of the agents on a line that starts them with their learner."""


def pair_parameters(function: Function) -> Function:
    """Give a click command the arguments and options that describe agents and their learner."""
    for parameter in reversed(_PAIR_PARAMETERS):
        function = parameter(function)
    return function


def start_pair(
    hub: Platform, *, networks: str, environment: str, words: Sequence[str], **named: Any
) -> tuple[Job, Job]:
    """Start the agents and the learner that a line describes; return both.

    Parameters
    ----------
    hub : Platform
        Where they are submitted.
    networks, environment, words, **named
        As `pair_parameters` reads them.

    Raises
    ------
    OptionError
        If a word is no ``key=value``, a key stands twice, or has a place of its own.
    PlatformError
        If either job is refused; then neither stays.
    """
    other, options = read_words(words)
    if other is not None:
        message = f"{other!r} is no option; write KEY=VALUE, or act.KEY=VALUE for the agents."
        raise OptionError.from_fields([FieldError(field=other, value=other, message=message)])
    acting = {
        key.removeprefix(ACT_PREFIX): value
        for key, value in options.items()
        if key.startswith(ACT_PREFIX)
    }
    learning: dict[str, Any] = {
        key: value for key, value in options.items() if not key.startswith(ACT_PREFIX)
    }
    for key in learning.keys() & {"environment", *named}:
        place = "as the second word" if key == "environment" else f"as --{key}"
        message = f"{key} = {learning[key]!r} is no option of the learner here; give it {place}."
        raise OptionError.from_fields([FieldError(field=key, value=learning[key], message=message)])
    names = [item.strip() for item in networks.split(",")]
    return hub.rl(names, environment, act=acting, **named, **learning)


def cell_parameters(function: Function) -> Function:
    """Give a click command the arguments and options that describe a detached cell."""
    function = submission_parameters(function)
    declared: list[click.Parameter] = function.__click_params__  # type: ignore[attr-defined]
    declared[:] = [item for item in declared if item.name not in _OF_SEVERAL]
    for parameter in reversed(_CELL_PARAMETERS):
        function = parameter(function)
    return function


def submit_cell_from_line(
    hub: Platform,
    source: str,
    variables: Mapping[str, Any],
    *,
    type: str,
    words: Sequence[str],
    inputs: str | None,
    results: str | None,
    cpus: str | None,
    memory: str | None,
    gpus: str | None,
    **named: Any,
) -> Job:
    """Submit a cell as the line above it says.

    Parameters
    ----------
    hub : Platform
        Where it is submitted.
    source : str
        Code of the cell.
    variables : mapping
        Of the notebook, by name.
    type, words, inputs, results, cpus, memory, gpus, **named
        As `cell_parameters` reads them.

    Raises
    ------
    OptionError
        If a word is no ``key=value``, or a variable is not there.
    InvalidRequestError
        If a variable is of a type that no file without code can hold.
    """
    script, options = read_words(words)
    if script is not None:
        message = (
            f"{script!r}: %%submit {type} runs the cell below it; a script is submitted with one "
            f"percent sign: %submit {type} {script}"
        )
        raise refusal(script, script, message, "KEY=VALUE")
    names = _names(inputs)
    missing = [name for name in names if name not in variables]
    if missing:
        message = f"inputs = {', '.join(missing)}: there is no such variable in this notebook."
        raise refusal("inputs", ", ".join(missing), message, "names of variables")
    asked = {"cpus": cpus, "memory": memory, "gpus": gpus}
    return hub.submit_cell(
        source,
        inputs={name: variables[name] for name in names},
        results=_names(results),
        request={key: value for key, value in asked.items() if value is not None},
        **named,
        **dict[str, Any](options),
    )


def _names(text: str | None) -> list[str]:
    return [name.strip() for name in (text or "").split(",") if name.strip()]


class LineCommand(click.Command):
    """A command whose words behind ``--`` are the arguments of a script."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Keep the words after ``--`` as the parameter `arguments`.

        Parameters
        ----------
        ctx : Context
            Context of the command; its `params` are filled.
        args : list of str
            Words of the line.

        Returns
        -------
        list of str
            Words that no parameter took.
        """
        own, behind = args, None
        if "--" in args:
            place = args.index("--")
            own, behind = args[:place], args[place + 1 :]
        rest = super().parse_args(ctx, own)
        ctx.params["arguments"] = behind
        return rest


def submission_parameters(function: Function) -> Function:
    """Give a click command the arguments and options that describe a submission."""
    for parameter in reversed(_PARAMETERS):
        function = parameter(function)
    return function


def submit_from_line(
    hub: Platform, *, method: str | None, trials: int | None, search_seed: int, **arguments: Any
) -> Job | Sweep:
    """Submit what a line describes: a job, or a sweep where options list several values.

    Parameters
    ----------
    hub : Platform
        Where it is submitted.
    method, trials, search_seed, **arguments
        As `submission_parameters` reads them.

    Raises
    ------
    OptionError
        If a search is asked for and no option lists several values.
    PlatformError
        If the submission is refused.
    """
    payload = submission_payload(hub, **arguments)
    if method is None and not hub.dimensions(payload):
        if trials is not None:
            message = f"trials = {trials} goes with --search random or hyperband."
            raise refusal("trials", trials, message, "--search random")
        return hub.submit_payload(payload)
    return hub.submit_sweep(payload, method=method or "grid", trials=trials, sweep_seed=search_seed)


def submission_payload(
    hub: Platform,
    *,
    type: str,
    networks: str,
    words: Sequence[str],
    name: str | None,
    priority: int,
    count: int | None,
    targets: str | None,
    target_filter: str | None,
    force_free: bool,
    dianne_defaults: bool,
    arguments: Sequence[str] | None = None,
    **request: str | None,
) -> dict[str, Any]:
    r"""Return the JSON form of the `JobSubmission` that a line describes.

    Datasets and networks that are files are added to the repository first.

    Parameters
    ----------
    hub : Platform
        Where a file is added.
    type, networks, words, name, priority, count, targets, target_filter, force_free, \
    dianne_defaults, **request
        As `submission_parameters` reads them.
    arguments : sequence of str, optional
        What stands behind ``--``: the arguments of a script.

    Raises
    ------
    OptionError
        If a word is neither the dataset nor ``key=value``, or a key stands twice.
    """
    names: Sequence[str]
    if takes_code(type):
        is_script = OPTION_WORD.fullmatch(networks) is None
        dataset, given = read_words(words if is_script else (networks, *words))
        options = _code_options(hub, networks if is_script else None, given, arguments)
        names, note = (), None
    else:
        # As everywhere else, `--` only ends the options of the command.
        dataset, options = read_words((*words, *(arguments or ())))
        dataset, note = hub.as_dataset(dataset)
        names = [_network_name(hub, item.strip()) for item in networks.split(",")]
    return submission(
        type,
        names,
        dataset,
        name=name,
        request={key: value for key, value in request.items() if value is not None},
        priority=priority,
        target_count=count,
        targets=targets,
        target_filter=target_filter,
        force_free=force_free or None,
        dianne_defaults=dianne_defaults or None,
        options=options,
        note=note,
    )


def _code_options(
    hub: Platform,
    script: str | None,
    given: dict[str, str],
    arguments: Sequence[str] | None,
) -> dict[str, Any]:
    options: dict[str, Any] = dict(given)
    if arguments is not None:
        if "arguments" in options:
            message = "arguments are given twice: as an option and behind --; give them once."
            raise refusal("arguments", options["arguments"], message, "one of the two")
        options["arguments"] = list(arguments)
    return hub.code_options(script, options)


def _network_name(hub: Platform, network: str) -> str:
    """Return the name of a network, which is added first where it is a Python file."""
    if not is_source_argument(network):
        return network
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        name, _ = hub.ensure_network(network)
    for warning in told:
        click.echo(f"Note: {warning.message}", err=True)
    return name
