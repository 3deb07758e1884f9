"""How the processes of a workload run on a host: one contract, one module for each way."""

from jupyter_platform.runtime.runtimes.base import Runtime
from jupyter_platform.runtime.runtimes.container import ContainerRuntime
from jupyter_platform.runtime.runtimes.process import ProcessRuntime

__all__ = ["Runtime", "installed_runtimes"]


def installed_runtimes(containers: str | None = None) -> dict[str, Runtime]:
    """Return the runtimes of a host by their names: the place to add one.

    Parameters
    ----------
    containers : str, optional
        Address of the container service; the usual ones where None.
    """
    runtimes = (ProcessRuntime(), ContainerRuntime(containers))
    return {runtime.name: runtime for runtime in runtimes}
