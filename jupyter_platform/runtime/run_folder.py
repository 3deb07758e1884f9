"""One run folder on the host."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from jupyter_platform.core.runs import (
    ExitRecord,
    ProcessRecord,
    PullAnswer,
    PullRequest,
    RunProgress,
    RunResult,
    RunSpec,
)


class RunFolder:
    """``runs/<workload>/<attempt>/<rank>/``: the truth about one process."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def exists(self) -> bool:
        raise NotImplementedError

    def create(self, spec: RunSpec) -> bool:
        raise NotImplementedError

    def spec(self) -> RunSpec | None:
        raise NotImplementedError

    def process(self) -> ProcessRecord | None:
        raise NotImplementedError

    def exit(self) -> ExitRecord | None:
        raise NotImplementedError

    def result(self) -> RunResult | None:
        raise NotImplementedError

    def progress(self) -> RunProgress | None:
        raise NotImplementedError

    def is_alive(self) -> bool:
        raise NotImplementedError

    def pull(self, request: PullRequest) -> PullAnswer:
        raise NotImplementedError

    def read(self, path: str, offset: int, length: int) -> bytes:
        raise NotImplementedError

    def signal(self, action: Literal["stop", "kill"]) -> bool:
        raise NotImplementedError

    def remove(self) -> None:
        raise NotImplementedError
