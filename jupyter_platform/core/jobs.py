"""A job as it is submitted, stored and shown."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from jupyter_platform.core.errors import FieldError
from jupyter_platform.core.records import Record
from jupyter_platform.core.states import JobState, JobTarget, JobType

MAX_TOGETHER = 1000
"""Jobs that one request may submit."""
MAX_NAME_LENGTH = 300
NOTEBOOK_SUFFIX = ".ipynb"
MAX_NOTE_LENGTH = 10_000
MAX_OPTIONS_BYTES = 256_000
"""Bytes of JSON that the options of one submission may take."""
MAX_MEMORY_BYTES = 10**15
"""Bytes of memory that one process may ask for; far above any machine, and storable."""


def _words(value: Any) -> Any:
    return [item for item in value.split(",") if item.strip()] if isinstance(value, str) else value


class ResourceRequest(Record):
    """Resources of one process of a workload on its host."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cpus: int = Field(default=1, ge=1, le=4096, description="CPUs, and torch threads.")
    memory: int = Field(
        default=1_000_000_000, ge=0, le=MAX_MEMORY_BYTES, description="Bytes of memory."
    )
    gpus: int = Field(default=0, ge=0, le=64, description="Whole GPUs on one host.")


class JobSubmission(BaseModel):
    """A request for a job."""

    model_config = ConfigDict(extra="forbid")

    type: str
    networks: list[str] = []
    """Names in the repository; most jobs take one, a RUN none."""
    dataset: str | None = None
    name: str | None = Field(default=None, max_length=MAX_NAME_LENGTH)
    """Shown to people, need not be unique; defaults to ``<network>-<dataset>``."""
    options: dict[str, Any] = Field(default_factory=dict)
    """Options in our spelling or DIANNE's, values typed or as text."""
    request: dict[str, Any] = Field(default_factory=dict)
    """Overrides of the type's default `ResourceRequest`; sizes may be text (``"4GB"``)."""
    priority: int = Field(default=0, ge=-100, le=100)
    target_count: int | None = Field(default=None, ge=1, le=1024)
    """Processes in the gang; all start together or none, each on a host of its own where targets or
    a filter ask for hosts. None: one, or one on each target."""
    targets: Annotated[list[str], BeforeValidator(_words)] = Field(default=[], max_length=1024)
    """Names or ids of the hosts that it may use, each for one process; empty: any host. Text is
    taken apart at commas."""
    target_filter: str | None = None
    """Which hosts it may use, as RFC 1960 writes filters: ``(&(arch=x86_64)(memory>=16GB))``."""
    force_free: bool = False
    """Whether its hosts must be free of other work, and stay so while it runs."""
    dianne_defaults: bool = False
    """Whether options that are not given have DIANNE's defaults instead of ours."""
    notes: list[Annotated[str, Field(max_length=500)]] = Field(default=[], max_length=10)
    """The submitter's note on preparations, such as a file added as a dataset."""


class JobSubmissions(BaseModel):
    """Jobs that are submitted together."""

    model_config = ConfigDict(extra="forbid")

    jobs: list[JobSubmission] = Field(min_length=1, max_length=MAX_TOGETHER)
    """All are stored, in this order, or none."""


class JobErrorRecord(Record):
    """Why a job or an attempt did not finish."""

    type: str
    """Exception class, or ``Killed``, ``HostLost``, ``OutOfMemory``, ``DiskError``."""
    message: str
    traceback: str | None = None
    log_tail: str | None = None


class JobProgress(Record):
    """How far a running job is."""

    step: int = 0
    total: int | None = None
    """None for a job without a known end."""
    rate: float | None = None
    """Steps per second, smoothed."""
    remaining_s: float | None = None
    values: dict[str, float | None] = Field(default_factory=dict)
    """Latest value per series; None where it is not finite."""
    unit: str = "it"
    """Unit of a step: ``"it"`` (weight updates) or ``"samples"``."""

    @property
    def fraction(self) -> float | None:
        """Share done, 0 to 1, where the end is known."""
        return None if not self.total else min(self.step / self.total, 1.0)


class PrimaryMetric(Record):
    """The one number that tells how a job went."""

    name: str
    """``"accuracy"``, ``"validation accuracy"``, ``"R²"``, ``"loss"``."""
    value: float | None
    on: str | None = None
    """By which samples it was judged: ``"test, 360 samples"``."""

    @property
    def text(self) -> str:
        """``accuracy 0.9833 (test, 360 samples)``."""
        number = "–" if self.value is None else f"{self.value:.4g}"
        return f"{self.name} {number}" + (f" ({self.on})" if self.on else "")


class Score(Record):
    """One number that tells how well a job did."""

    name: str
    """Key under which the result has it; ``top_k.<k>`` and ``best.<key>`` lie one deeper."""
    label: str
    """As people read it."""
    value: float | None
    """None where it is not finite."""


class AttemptRecord(Record):
    """One try at running a job."""

    number: int
    host: str | None = None
    state: JobState
    started_at: datetime | None = None
    finished_at: datetime | None = None
    resume_step: int = 0
    """First step this attempt trains; the curve of earlier attempts is cut here."""
    error: JobErrorRecord | None = None


