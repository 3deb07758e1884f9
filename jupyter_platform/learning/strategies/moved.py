"""Modules and classes by the names of earlier releases, which strategies of users import."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from types import MappingProxyType, ModuleType

_LEARNING = "jupyter_platform.learning"
_FOLDERS: Mapping[str, Sequence[str]] = {
    "strategies.supervised": ("feed_forward", "bptt", "distillation"),
    "strategies.generative": ("adversarial", "gan", "wgan", "vae", "elbo", "distances"),
    "strategies.reinforcement": ("dqn", "recurrent_dqn", "ddpg", "ppo"),
    "networks": ("recurrence", "outputs", "modes"),
    "sampling": ("windows", "prefetching"),
}
MOVED: Mapping[str, str] = MappingProxyType(
    {
        f"{_LEARNING}.updates": f"{_LEARNING}.optimization.updater",
        f"{_LEARNING}.datasets": f"{_LEARNING}.data",
        f"{_LEARNING}.strategies.sampling": f"{_LEARNING}.sampling.samplers",
        **{
            f"{_LEARNING}.strategies.{name}": f"{_LEARNING}.{folder}.{name}"
            for folder, names in _FOLDERS.items()
            for name in names
        },
    }
)
"""Earlier name of each module, and its present one."""


class MovedModules(MetaPathFinder, Loader):
    """Imports the present module where an earlier name is asked for, and says so."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return how to import an earlier name; None for any other name.

        Parameters
        ----------
        name : str
            Name of the module.
        path : sequence of str or None
            Of the package; unused.
        target : ModuleType, optional
            Unused.
        """
        del path, target
        return spec_from_loader(name, self) if name in MOVED else None

    def exec_module(self, module: ModuleType) -> None:
        """Put the present module in the place of the empty one."""
        name = module.__name__
        warnings.warn(f"{name} is now {MOVED[name]}.", FutureWarning, stacklevel=2)
        sys.modules[name] = import_module(MOVED[name])


def accept_earlier_names() -> None:
    """Let imports by earlier names succeed from now on."""
    if not any(isinstance(item, MovedModules) for item in sys.meta_path):
        sys.meta_path.append(MovedModules())


def renamed(name: str, classes: Mapping[str, type]) -> type:
    """Return a class by its earlier name, and say what it is called now.

    Parameters
    ----------
    classes : mapping
        From earlier names to classes.

    Raises
    ------
    AttributeError
        If there was none of that name.
    """
    if name not in classes:
        raise AttributeError(f"module {__package__!r} has no attribute {name!r}")
    found = classes[name]
    warnings.warn(f"{name} is now {found.__name__}.", FutureWarning, stacklevel=3)
    return found
