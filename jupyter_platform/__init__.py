"""The control room of an AI lab inside JupyterLab.

Importing the package is cheap; `Platform` is loaded when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jupyter_platform._version import __version__

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from jupyter_platform.client import Job, Platform
    from jupyter_platform.runtime.reporting import report

__all__ = ["Job", "Platform", "__version__", "report"]


def __getattr__(name: str) -> Any:
    if name in ("Job", "Platform"):
        from jupyter_platform import client  # noqa: PLC0415 - httpx and pandas only when wanted

        return getattr(client, name)
    if name == "report":
        from jupyter_platform.runtime.reporting import report  # noqa: PLC0415 - when wanted

        return report
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    """Tell JupyterLab where the built JavaScript is, for an editable install."""
    return [{"src": "labextension", "dest": "@jupyter-platform/platform"}]


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    """Tell the Jupyter server what to load."""
    from jupyter_platform.server.extension import PlatformExtension  # noqa: PLC0415 - the server alone

    return [{"module": "jupyter_platform.server.extension", "app": PlatformExtension}]


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Load the magics: ``%load_ext jupyter_platform``."""
    from jupyter_platform import magics  # noqa: PLC0415 - in notebooks alone

    magics.load(shell)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Take the magics back: ``%unload_ext jupyter_platform``."""
    from jupyter_platform import magics  # noqa: PLC0415 - in notebooks alone

    magics.unload(shell)
