"""``dataset_infos.json``: what repositories of the Hugging Face hub told before README files did.

Its form is that of ``datasets.info.DatasetInfosDict``: a mapping of configurations with `features`
and `splits`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_platform.core.datasets import Part
from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.core.units import format_count
from jupyter_platform.learning.data.layout import front_matter
from jupyter_platform.learning.data.part_names import part_named
from jupyter_platform.runtime.bounded import BoundsError, parse_json, read_text

INFOS = "dataset_infos.json"
_TOLD_BY_README = ("configs", "dataset_info")
"""Keys of a README's front matter that take the place of the file."""


@dataclass(frozen=True)
class ToldInfo:
    """What a configuration tells of its data."""

    features: Mapping[str, Any] = field(default_factory=dict)
    """Column to feature, as the schema of a Parquet file has it."""
    counts: Mapping[Part, int] = field(default_factory=dict)
    """Samples in each part."""

    def check_counts(self, found: Mapping[Part, int], dataset: str) -> None:
        """Refuse files that hold other numbers of samples than are told.

        Parameters
        ----------
        found : mapping
            Samples of each part, as the files hold them.
        dataset : str
            Name, for errors.

        Raises
        ------
        InvalidDataError
            Naming the first part that differs, with both numbers.
        """
        for part in dict.fromkeys((*self.counts, *found)) if self.counts else ():
            told, held = self.counts.get(part, 0), found.get(part, 0)
            if told != held:
                raise InvalidDataError(
                    f"Dataset {dataset!r}: {INFOS} tells {format_count(told, 'sample')} of the "
                    f"{part} part, and its files hold {held:,}. Bring the files that are missing, "
                    f"or remove {INFOS} where the files are right."
                )


def read_infos(folder: Path, dataset: str) -> ToldInfo:
    """Return what the file tells, where the README's front matter tells nothing of the data.

    Parameters
    ----------
    folder : Path
        Clone of a repository of the hub.
    dataset : str
        Name, for errors.

    Raises
    ------
    InvalidDataError
        If the file is not understood, or tells several configurations and none is ``default``.
    """
    path = folder / INFOS
    if not path.is_file() or any(key in front_matter(folder, dataset) for key in _TOLD_BY_README):
        return ToldInfo()
    try:
        content = parse_json(read_text(path))
    except (OSError, UnicodeDecodeError, BoundsError, json.JSONDecodeError) as error:
        raise InvalidDataError(f"Dataset {dataset!r}: {INFOS} cannot be read: {error}.") from error
    configs = content if isinstance(content, dict) else {}
    if len(configs) > 1 and "default" not in configs:
        raise InvalidDataError(
            f"Dataset {dataset!r}: {INFOS} tells several configurations: {', '.join(configs)}. "
            "Name the files of one as train, validation and test where the dataset is described."
        )
    info = configs.get("default", next(iter(configs.values()), {}))
    try:
        return _told(info)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InvalidDataError(
            f"Dataset {dataset!r}: {INFOS} is not understood; wanted are configurations with "
            "features and splits as the hub writes them."
        ) from error


def _told(info: Mapping[str, Any]) -> ToldInfo:
    counts: dict[Part, int] = {}
    for name, split in (info.get("splits") or {}).items():
        part = part_named(str(name))
        if part is not None:
            counts[part] = counts.get(part, 0) + int(split["num_examples"])
    return ToldInfo(dict(info.get("features") or {}), counts)
