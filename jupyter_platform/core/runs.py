"""Records inside a run folder: the protocol between coordinator, agent, shim and torch process."""

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from jupyter_platform.core.datasets import DatasetDescriptor
from jupyter_platform.core.errors import InvalidRequestError
from jupyter_platform.core.jobs import JobErrorRecord
from jupyter_platform.core.kinds import kinds
from jupyter_platform.core.networks import NetworkDescription
from jupyter_platform.core.recipes import DeploymentRun
from jupyter_platform.core.states import JobType

DEPLOYMENT_PROCESS = "jupyter_platform.serving.runner"
"""Module of the process of a deployment."""


class RunId(BaseModel):
    """Identifier of a process: workload, attempt and rank."""

    model_config = ConfigDict(frozen=True)

    workload: str = Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")
    attempt: int = Field(ge=1)
    rank: int = Field(default=0, ge=0)

    def __str__(self) -> str:
        return f"{self.workload}/{self.attempt}/{self.rank}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``<workload>/<attempt>/<rank>``."""
        workload, attempt, rank = text.split("/")
        return cls(workload=workload, attempt=int(attempt), rank=int(rank))


class NetworkInput(BaseModel):
    """A network that a run works on."""

    description: NetworkDescription
    weights: str | None = None
    """``sha256:<hex>`` of the safetensors file to start from; None: fresh."""


class ResumePoint(BaseModel):
    """Where an earlier attempt left off."""

    step: int
    files: dict[str, str]
    """File name in the checkpoint folder to ``sha256:<hex>``."""


class Rendezvous(BaseModel):
    """How a rank finds the others of its attempt."""

    address: str
    """IP address at which this rank is to be reached; loopback when all are on one machine."""
    secret: str
    """Known to the ranks of one attempt only."""
    store: str | None = None
    """``<address>:<port>`` of the store that rank 0 opened; None for rank 0 itself."""


class JobRun(BaseModel):
    """What a run does for a job."""

    type: JobType
    networks: list[NetworkInput] = Field(default_factory=list)
    dataset: DatasetDescriptor | None = None
    pool: str | None = None
    """Folder of the experience pool that it learns from or acts for."""
    options: dict[str, Any] = Field(default_factory=dict)
    """Resolved options, as the model of `type` dumps them."""
    code: str | None = None
    """``sha256:<hex>`` of the Python source of an uploaded strategy."""


class RunSpec(BaseModel):
    """``spec.json``, written once by the agent before anything starts.

    Nothing but `job` and `deployment` know what the process is for: host agents start and watch any
    of them.
    """

    format: Literal[1, 2] = 2
    run: RunId
    name: str
    process: str
    """Module that is run with the run folder as its argument."""
    starts_warm: bool = False
    """Whether a process with torch imported may be forked for it."""
    ranks_meet: bool = False
    """Whether several processes of it talk to each other over a store of rank 0."""
    runtime: str = "process"
    """Name of the runtime of the host that runs it."""
    threads: int = 1
    memory: int | None = None
    gpus: list[int] = Field(default_factory=list)
    cpu_affinity: list[int] | None = None
    world_size: int = 1
    gang: Rendezvous | None = None
    """None when it is alone."""
    contents: list[str] = Field(default_factory=list)
    """``sha256:<hex>`` of other files that it was submitted with."""
    resume: ResumePoint | None = None
    reseed: int = 0
    """Above 0: draw other samples from there on, as the last attempt's made the loss no number."""
    files: dict[str, str] = Field(default_factory=dict)
    """``sha256:<hex>`` to absolute path on this host; filled by the agent."""
    job: JobRun | None = None
    """None where it is no job."""
    deployment: DeploymentRun | None = None
    """None where it is no deployment."""

    @model_validator(mode="before")
    @classmethod
    def _from_format_1(cls, data: Any) -> Any:
        """Read a spec in which what is of a job stood among the rest."""
        if not isinstance(data, dict) or data.get("format") != 1:
            return data
        kind = kinds()[data["type"]]
        rest = {key: value for key, value in data.items() if key not in JobRun.model_fields}
        return {
            **rest,
            "format": 2,
            "process": kind.process,
            "starts_warm": kind.starts_warm,
            "ranks_meet": kind.ranks_meet,
            "job": {key: data[key] for key in JobRun.model_fields if key in data},
        }

    @property
    def meets_others(self) -> bool:
        """Whether it talks to the other ranks of its attempt; agents do without each other."""
        return self.world_size > 1 and self.ranks_meet

    def of_job(self) -> JobRun:
        """Return what it does for its job.

        Raises
        ------
        InvalidRequestError
            If it is no job's.
        """
        if self.job is None:
            raise InvalidRequestError(f"Run {self.run} is no job's.")
        return self.job


