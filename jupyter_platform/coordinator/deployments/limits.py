"""What one person may ask for: settings of all, then of the role, then of the project."""

from __future__ import annotations

from dataclasses import dataclass

from jupyter_platform.coordinator.identity.principals import Principal
from jupyter_platform.core.settings import DeploymentSettings

_LIMITS = ("gpus_per_deployment", "gpus_per_person", "cpus", "memory_mb", "disk_mb")


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one person."""

    gpus_per_deployment: int
    gpus_per_person: int
    cpus: tuple[int, int]
    memory_mb: tuple[int, int]
    disk_mb: tuple[int, int]
    of: str | None = None
    """Whose they are where they are not those of all: ``project tutorials``."""

    @property
    def whose(self) -> str:
        """Words behind a limit that say whose it is."""
        return f" ({self.of})" if self.of else ""


def limits_of(principal: Principal, settings: DeploymentSettings) -> Limits:
    """Return the limits of a person; those of the project win, then those of the role.

    Parameters
    ----------
    principal : Principal
        Who asks.
    settings : DeploymentSettings
        The limits of all, and changes to them.
    """
    found = {name: getattr(settings, name) for name in _LIMITS}
    role = "administrator" if principal.administers else "member"
    whose = None
    changes = [(f"role {role}", settings.roles.get(role))]  # type: ignore[call-overload]
    changes += [
        (f"project {name}", project)
        for name, project in settings.projects.items()
        if principal.user in project.members
    ]
    for name, change in changes:
        own = {key: getattr(change, key) for key in _LIMITS if getattr(change, key, None)}
        zero = {key: 0 for key in _LIMITS[:2] if getattr(change, key, None) == 0}
        if own or zero:
            found |= own | zero
            whose = name
    return Limits(**found, of=whose)
