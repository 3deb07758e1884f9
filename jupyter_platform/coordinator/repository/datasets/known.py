"""What is known of one dataset of the repository."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from jupyter_platform.coordinator.reading.descriptors import DescriptorFile
from jupyter_platform.core.datasets import DatasetDescriptor
from jupyter_platform.core.errors import UnavailableError


@dataclass(frozen=True)
class KnownDataset:
    """One dataset, as it is now."""

    name: str
    descriptor: DatasetDescriptor | None
    origin: Literal["bundled", "added"]
    file: DescriptorFile | None = None

    @property
    def problem(self) -> str | None:
        """Why it cannot be read."""
        return None if self.file is None else self.file.problem

    @property
    def asked(self) -> DatasetDescriptor | None:
        """What facts can be asked of; None while there is something wrong or missing."""
        if self.descriptor is None or self.problem is not None:
            return None
        return self.descriptor if self.descriptor.is_complete else None


def still_read(descriptor: DatasetDescriptor) -> UnavailableError:
    """Return the error that tells that the data of a dataset are not known yet."""
    return UnavailableError(
        f"The data of {descriptor.name!r} are still being read; ask again when that is done."
    )


def inspection_of(descriptor: DatasetDescriptor) -> dict[str, Any]:
    """Return a question to the inspector; the host agent adds where the files lie."""
    return {"descriptor": descriptor.model_dump(mode="json")}
