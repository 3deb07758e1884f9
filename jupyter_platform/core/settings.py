"""Settings of a coordinator and its cluster, from a TOML file and the command line."""

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from jupyter_platform.core.errors import FieldError, InvalidRequestError, nearest
from jupyter_platform.core.hosts import LOST_AFTER_S
from jupyter_platform.core.marketplace import OWN_SOURCE, ItemFilter, ItemKind
from jupyter_platform.core.units import parse_bytes

Bytes = Annotated[int, BeforeValidator(lambda value: parse_bytes(value))]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class CoordinatorSettings(_Section):
    """The coordinator itself."""

    port: int = Field(default=0, ge=0, le=65535, description="0: any free port.")
    idle_stop_minutes: float = Field(
        default=30, ge=0, description="Minutes without work or visitors; 0: never stop."
    )


class ClusterSettings(_Section):
    """What the hosts of this machine offer."""

    hosts: int = Field(default=1, ge=1, le=64, description="Local hosts that share the machine.")
    cpus: int | None = Field(default=None, ge=1, le=4096, description="CPUs each host offers.")
    memory: Bytes | None = Field(default=None, description="Memory each host offers.")
    gpus: int | None = Field(default=None, ge=0, le=64, description="GPUs each host offers.")
    overcommit: bool = Field(
        default=False, description="Offer CPUs and GPUs although another agent offers them too."
    )
    file_cache: Bytes = Field(
        default=20_000_000_000,
        description="Bytes of weights, checkpoints and data that each host keeps for the next job.",
    )
    site: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}$",
        description="Data centre that the hosts belong to.",
    )
    warm_start: bool = Field(default=True, description="Keep one process with torch imported.")
    lost_after_s: float = Field(
        default=LOST_AFTER_S,
        ge=5,
        le=86_400,
        description="Seconds of silence after which a host is lost; its work is tried on another "
        "after as many more.",
    )


class JobSettings(_Section):
    """How jobs are run."""

    retries: int = Field(default=3, ge=0, le=100, description="Attempts after a kill or a loss.")
    stop_grace_s: float = Field(default=30, gt=0, description="Seconds from stop to kill.")
    log_limit: Bytes = Field(default=64_000_000, description="Bytes kept of a job's log.")
    allow_uploaded_strategies: bool = Field(
        default=True,
        description="Whether Python files may be uploaded as strategies and networks; they run as "
        "the owner.",
    )


class ContainerSettings(_Section):
    """The container service of the hosts."""

    address: str | None = Field(
        default=None,
        pattern=r"^unix:///\S+$",
        description="Address of a Docker-compatible service, unix:///path of its socket; the usual "
        "places are looked at where it is not given.",
    )


class DatasetSettings(_Section):
    """Where public datasets come from."""

    mirrors: tuple[str, ...] = Field(
        default=(),
        description="Addresses of folders that are asked for files instead of the public ones.",
    )

    @field_validator("mirrors", mode="before")
    @classmethod
    def _addresses(cls, value: Any) -> Any:
        mirrors = (value,) if isinstance(value, str) else value
        for item in mirrors:
            if not str(item).startswith(("http://", "https://")):
                raise ValueError(f"{item!r} is no http or https address")
        return mirrors


Range = Annotated[tuple[int, int], Field(min_length=2, max_length=2)]


class LimitChanges(_Section):
    """Limits of some people that differ from those of all; what is left out stays."""

    gpus_per_deployment: int | None = Field(default=None, ge=0, le=64)
    gpus_per_person: int | None = Field(default=None, ge=0, le=10_000)
    cpus: Range | None = None
    memory_mb: Range | None = None
    disk_mb: Range | None = None


class ProjectLimits(LimitChanges):
    """Limits of the members of a project."""

    members: tuple[str, ...] = Field(description="Names of the users that belong to it.")