class ProcessRecord(BaseModel):
    """``process.json``, written by the shim when the process has started."""

    pid: int
    start_time: float
    """Start of the process in clock ticks since boot (``/proc/<pid>/stat`` field 22)."""
    boot_id: str
    shim_pid: int
    shim_start_time: float
    started_at: float
    """Unix time, s."""


class ExitRecord(BaseModel):
    """``exit.json``, written by the shim when the process has ended."""

    code: int | None
    """Exit code; None when a signal ended it."""
    signal: int | None = None
    ended_at: float
    """Unix time, s."""
    max_rss: int | None = None
    """Largest resident memory, bytes."""


class RunEvent(BaseModel):
    """One line of ``events.jsonl``: a rare fact, never one per step."""

    model_config = ConfigDict(extra="allow")

    time: float
    kind: str
    """``phase`` (text; of a deployment also name, fraction), ``message`` (level, text),
    ``checkpoint`` (step, folder, files), ``weights`` (variant, file, step, scores), ``store``
    (address, of rank 0 of a gang), ``service`` (name or service, alive; of a deployment)."""


class RunProgress(BaseModel):
    """``progress.json``, replaced at most four times a second by the torch process."""

    step: int
    total: int | None = None
    rate: float | None = None
    values: dict[str, float | None] = Field(default_factory=dict)
    unit: str = "it"
    phase: str = ""


NOT_FINITE = "NotFinite"
"""Type of the error of a run whose loss or weights are no numbers any more."""


class RunResult(BaseModel):
    """``result.json``, the last thing that the torch process writes."""

    status: Literal["finished", "stopped", "failed"]
    step: int = 0
    result: dict[str, Any] = Field(default_factory=dict)
    error: JobErrorRecord | None = None
    retries: int = 0
    """Attempts that may fail like this and be followed by another, with other samples; -1: all."""


class FileState(BaseModel):
    """A small whole file of a run folder, as it stands on the host."""

    token: str
    """Changes whenever the file does."""
    content: str | None = None
    """None when the asker has this token already."""


class PullRequest(BaseModel):
    """What the coordinator already has of one run."""

    run: RunId
    offsets: dict[str, int] = Field(default_factory=dict)
    """Append-only file (``events.jsonl``, ``output.log``, ``metrics/loss.rec``) to its length."""
    tokens: dict[str, str] = Field(default_factory=dict)
    """Whole file (``process.json``, ``progress.json``, ``result.json``, ``exit.json``) to token."""
    limit: int = 4_000_000
    """Bytes at most in one answer."""


class PullAnswer(BaseModel):
    """What is new in one run folder."""

    run: RunId
    missing: bool = False
    """The host has no such run folder."""
    alive: bool = False
    """Whether the process, or a shim that will still write, is alive."""
    chunks: dict[str, bytes] = Field(default_factory=dict)
    """Append-only file to the bytes from the asked offset on."""
    files: dict[str, FileState] = Field(default_factory=dict)
    more: bool = False
    """Whether `limit` cut the answer."""