class JobRecord(Record):
    """A job as the API shows it."""

    id: str
    name: str
    type: JobType
    category: str | None = None
    """Badge derived from what runs: ``FF``, ``RNN``, ``RL``, ``CLASSIFICATION``, ``CRITERION``."""
    owner: str
    state: JobState
    target: JobTarget = JobTarget.RUN
    reason: str | None = None
    """Why it waits, or what it is doing, as a sentence; None when there is nothing to say."""
    networks: list[str]
    dataset: str | None
    options: dict[str, Any]
    """Every option with its resolved value."""
    given: dict[str, Any]
    """The options that were given, in our spelling: what a resubmission starts from."""
    tag: str | None
    """Tag that LEARN stores under, or ``<tag>/<variant>`` that EVALUATE reads."""
    request: ResourceRequest
    priority: int = 0
    target_count: int = 1
    targets: list[str] = Field(default_factory=list)
    target_filter: str | None = None
    force_free: bool = False
    submitted_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    host: str | None = None
    progress: JobProgress | None = None
    headline: PrimaryMetric | None = None
    attempts: list[AttemptRecord] = Field(default_factory=list)
    error: JobErrorRecord | None = None
    warnings: list[str] = Field(default_factory=list)
    """Warnings about checks omitted at submission, and about changed options."""
    sweep: str | None = None
    """Id of the sweep that it is part of."""
    varied: dict[str, Any] = Field(default_factory=dict)
    """Options in which it differs from the other jobs of its sweep."""
    hosts: list[str] = Field(default_factory=list)
    """Hosts of its processes by rank, in the latest attempt; only in the record of a single job."""
    note: str = ""
    """A user's note on the job."""
    result: dict[str, Any] | None = None
    """As `core.results` knows it; only in the record of a single job, not in lists."""
    scores: list[Score] = Field(default_factory=list)
    """All scores of the result, the leading ones first; only in the record of a single job."""


class JobChange(BaseModel):
    """Changes to a submitted job; an omitted field keeps its value."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = Field(default=None, max_length=MAX_NAME_LENGTH)
    note: str | None = Field(default=None, max_length=MAX_NOTE_LENGTH)


class JobPage(Record):
    """A page of jobs, newest first unless asked otherwise."""

    items: list[JobRecord]
    total: int
    """Jobs that match, on all pages."""
    offset: int = 0


class JobBatch(Record):
    """Jobs that were submitted together."""

    jobs: list[JobRecord]
    """In the order of the submissions."""


class JobCheck(Record):
    """The answer to a dry run of a submission."""

    options: dict[str, Any]
    """Every option with its resolved value."""
    given: dict[str, Any] = Field(default_factory=dict)
    """The options that were given, in the order in which they came, in our spelling."""
    request: ResourceRequest
    dianne_defaults: dict[str, Any] = Field(default_factory=dict)
    """Of a submission in DIANNE's words: what DIANNE would take where it says nothing, if that is
    something else."""
    warnings: list[str] = Field(default_factory=list)
    when: str
    """A sentence: when it would start, and where."""


class OptionText(Record):
    """The options parsed from a text of ``key=value`` words."""

    options: dict[str, str]
    """In the order in which they were given."""
    errors: list[FieldError] = Field(default_factory=list)
    """Words that are no option, and keys that stand twice."""


class SeriesPoints(Record):
    """One series of a curve, thinned to buckets; extremes are exact."""

    step: list[int]
    """First step of each bucket."""
    time: list[float]
    """Unix time of the last point of each bucket, s."""
    mean: list[float | None]
    min: list[float | None]
    max: list[float | None]
    """None where a bucket holds no finite value."""
    points: int
    """Points in the series before thinning."""
    nonfinite: int = 0
    """Points that are NaN or infinite."""
    damaged: int = 0
    """Points of all attempts that are lost, as files were cut or written over."""
    rank: int = 0
    """Process of a gang that recorded it."""


class MetricsRecord(Record):
    """The curves of a job."""

    series: dict[str, SeriesPoints]


class LogChunk(Record):
    """A piece of a job's log."""

    offset: int
    """Byte at which `text` begins."""
    next_offset: int
    """Byte to ask for next."""
    size: int
    """Bytes in the whole log now."""
    text: str
    complete: bool
    """Whether the job has ended and `next_offset` is the end."""


class ContentRecord(Record):
    """A file that was sent for a submission to name."""

    content: str
    """``sha256:<hex>``."""
    bytes: int


class JobFileRecord(Record):
    """A file that a job has made for people."""

    name: str
    bytes: int


NoticeLevel = Literal["info", "success", "warning", "danger"]


class NotificationRecord(Record):
    """One thing that happened, for people."""

    id: int
    time: datetime
    level: NoticeLevel
    message: str
    job: str | None = None
    host: str | None = None
    owner: str | None = None
    """Who is told, beside administrators; None: everybody."""
