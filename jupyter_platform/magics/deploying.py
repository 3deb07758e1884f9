"""``%deploy`` and ``%deployments``."""

from __future__ import annotations

from collections.abc import Callable

import click
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, line_magic, magics_class

from jupyter_platform.client import Platform
from jupyter_platform.client.deploy_line import deploy_from_line, deploy_parameters
from jupyter_platform.client.deployments import Deployment
from jupyter_platform.client.listing import Listing
from jupyter_platform.core.deployments import DeploymentState
from jupyter_platform.magics.lines import read_line
from jupyter_platform.magics.readable import readable


@click.command("%deploy", epilog="Example: %deploy digit-classifier cpu_num=2")
@deploy_parameters
def deploy_line() -> None:
    """Run an item of the marketplace as a service, and return the deployment.

    KEY=VALUE words are fields of its configuration: cpu_num, gpu_num, ram, disk, service.
    """


@click.command("%deployments")
@click.argument(
    "states",
    metavar="[STATE]…",
    nargs=-1,
    type=click.Choice([item.value for item in DeploymentState]),
)
@click.option("--text", help="Only with this text in title, item or id.")
def deployments_line() -> None:
    """List deployments, newest first: all, or those in these states."""


@magics_class
class DeploymentMagics(Magics):
    """Deploy items and list deployments from a notebook."""

    def __init__(self, shell: InteractiveShell, hub: Callable[[], Platform]) -> None:
        super().__init__(shell)
        self._hub = hub

    @line_magic
    @readable
    def deploy(self, line: str) -> Deployment:
        """Run an item as a service: ``%deploy ITEM [KEY=VALUE]…``; ``%deploy --help``."""
        return deploy_from_line(self._hub(), **read_line(deploy_line, line))

    @line_magic
    @readable
    def deployments(self, line: str) -> Listing[Deployment]:
        """List deployments: ``%deployments [STATE]… [--text TEXT]``."""
        asked = read_line(deployments_line, line)
        return self._hub().deployments(asked["states"] or None, text=asked["text"])
