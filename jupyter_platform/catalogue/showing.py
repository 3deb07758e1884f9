"""What an item is to who looks at it: whether it runs here, and what its deploy menu offers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from jupyter_platform.core.marketplace import (
    DeployAction,
    DeployKind,
    ItemCard,
    ItemEntry,
    ItemRecord,
    Runs,
)
from jupyter_platform.core.recipes import ServiceName
from jupyter_platform.core.units import format_count


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What the hosts offer to items."""

    containers: bool = False
    """Whether a host has a container runtime."""
    gpus: int = 0
    """GPUs of the host that has most."""


def show_card(
    entry: ItemEntry, all_entries: Mapping[str, ItemEntry], can: Capabilities
) -> ItemCard:
    """Return an item as a list shows it.

    Parameters
    ----------
    entry : ItemEntry
        The item.
    all_entries : mapping
        All items by name; tools deploy models.
    can : Capabilities
        What the hosts offer.
    """
    runs, reason = _runs(entry, all_entries, can)
    fields = {name: getattr(entry.record, name) for name in ItemCard.model_fields}
    return ItemCard.model_construct(**fields | {"runs": runs, "runs_reason": reason})


def show_record(
    entry: ItemEntry, all_entries: Mapping[str, ItemEntry], can: Capabilities
) -> ItemRecord:
    """Return all of an item, with its deploy menu; see `show_card` for the parameters.

    Parameters
    ----------
    entry : ItemEntry
        The item.
    all_entries : mapping of str to ItemEntry
        All items by name.
    can : Capabilities
        What this platform can run.
    """
    runs, reason = _runs(entry, all_entries, can)
    return entry.record.model_copy(
        update={
            "runs": runs,
            "runs_reason": reason,
            "deploy": deploy_menu(entry, all_entries, runs, reason),
        }
    )


def _runs(
    entry: ItemEntry, all_entries: Mapping[str, ItemEntry], can: Capabilities
) -> tuple[Runs, str]:
    """Return what an item needs to run, and the sentence that says so."""
    if not entry.record.valid:
        return "no", "Its metadata cannot be read, so nobody knows how it runs."
    if entry.record.model is not None:
        return _runs_by_tool(entry.record.model.tool, all_entries, can)
    needs_container = entry.recipe is None or entry.recipe.runtime == "container"
    if needs_container and entry.image is None:
        return "no", "It has neither a recipe nor a container image."
    if needs_container and not can.containers:
        gpus = f" and {format_count(entry.gpus, 'GPU')}" if entry.gpus > can.gpus else ""
        return "containers", f"It runs in a container{gpus}; no host here runs containers."
    if entry.gpus > can.gpus:
        there = f"the hosts have {can.gpus} at most" if can.gpus else "no host here has one"
        return "gpu", f"It needs {format_count(entry.gpus, 'GPU')}; {there}."
    if needs_container:
        return "here", "It runs in a container on a host of this platform."
    if entry.recipe is not None and entry.recipe.environment is not None:
        return "here", "It runs on a host of this platform, with packages of its own."
    return "here", "It runs on a host of this platform, with the packages that are installed."


def _runs_by_tool(
    tool: str, all_entries: Mapping[str, ItemEntry], can: Capabilities
) -> tuple[Runs, str]:
    found = all_entries.get(tool)
    if found is None or found.record.model is not None:
        return "no", f"The tool {tool!r} that would deploy it is not in the catalogue."
    runs, reason = _runs(found, all_entries, can)
    return runs, f"The tool {found.record.title!r} deploys it. {reason}"


def deploy_menu(
    entry: ItemEntry, all_entries: Mapping[str, ItemEntry], runs: Runs, reason: str
) -> list[DeployAction]:
    """Return the deploy menu of an item: all ways, those that are not possible with the reason.

    Parameters
    ----------
    entry : ItemEntry
        The item.
    all_entries : mapping
        All items by name.
    runs, reason : str
        Whether it runs here, and why.
    """
    model = entry.record.model
    if model is not None:
        return [_by_tool(entry, all_entries, runs == "here", reason)]
    ways = [_way(way, entry, runs, reason) for way in _WAYS]
    return [*ways, _vscode(entry, runs, reason), _batch(entry, runs, reason), _elsewhere(entry)]


