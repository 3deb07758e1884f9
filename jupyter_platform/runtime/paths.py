"""Where everything lies. No other module knows a path of the platform."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

from jupyter_core.paths import jupyter_data_dir, jupyter_runtime_dir

FOLDER = "jupyter_platform"
"""Name of our folder inside Jupyter's data and runtime folders."""
PRIVATE = 0o700


@dataclass(frozen=True, slots=True)
class Paths:
    """Every path that the processes of one platform share.

    Parameters
    ----------
    data : Path
        What must last: database, weights, logs, run folders.
    runtime : Path
        What belongs to the processes that run now: connection file, locks, process records.
    """

    data: Path
    runtime: Path

    @classmethod
    def default(cls) -> Paths:
        """Return the paths below Jupyter's own folders.

        ``JUPYTER_DATA_DIR`` and ``JUPYTER_RUNTIME_DIR`` move them.
        """
        return cls(
            data=Path(jupyter_data_dir()).absolute() / FOLDER,
            runtime=Path(jupyter_runtime_dir()).absolute() / FOLDER,
        )

    def ensure(self) -> Paths:
        """Make both folders and the fixed ones below them, closed to other users."""
        for folder in (self.data, self.runtime):
            folder.mkdir(parents=True, exist_ok=True)
            make_private(folder)
        for folder in self._fixed_folders:
            folder.mkdir(mode=PRIVATE, exist_ok=True)
            make_private(folder)
        return self

    @property
    def _fixed_folders(self) -> tuple[Path, ...]:
        inside = (
            self.blobs,
            self.networks,
            self.datasets,
            self.downloads,
            self.strategies,
            self.weights,
            self.mirror,
            self.items,
            self.environments,
            self.marketplace,
            self.logs,
        )
        return (self.supervised_folder, self.hosts, *inside)

    @property
    def connection_file(self) -> Path:
        """Where and how the coordinator is reached."""
        return self.runtime / "connection.json"

    @property
    def start_lock(self) -> Path:
        """Locked while the platform is being started."""
        return self.runtime / "start.lock"

    @property
    def supervisor_lock(self) -> Path:
        """Locked by the one supervisor for as long as it lives."""
        return self.runtime / "supervisor.lock"

    @property
    def settings_file(self) -> Path:
        """Effective settings of the running platform."""
        return self.runtime / "settings.json"

    @property
    def target_file(self) -> Path:
        """Whether the platform is to be up or down."""
        return self.runtime / "target.json"

    def process_target(self, name: str) -> Path:
        """Return the file that says whether one of the supervisor's children is to be up."""
        return self.runtime / "targets" / f"{name}.json"

    @property
    def supervised_folder(self) -> Path:
        """Process records of the supervisor and its children."""
        return self.runtime / "supervised"

    def supervised(self, name: str) -> Path:
        """Return the process record of one of the platform's own processes."""
        return self.supervised_folder / f"{name}.json"

    @property
    def scheduler_file(self) -> Path:
        """Address of the Dask scheduler."""
        return self.runtime / "scheduler.json"

    @property
    def database(self) -> Path:
        """The state store."""
        return self.data / "platform.db"

    @property
    def tls(self) -> Path:
        """Folder of the certificate authority, certificate and key."""
        return self.data / "tls"

    @property
    def blobs(self) -> Path:
        """Content-addressed files."""
        return self.data / "blobs"

    @property
    def networks(self) -> Path:
        """Network descriptions that people added."""
        return self.data / "networks"

    @property
    def strategies(self) -> Path:
        """Python files of strategies that people added."""
        return self.data / "strategies"

    @property
    def datasets(self) -> Path:
        """Dataset descriptors that people added."""
        return self.data / "datasets"

    @property
    def pools(self) -> Path:
        """Experience pools: transitions that agents keep for learners."""
        return self.data / "pools"

    @property
    def downloads(self) -> Path:
        """Records of downloaded public files, and unfinished downloads."""
        return self.data / "downloads"

    @property
    def weights(self) -> Path:
        """Tags: named sets of weights."""
        return self.data / "weights"

    @property
    def mirror(self) -> Path:
        """Copies of the append-only files of all run folders."""
        return self.data / "mirror"

    @property
    def items(self) -> Path:
        """Folders of what was made for items of the marketplace: weights, downloads."""
        return self.data / "items"

    def item(self, name: str) -> Path:
        """Return the folder of what was made for one item."""
        return self.items / name

    @property
    def marketplace(self) -> Path:
        """What sources of items brought, and the copy of the catalogue for its public page."""
        return self.data / "marketplace"

    @property
    def environments(self) -> Path:
        """Virtual environments of items, by digest."""
        return self.data / "environments"

    @property
    def logs(self) -> Path:
        """Logs of the platform's own processes."""
        return self.data / "logs"

    def log(self, name: str) -> Path:
        """Return the log of one of the platform's own processes."""
        return self.logs / f"{name}.log"

    @property
    def hosts(self) -> Path:
        """Folders of the hosts on this machine."""
        return self.data / "hosts"

    def host(self, name: str) -> Path:
        """Return the folder of one host."""
        return self.hosts / name

    def host_runs(self, name: str) -> Path:
        """Return the folder of a host's run folders."""
        return self.host(name) / "runs"

    def host_problem(self, name: str) -> Path:
        """Return the file that says why a host cannot be offered, while it cannot."""
        return self.host(name) / "problem.json"

    def host_blobs(self, name: str) -> Path:
        """Return the folder of a host's content-addressed files."""
        return self.host(name) / "blobs"


def make_private(folder: Path) -> None:
    """Close a folder of ours to other users, where the file system knows about users."""
    with contextlib.suppress(PermissionError):
        folder.chmod(PRIVATE)
