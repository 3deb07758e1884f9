"""Deployments as they are asked for, configured and shown."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from jupyter_platform.core.errors import FieldError
from jupyter_platform.core.jobs import JobErrorRecord, ResourceRequest
from jupyter_platform.core.recipes import Purpose, ServiceName
from jupyter_platform.core.records import Record
from jupyter_platform.core.states import JobState

MAX_TITLE_LENGTH = 45
MAX_DESCRIPTION_LENGTH = 1000
LEAST_PASSWORD_LENGTH = 9
"""Characters of the password of a development environment."""
SERVICES: tuple[ServiceName, ...] = ("api", "ide", "monitor", "ui", "custom")
"""Services of a deployment, in the order in which they are shown."""
PURPOSES: tuple[Purpose, ...] = ("infer", "retrain", "develop")
CANNOT_RUN = frozenset({"InvalidDataError", "InvalidRequestError", "OptionError"})
"""Types of errors in the result of a run that no other attempt would mend; every other end of a
service is followed by the next attempt."""


class DeploymentState(StrEnum):
    """Where a deployment is in its life."""

    QUEUED = "queued"
    """Waits for room."""
    ERROR = "error"
    """Waits, and no host that is known could ever run it."""
    STARTING = "starting"
    """Its environment is prepared, or its service does not answer yet."""
    RUNNING = "running"
    STOPPING = "stopping"
    DOWN = "down"
    """Its host does not answer; it may come back as it was."""
    FAILED = "failed"
    COMPLETE = "complete"
    """It ended by itself, as a trial does when its time is over."""
    STOPPED = "stopped"

    @property
    def has_ended(self) -> bool:
        """Whether it holds nothing and runs again only when it is started."""
        return self in ENDED


ENDED = frozenset({DeploymentState.FAILED, DeploymentState.COMPLETE, DeploymentState.STOPPED})


def deployment_state(state: JobState, *, ready: bool, impossible: bool) -> DeploymentState:
    """Return the state of a deployment as people see it.

    Parameters
    ----------
    state : JobState
        State of its workload.
    ready : bool
        Whether its main service has answered in this attempt.
    impossible : bool
        Whether no host could run it.
    """
    if state == JobState.QUEUED and impossible:
        return DeploymentState.ERROR
    if state == JobState.RUNNING and not ready:
        return DeploymentState.STARTING
    return _SHOWN[state]


_SHOWN = {
    JobState.QUEUED: DeploymentState.QUEUED,
    JobState.STARTING: DeploymentState.STARTING,
    JobState.RUNNING: DeploymentState.RUNNING,
    JobState.STOPPING: DeploymentState.STOPPING,
    JobState.PAUSED: DeploymentState.STOPPED,
    JobState.UNREACHABLE: DeploymentState.DOWN,
    JobState.FINISHED: DeploymentState.COMPLETE,
    JobState.STOPPED: DeploymentState.STOPPED,
    JobState.CANCELLED: DeploymentState.STOPPED,
    JobState.FAILED: DeploymentState.FAILED,
}


class DeploymentRequest(BaseModel):
    """A request for a deployment of an item."""

    model_config = ConfigDict(extra="forbid")

    item: str = Field(min_length=1, max_length=200)
    """Name of the item in the marketplace."""
    purpose: Purpose = "infer"
    """What it is for; it presets service and hardware."""
    title: str | None = None
    """Shown to people, 45 characters at most; blank: two words are made up."""
    description: str = ""
    """Longer text, 1,000 characters at most."""
    configuration: dict[str, Any] = Field(default_factory=dict)
    """Values of the configuration document that differ from its defaults, by group
    (``{"hardware": {"cpu_num": 2}}``) or by name alone (``{"cpu_num": 2}``)."""
    network: str | None = None
    """Network of the repository that it serves, for items that serve one."""
    tag: str | None = None
    """Tag of the weights of that network; None: the newest."""


class ConfigurationField(Record):
    """One field of a configuration document."""

    name: str
    """Shown beside it."""
    value: Any
    """The default."""
    type: Literal["text", "long_text", "password", "integer", "number", "boolean", "list"]
    description: str
    """Help: what it means and what is accepted."""
    options: list[Any] | None = None
    """The only values that are accepted."""
    range: list[float | None] | None = None
    """Smallest and largest value, None where there is no such limit; of text: its length."""
    unit: str | None = None
    """``MB``, ``min``."""
    warning: str | None = None
    """What to know about the default, such as that the item asked for more than is allowed."""
    disabled: str | None = None
    """Why nothing but the default is accepted; None where it may be changed."""
    depends_on: dict[str, list[Any]] | None = None
    """Other fields of the document to the values with which this one means something."""


class ConfigurationDocument(Record):
    """Everything that may be configured about a deployment of an item, with its defaults."""

    item: str
    purpose: Purpose
    purposes: dict[Purpose, str]
    """Purposes that the item can be deployed for, each with a sentence."""
    groups: dict[str, dict[str, ConfigurationField]]
    """Group (``general``, ``hardware``, ``storage``) to its fields by their keys, which are unique
    over all groups."""


class DeploymentPhase(Record):
    """How far the start of a deployment is."""

    name: str
    """``environment``, ``download``, ``warm-up`` or ``ready``."""
    text: str = ""
    """A sentence for people."""
    fraction: float | None = None
    """Share done, 0 to 1, where it is known."""


class EndpointRecord(Record):
    """One service of a deployment that can be opened."""

    service: ServiceName
    path: str
    """Below the base URL of the Jupyter server: ``jupyter-platform/deployments/<id>/api/``."""
    alive: bool
    """Whether it answered when it was last asked, at most 10 s ago."""
    since: datetime | None = None
    """When it began to answer; None while it does not."""
    main: bool = False
    """Whether quick access opens it: the service that was chosen."""


class DeploymentRecord(Record):
    """A deployment as the API shows it."""

    id: str
    """Twelve hexadecimal digits: the last of its `uuid`."""
    uuid: str
    item: str
    item_title: str
    kind: Literal["module", "tool", "try"]
    """Which table shows it; a trial of an item is ``try``."""
    purpose: Purpose
    owner: str
    title: str
    description: str
    service: ServiceName
    """The main service: what quick access opens."""
    state: DeploymentState
    target: Literal["run", "stop", "delete"]
    """What it is on its way to."""
    reason: str | None = None
    """Why it waits, or what it is doing, as a sentence."""
    phase: DeploymentPhase | None = None
    """How far its start is; None before it began."""
    configuration: dict[str, dict[str, Any]]
    """Every field of its configuration with the value that is used; passwords are left out."""
    runtime: str
    """``process`` or ``container``."""
    image: str | None = None
    """Image of its container with its tag; None for a process."""
    network: str | None = None
    tag: str | None = None
    resources_asked: ResourceRequest
    resources_given: ResourceRequest | None = None
    """What it holds now; None while it holds nothing."""
    gpus: list[int] = Field(default_factory=list)
    """Indices of the GPUs that it holds on its host."""
    host: str | None = None
    site: str | None = None
    endpoints: list[EndpointRecord] = Field(default_factory=list)
    created: datetime
    started: datetime | None = None
    """When it was first started."""
    ended: datetime | None = None
    expires: datetime | None = None
    """When it is ended by the platform, as a trial is; None: never."""
    idle_stop_minutes: int = 0
    """Minutes without a request after which it is stopped; 0: never."""
    attempts: int = 0
    """How often it was started, restarts included."""
    error: JobErrorRecord | None = None
    """Why it failed, or why its last attempt ended; with the last lines of its log."""
    warnings: list[str] = Field(default_factory=list)


class ServiceWay(Record):
    """How a gateway reaches a service of a deployment."""

    deployment: str
    """Full id of the deployment."""
    service: ServiceName
    attempt: int
    """Another one after each restart."""
    prefix: str
    """Of its addresses, as it knows them: begins and ends with a slash."""
    is_trusted: bool
    """Whether its pages may act for who looks at them."""
    socket: str | None = None
    """Its socket on the coordinator's machine."""
    port: int | None = None
    """Its port of the loopback interface there; None, as is `socket`, where it is elsewhere."""
    secret: str = ""
    """What it demands in `recipes.SECRET_HEADER`."""


class DeploymentPage(Record):
    """A page of deployments, newest first."""

    items: list[DeploymentRecord]
    total: int
    """Deployments that match, on all pages."""
    offset: int = 0


class DeploymentCheck(Record):
    """What would become of a request, without storing anything."""

    refusals: list[FieldError] = Field(default_factory=list)
    """What is wrong with it; empty: it would be accepted."""
    configuration: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """Every field with the value that would be used."""
    outlook: str = ""
    """A sentence: what is free and when it would start."""
    alternative: str | None = None
    """A sentence about a cheaper choice that would start earlier, such as one without a GPU."""
    warnings: list[str] = Field(default_factory=list)
