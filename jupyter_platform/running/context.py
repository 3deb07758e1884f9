"""What the code of a RUN finds around it."""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_platform.core.errors import HostError, InvalidRequestError, refusal
from jupyter_platform.core.options.run import FRESH, RunOptions
from jupyter_platform.core.runs import RunSpec
from jupyter_platform.running.reports import Reports
from jupyter_platform.runtime import reporting
from jupyter_platform.runtime.environments import Environment
from jupyter_platform.runtime.event_log import EventLog
from jupyter_platform.runtime.recorder import Recorder
from jupyter_platform.runtime.stopping import StopRequest

DOWNLOADS = "files"
"""Folder of the run folder whose files the platform keeps."""
_PROBE_S = 60.0
_PROBE = """
import importlib.util as u, json, sys
def has(name):
    try:
        return u.find_spec(name) is not None
    except (ImportError, ValueError):
        return False
print(json.dumps({"version": list(sys.version_info[:3]),
                  "platform": has("jupyter_platform.runtime.reporting"),
                  "ipykernel": has("ipykernel")}))
"""

logger = logging.getLogger(__name__)


@dataclass
class RunContext:
    """One run: what is asked, where it writes, whether it should stop."""

    spec: RunSpec
    options: RunOptions
    folder: Path
    """The run folder."""
    events: EventLog
    recorder: Recorder
    reports: Reports
    stop: StopRequest

    def phase(self, text: str) -> None:
        """Say what is being done."""
        self.recorder.phase = text
        self.events.write("phase", text=text)

    def warn(self, text: str) -> None:
        """Tell a person that something is not as asked; the run goes on."""
        self.events.message("warning", text)
        logger.warning(text)

    def code_path(self) -> Path:
        """Return the file with the code as it was submitted."""
        reference = self.options.content
        if reference is None or reference not in self.spec.files:
            raise HostError(f"The code of {self.options.code_name} is not on this host.")
        return Path(self.spec.files[reference])

    def working_folder(self) -> Path:
        """Return the folder in which the code runs.

        Raises
        ------
        OptionError
            If the folder that was asked for is not on this host.
        """
        wanted = self.options.working_folder or FRESH
        if wanted == FRESH:
            folder = self.folder / "work"
            folder.mkdir(mode=0o700, exist_ok=True)
            return folder
        folder = Path(wanted).expanduser()
        if not folder.is_dir():
            message = (
                f"working_folder = {wanted!r} is no folder of host {os.uname().nodename}; name "
                "one that is there, choose hosts that have it with targets, or give fresh."
            )
            raise refusal("working_folder", wanted, message, "a folder of the host, or fresh")
        return folder

    def variables(self, environment: Environment) -> dict[str, str]:
        """Return the environment variables of the code."""
        given = {name: str(value) for name, value in (self.options.variables or {}).items()}
        found = {
            **os.environ,
            **environment.variables,
            **given,
            reporting.VARIABLE: str(self.reports.path),
            "JUPYTER_PLATFORM_JOB": self.spec.run.workload,
        }
        if environment.interpreter is not None:
            facts = self.probe(environment)
            if not facts["platform"]:
                behind = found.get("PYTHONPATH")
                library = str(self._library())
                found["PYTHONPATH"] = f"{behind}{os.pathsep}{library}" if behind else library
        return found

    def _library(self) -> Path:
        """Make a package ``jupyter_platform`` that holds `report` alone."""
        package = self.folder / "lib" / "jupyter_platform"
        package.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copyfile(reporting.__file__, package / "__init__.py")
        return package.parent

    def probe(self, environment: Environment) -> dict[str, Any]:
        """Return what an interpreter has: its ``version``, and whether some packages are there.

        Raises
        ------
        HostError
            If it cannot be run.
        """
        command = [str(environment.interpreter), "-c", _PROBE]
        variables = {**os.environ, **environment.variables}
        try:
            answer = subprocess.run(
                command, capture_output=True, timeout=_PROBE_S, check=True, cwd="/", env=variables
            )
            found: dict[str, Any] = json.loads(answer.stdout.splitlines()[-1])
        except (OSError, subprocess.SubprocessError, ValueError, IndexError) as error:
            told = getattr(error, "stderr", b"") or str(error).encode()
            last = told.decode(errors="replace").strip().splitlines()[-1:]
            message = f"python = {environment.name!r} cannot be run: {' '.join(last)}"
            raise HostError(message) from error
        return found

    def require_python(self, environment: Environment) -> str:
        """Return the interpreter of an environment.

        Raises
        ------
        InvalidRequestError
            If it is a kernel of another language.
        """
        if environment.interpreter is None:
            raise InvalidRequestError(
                f"python = {environment.name!r} is a kernel of {environment.language or '?'}; a "
                f"{self.options.form} needs a Python interpreter."
            )
        return environment.interpreter

    def keep_file(self, name: str) -> None:
        """Have a file of the folder `DOWNLOADS` kept with the job."""
        self.events.write("file", file=f"{DOWNLOADS}/{name}")