class DeploymentSettings(_Section):
    """What deployments of marketplace items may ask for."""

    gpus_per_deployment: int = Field(default=1, ge=0, le=64, description="GPUs of one deployment.")
    gpus_per_person: int = Field(
        default=2, ge=0, le=10_000, description="GPUs of all deployments of one person."
    )
    cpus: Range = Field(default=(1, 10), description="Fewest and most CPUs.")
    memory_mb: Range = Field(default=(500, 40_000), description="Least and most memory, MB.")
    disk_mb: Range = Field(default=(1_000, 50_000), description="Least and most disk, MB.")
    images: tuple[str, ...] = Field(
        default=("deephdc/", "ai4oshub/", "registry.cloud.ai4eosc.eu/"),
        description="Beginnings of the names of images that containers may be made of.",
    )
    roles: dict[Literal["administrator", "member"], LimitChanges] = Field(
        default={}, description="Other limits for the owner of the platform, or for all others."
    )
    projects: dict[str, ProjectLimits] = Field(
        default={}, description="Other limits for the members of a project."
    )
    trial_minutes: float = Field(default=10, gt=0, le=1440, description="Life of a trial.")
    trials_per_person: int = Field(default=3, ge=0, le=1000, description="Trials at a time.")
    trials_up_to_load: float = Field(
        default=85, ge=0, le=100, description="Percentage of granted CPUs up to which one may try."
    )


class SourceSettings(_Section):
    """A source of marketplace items."""

    kind: str = Field(description="folder, git, ai4os, models, or one of an installed package.")
    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
    location: str = Field(min_length=1, max_length=2000, description="Path or address.")
    branch: str | None = Field(default=None, pattern=r"^[A-Za-z0-9._/][A-Za-z0-9._/-]*$")
    items: ItemKind | None = Field(
        default=None, description="What the items of a list of models are: model or llm."
    )
    tool: str = Field(default="", description="Item that deploys the models of a list.")


class MarketplaceSettings(_Section):
    """Where the items of the marketplace come from."""

    sources: tuple[SourceSettings, ...] = Field(
        default=(), description="Sources beside the package's own items."
    )
    refresh_hours: float = Field(
        default=6, ge=0, le=8760, description="Hours between two looks; 0: by hand only."
    )
    default_filter: ItemFilter = Field(
        default={}, description="Values by field that the marketplace opens with."
    )

    @field_validator("sources")
    @classmethod
    def _names_differ(cls, sources: tuple[SourceSettings, ...]) -> tuple[SourceSettings, ...]:
        names = [OWN_SOURCE, *(source.name for source in sources)]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two sources are called {name!r}; each needs a name of its own")
        return sources


class Settings(_Section):
    """All settings; see ``configs/`` for examples."""

    coordinator: CoordinatorSettings = Field(default_factory=CoordinatorSettings)
    cluster: ClusterSettings = Field(default_factory=ClusterSettings)
    jobs: JobSettings = Field(default_factory=JobSettings)
    containers: ContainerSettings = Field(default_factory=ContainerSettings)
    datasets: DatasetSettings = Field(default_factory=DatasetSettings)
    deployments: DeploymentSettings = Field(default_factory=DeploymentSettings)
    marketplace: MarketplaceSettings = Field(default_factory=MarketplaceSettings)


def load_settings(path: Path | None = None, overrides: dict[str, Any] | None = None) -> Settings:
    """Read settings.

    Parameters
    ----------
    path : Path, optional
        A TOML file with the sections of `Settings`.
    overrides : dict, optional
        ``{"cluster.hosts": 2}``: dotted names that win over the file; None values are left out.

    Raises
    ------
    InvalidRequestError
        If the file cannot be read or a setting is unknown or out of range.
    """
    data: dict[str, Any] = {}
    if path is not None:
        try:
            data = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise InvalidRequestError(f"Settings file {path} cannot be read: {error}.") from error
    for name, value in (overrides or {}).items():
        if value is not None:
            section, _, key = name.partition(".")
            data.setdefault(section, {})[key] = value
    try:
        return Settings.model_validate(data)
    except ValidationError as error:
        raise _setting_error(error, path) from error


def _fields_of(section: Any) -> list[str]:
    return list(section.model_fields)


def _setting_error(error: ValidationError, path: Path | None) -> InvalidRequestError:
    known = [
        f"{section}.{key}"
        for section, field in Settings.model_fields.items()
        for key in _fields_of(field.annotation)
    ]
    fields = []
    for item in error.errors():
        name = ".".join(str(part) for part in item["loc"])
        near = nearest(name, known)
        if item["type"] == "extra_forbidden":
            hint = f" Did you mean {near!r}?" if near else ""
            message = f"Unknown setting {name!r}.{hint}"
        else:
            text = item["msg"].removeprefix("Value error, ")
            message = f"Setting {name} = {item['input']!r}: {text[0].lower()}{text[1:]}."
        fields.append(FieldError(field=name, value=item["input"], message=message, nearest=near))
    where = f" (in {path})" if path else ""
    return InvalidRequestError(" ".join(item.message for item in fields) + where, errors=fields)
