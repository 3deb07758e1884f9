"""The image of an item that runs in a container."""

from __future__ import annotations

import os

from jupyter_platform.runtime.containers.opening import SOCKET_VARIABLE, open_containers
from jupyter_platform.serving.runner.context import Context

IMAGE = "image"
"""Name of the phase in which an image is fetched."""


def fetch_image(context: Context) -> None:
    """Fetch the image of an item where this machine does not have it.

    Raises
    ------
    HostError, UnavailableError
        If it cannot be had; the message says why.
    StoppedError
        If a stop was asked for.
    """
    image = context.run.recipe.image
    if image is None:
        return
    containers = open_containers(os.environ.get(SOCKET_VARIABLE))
    if containers.has_image(image):
        return
    context.phase(IMAGE, f"Fetching the image {image}", 0.0)
    for share in containers.fetch(image):
        context.check_stop()
        context.phase(IMAGE, f"Fetching the image {image}", share)