@dataclass(frozen=True, slots=True)
class _Way:
    """A way to deploy that opens one of some services."""

    action: DeployKind
    label: str
    services: tuple[ServiceName, ...]
    """The first of these that the item offers is opened."""
    what: str
    lacking: str
    """Why it is disabled where the item offers none of them."""


_WAYS = (
    _Way(
        "try",
        "Try",
        ("ui", "api"),
        "Opens its page for ten minutes.",
        "It offers no page and no inference API to try.",
    ),
    _Way(
        "api",
        "Inference API (dedicated)",
        ("api",),
        "A server of its own that answers predictions.",
        "It offers no inference API.",
    ),
    _Way(
        "jupyterlab",
        "JupyterLab",
        ("ide",),
        "A JupyterLab of its own, in the environment of the item.",
        "It offers no development environment.",
    ),
)


def _way(way: _Way, entry: ItemEntry, runs: Runs, reason: str) -> DeployAction:
    found = next((service for service in way.services if service in _services(entry)), None)
    enabled = runs == "here" and found is not None
    possible = way.lacking if found is None else way.what
    return DeployAction(
        action=way.action,
        label=way.label,
        enabled=enabled,
        reason=possible if runs == "here" else reason,
        service=found if enabled else None,
        item=entry.record.name,
        values={"service": found} if enabled and way.action != "try" else {},
    )


def _services(entry: ItemEntry) -> list[ServiceName]:
    """Return the services of an item; a container of AI4OS has API and JupyterLab."""
    if entry.recipe is not None:
        return list(entry.recipe.services)
    return [] if entry.image is None else ["api", "ide"]


def _vscode(entry: ItemEntry, runs: Runs, reason: str) -> DeployAction:
    name = entry.record.name
    tells = entry.recipe is not None and "vscode" in str(entry.recipe.arguments.get("ide", ""))
    enabled = runs == "here" and tells
    why = "VS Code in the browser, inside the item."
    if runs != "here":
        why = reason
    elif not tells:
        why = "Its development environment has no VS Code."
    return DeployAction(
        action="vscode",
        label="VS Code",
        enabled=enabled,
        reason=why,
        service="ide" if enabled else None,
        item=name,
        values={"service": "ide", "ide": "vscode"} if enabled else {},
    )


def _batch(entry: ItemEntry, runs: Runs, reason: str) -> DeployAction:
    in_process = entry.recipe is not None and entry.recipe.runtime == "process"
    why = "A script that runs in the item's environment and then ends."
    if runs != "here":
        why = reason
    elif not in_process:
        why = "Scripts run in the environments of items with a recipe of runtime process."
    enabled = runs == "here" and in_process
    return DeployAction(
        action="batch", label="Batch", enabled=enabled, reason=why, item=entry.record.name
    )


def _elsewhere(entry: ItemEntry) -> DeployAction:
    label = "Elsewhere"
    if entry.image is None:
        why = "It has no container image that another platform could run."
        return DeployAction(action="elsewhere", label=label, enabled=False, reason=why)
    return DeployAction(
        action="elsewhere",
        label=label,
        enabled=True,
        reason=f"Run it on a machine of yours: docker run -p 5000:5000 {entry.image}",
        values={"image": entry.image},
    )


def _by_tool(
    entry: ItemEntry, all_entries: Mapping[str, ItemEntry], runs_here: bool, reason: str
) -> DeployAction:
    model = entry.record.model
    assert model is not None, "only models are deployed by a tool"
    known = model.tool in all_entries
    token = " Its publisher hands it out with a token only." if model.needs_token else ""
    return DeployAction(
        action="api",
        label=f"Deploy with {all_entries[model.tool].record.title if known else model.tool}",
        enabled=runs_here,
        reason=f"{reason}{token}",
        item=model.tool if known else None,
        values={"model_id": model.id},
        url=None,
    )
