"""Records of strategies that do not come with the platform, for forms and lists."""

from __future__ import annotations

import inspect
from importlib import metadata
from pathlib import Path
from typing import Literal

from jupyter_platform.core.errors import PlatformError
from jupyter_platform.core.strategies import StrategyRecord
from jupyter_platform.learning.strategies.base import Strategy
from jupyter_platform.learning.strategies.registry import ENTRY_POINTS, strategy_type


def describe(
    name: str, origin: Literal["installed", "uploaded"], code: Path | None = None
) -> StrategyRecord:
    """Return the record of a strategy that is not built in; broken ones say why.

    Parameters
    ----------
    name : str
        Name of the strategy.
    origin : {'installed', 'uploaded'}
        Where it comes from.
    code : Path, optional
        File with the source of an uploaded one.
    """
    try:
        kind = strategy_type(name, code)
    except PlatformError as error:
        return StrategyRecord(
            name=name, title=name, summary="", category="FF", origin=origin, problem=error.message
        )
    return StrategyRecord(
        name=name,
        title=kind.title or name,
        summary=_summary(kind),
        category="FF",
        roles=kind.roles,
        origin=origin,
        own_options=None if kind.Options is None else kind.Options.model_json_schema(),
    )


def _summary(kind: type[Strategy]) -> str:
    return (inspect.getdoc(kind) or "").split("\n\n")[0].replace("\n", " ")


def installed() -> list[StrategyRecord]:
    """Return the strategies that installed packages bring, by name."""
    names = sorted({item.name for item in metadata.entry_points(group=ENTRY_POINTS)})
    return [describe(name, "installed") for name in names]
