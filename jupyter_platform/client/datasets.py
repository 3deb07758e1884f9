"""The datasets of the repository, and the way of a file on this machine into it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jupyter_platform.client.listing import Listing
from jupyter_platform.client.transport import Transport
from jupyter_platform.client.waiting import polled
from jupyter_platform.core.catalogue import DatasetRecord
from jupyter_platform.core.datasets import DatasetPreview, check_dataset_name
from jupyter_platform.core.errors import (
    FieldError,
    InvalidDataError,
    UnavailableError,
)
from jupyter_platform.runtime.names import name_from

KINDS = {".npz": "npz", ".csv": "csv", ".parquet": "parquet", ".txt": "characters"}
"""What a file is, by the end of its name."""
SUFFIXES = tuple(KINDS)
CHUNK = 1_000_000


class Datasets:
    """The part of a client that knows datasets."""

    _transport: Transport

    def datasets(self) -> Listing[DatasetRecord]:
        """Return the datasets of the repository."""
        answer = self._transport.get("/api/datasets")
        records = [DatasetRecord.model_validate(item) for item in answer]
        columns = ("name", "state", "task", "size", "shape", "title")
        return Listing(records, columns, _row)

    def dataset(self, name: str) -> DatasetRecord:
        """Return a dataset with its facts."""
        return DatasetRecord.model_validate(self._transport.get(_address(name)))

    def preview_dataset(
        self,
        name: str,
        part: str | None = None,
        count: int = 32,
        *,
        sample: int | None = None,
        **adapters: Any,
    ) -> DatasetPreview:
        """Return some samples of a dataset, as jobs see them.

        Parameters
        ----------
        name : str
            Name of the dataset.
        part : str, optional
            ``train``, ``validation`` or ``test``; all samples when absent.
        count : int
            How many, spread evenly.
        sample : int, optional
            The one sample that is shown, `count` times, each time changed anew.
        **adapters
            Adapter options, in our spelling or DIANNE's: ``horizontal_flip=0.5``.

        Raises
        ------
        InvalidRequestError
            If the dataset cannot be used, or the adapters do not go with it.
        """
        given: dict[str, Any] = {key: _word(value) for key, value in adapters.items()}
        given |= {"part": part, "count": count, "sample": sample}
        answer = self._transport.get(f"{_address(name)}/preview", **given)
        return DatasetPreview.model_validate(answer)

    def get_dataset(
        self,
        name: str,
        *,
        wait: bool = True,
        on_progress: Callable[[DatasetRecord], None] | None = None,
    ) -> DatasetRecord:
        """Download a public dataset; the coordinator does it, whether anybody waits or not.

        Parameters
        ----------
        name : str
            Name of the dataset.
        wait : bool
            Whether to wait until it is there.
        on_progress : callable, optional
            Is given the record now and then.

        Raises
        ------
        ConflictError
            If there is nothing to download.
        UnavailableError
            If the download fails; the next one goes on where it ended.
        """
        answer = self._transport.request("POST", f"{_address(name)}/get")
        record = DatasetRecord.model_validate_json(answer.content)
        if not wait:
            return record
        for record in polled(lambda: self.dataset(name), longest_pause_s=0.5):
            if on_progress is not None:
                on_progress(record)
            if record.state != "downloading":
                break
        if record.download is not None and record.download.problem is not None:
            raise UnavailableError(f"Dataset {name!r}: {record.download.problem}")
        return record

    def cancel_download(self, name: str) -> DatasetRecord:
        """Stop a download; what has come stays for the next time."""
        answer = self._transport.request("DELETE", f"{_address(name)}/get")
        return DatasetRecord.model_validate_json(answer.content)

    def add_dataset(
        self,
        name: str,
        path: str | Path,
        target: str | None = None,
        task: str | None = None,
        *,
        shuffle: bool = True,
        replace: bool = False,
    ) -> DatasetRecord:
        """Add a dataset from a file.

        Parameters
        ----------
        name : str
            Under which it is kept.
        path : str or Path
            An ``.npz`` with ``x`` and ``y``, a CSV file with a heading, a Parquet file, or a text
            (``.txt``) whose characters are to be learned.
        target : str, optional
            Tables only: the column to learn; the last one when absent.
        task : str, optional
            ``classification`` or ``regression``; told from the targets when absent.
        shuffle : bool
            Whether validation and test samples are drawn from all rows, with a seed; False: the
            last rows test and those before them validate, as of a text always.
        replace : bool
            Whether a dataset of that name may be replaced.

        Raises
        ------
        InvalidDataError
            If the file cannot be used; the message says which cell or array is to blame.
        ConflictError
            If there is one of that name already.
        """
        return upload(
            self._transport,
            name,
            Path(path).expanduser(),
            target=target,
            task=task,
            shuffle=shuffle,
            replace=replace,
        )

    def ensure_dataset(self, path: str | Path) -> str:
        """Add a file under its stem, unless it is there with the same content.

        Where the stem is the name of other data, the file gets another: ``sales-2``.

        Returns
        -------
        str
            The name it has in the repository.
        """
        return ensure_added(self._transport, Path(path).expanduser())

    def as_dataset(self, dataset: str | Path | None) -> tuple[str | None, str | None]:
        """Return the name of a dataset, or of a file that is added first.

        Returns
        -------
        name : str or None
            As `ensure_dataset` gives it for a file.
        note : str or None
            What to tell about that, where the name is not the one that was to be expected.
        """
        if dataset is None or not is_file_argument(dataset):
            return None if dataset is None else str(dataset), None
        path = Path(dataset).expanduser()
        name, wanted = ensure_added(self._transport, path), name_of(path)
        if name == wanted:
            return name, None
        return name, f"The data of {path.name} are the dataset {name!r}; {wanted!r} holds others."

    def remove_dataset(self, name: str) -> None:
        """Remove a dataset that somebody added, or the files of a downloaded one."""
        self._transport.request("DELETE", _address(name))


def is_file_argument(dataset: str | Path) -> bool:
    """Return whether a dataset argument means a file and not a name."""
    return isinstance(dataset, Path) or dataset.lower().endswith(SUFFIXES)


def upload(
    transport: Transport,
    name: str,
    path: Path,
    *,
    target: str | None = None,
    task: str | None = None,
    shuffle: bool = True,
    replace: bool = False,
    rename: bool = False,
) -> DatasetRecord:
    """Send a file and return the dataset made of it; see `Datasets.add_dataset`."""
    check_dataset_name(name)
    kind = _kind(path)
    response = transport.upload(
        _address(name),
        lambda: _chunks(path),
        {
            "kind": kind,
            "target": target,
            "task": task,
            "shuffle": None if shuffle else "false",
            "replace": "true" if replace else None,
            "rename": "true" if rename else None,
        },
    )
    return DatasetRecord.model_validate_json(response.content)


def ensure_added(transport: Transport, path: Path) -> str:
    """Add a file, unless its content is there, and return the name; see `Datasets.ensure_dataset`.

    Raises
    ------
    InvalidDataError
        If there is no such file, or it cannot be used.
    """
    kind, name, reference = _kind(path), name_of(path), f"sha256:{_digest(path)}"
    records = [DatasetRecord.model_validate(item) for item in transport.get("/api/datasets")]
    same = [
        record.name
        for record in records
        if record.origin == "added"
        and record.descriptor is not None
        and (record.descriptor.file, record.descriptor.kind) == (reference, kind)
    ]
    if same:
        return name if name in same else same[0]
    return upload(transport, name, path, rename=True).name


def _kind(path: Path) -> str:
    if not path.is_file():
        message = (
            f"{str(path)!r} is no file, but a folder, a device or a pipe."
            if path.exists()
            else f"There is no file {str(path)!r}."
        )
        field = FieldError(field="dataset", value=str(path), message=message)
        raise InvalidDataError(message, errors=[field])
    if path.suffix.lower() not in KINDS:
        accepted = ", ".join(KINDS)
        raise InvalidDataError(
            f"{str(path)!r} cannot be added: its name must end in one of {accepted}.",
            errors=[
                FieldError(
                    field="dataset",
                    value=str(path),
                    message=f"The name must end in one of {accepted}.",
                    accepted=accepted,
                )
            ],
        )
    return KINDS[path.suffix.lower()]


def name_of(path: Path) -> str:
    """Return the name under which a file is added where nobody gives one."""
    return name_from(path.stem, "data")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


def _address(name: str) -> str:
    return f"/api/datasets/{quote(name, safe='')}"


def _word(value: Any) -> str:
    """Return an option as a query parameter holds it."""
    if isinstance(value, list | tuple):
        return ",".join(str(item) for item in value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _row(dataset: DatasetRecord) -> tuple[str, ...]:
    facts, descriptor = dataset.facts, dataset.descriptor
    described = () if descriptor is None else descriptor.shape or ()
    shape = list(described) if facts is None else facts.shape
    task = None if descriptor is None else descriptor.task
    return (
        dataset.name,
        "being read" if dataset.reading else dataset.state,
        (task if facts is None else facts.task) or "",
        "" if facts is None else f"{facts.size:,}",
        "×".join(str(size) for size in shape),
        dataset.problem or ("" if descriptor is None else descriptor.title),
    )
