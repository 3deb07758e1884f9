"""The line that deploys an item, as command line and magics read it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from jupyter_platform.client.deployments import Deploying, Deployment
from jupyter_platform.core.deployments import PURPOSES, DeploymentCheck
from jupyter_platform.core.errors import OptionError
from jupyter_platform.core.words import sort_words

Function = TypeVar("Function", bound=Callable[..., Any])
_OWN = ("title", "description", "network", "tag", "purpose")
"""Words that are no fields of the configuration."""

_PARAMETERS = (
    click.argument("item", metavar="ITEM"),
    click.argument("words", metavar="[KEY=VALUE]…", nargs=-1),
    click.option("--title", help="Shown to people; by default two words are made up."),
    click.option("--description", default="", help="Longer text."),
    click.option(
        "--purpose",
        type=click.Choice(PURPOSES),
        default="infer",
        show_default=True,
        help="What it is for; presets service and hardware.",
    ),
    click.option("--network", help="Network of the repository that item 'network' serves."),
    click.option("--tag", help="Tag of its weights; by default the newest."),
)


def deploy_parameters(function: Function) -> Function:
    """Give a click command the arguments and options that describe a deployment."""
    for parameter in reversed(_PARAMETERS):
        function = parameter(function)
    return function


def deploy_from_line(
    hub: Deploying, *, item: str, words: Sequence[str], **options: Any
) -> Deployment:
    """Start the deployment that a line describes.

    Parameters
    ----------
    hub : Deploying
        Where it is started.
    item, words, **options
        As `deploy_parameters` reads them.

    Raises
    ------
    OptionError
        If a word is no ``key=value``, or a value is refused.
    """
    return hub.deploy(item, **_arguments(words, options))


def check_from_line(
    hub: Deploying, *, item: str, words: Sequence[str], **options: Any
) -> DeploymentCheck:
    """Say what would become of the deployment that a line describes.

    Parameters
    ----------
    hub : Deploying
        Where it is asked.
    item, words, **options
        As `deploy_parameters` reads them.
    """
    return hub.check_deployment(item, **_arguments(words, options))


def _arguments(words: Sequence[str], options: dict[str, Any]) -> dict[str, Any]:
    found = sort_words(words)
    if found.errors:
        raise OptionError.from_fields(found.errors)
    own = {key: value for key, value in found.options.items() if key in _OWN}
    rest = {key: value for key, value in found.options.items() if key not in _OWN}
    return {**options, **own, **rest}
