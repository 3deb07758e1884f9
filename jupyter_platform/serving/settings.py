"""What a service is started with."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from jupyter_platform.core.inference import Method


class ServiceSettings(BaseModel):
    """The options of ``python -m jupyter_platform.serving api``."""

    model_config = ConfigDict(frozen=True)

    modules: tuple[str | None, ...] = (None,)
    """What names each module; None: the only entry point that is installed."""
    network: Path | None = None
    """Folder of a network of the repository, served instead of modules."""
    workers: int = Field(default=1, ge=1, le=256)
    """Calls of a module that run at the same time, each in a process of its own."""
    warm: bool = True
    predict_endpoint: bool = True
    train_endpoint: bool = True
    debug_endpoint: bool = False
    doc_endpoint: bool = True
    client_max_size: int = Field(default=0, ge=0)
    """Bytes of a request; 0: any."""
    queue: int = Field(default=256, ge=0)
    """Calls, or samples of a network, that may wait; further ones are refused with status 503."""
    max_batch: int = Field(default=64, ge=1, le=65536)
    """Samples that a network gets at once."""
    max_wait_ms: float = Field(default=0.0, ge=0, le=10_000)
    """Milliseconds that a sample waits for others, unless the batch is full before."""
    threads: int = Field(default=1, ge=1)
    """Threads that torch computes a batch of a network with."""
    base_url: str = "/"
    """Prefix of all routes as browsers see them; begins and ends with a slash."""

    def is_enabled(self, method: Method) -> bool:
        """Return whether a function of the modules is offered."""
        return self.predict_endpoint if method == "predict" else self.train_endpoint
