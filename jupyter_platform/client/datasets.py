"""The datasets of the repository, and the way of a file on this machine into it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jupyter_platform.client.data_files import as_file
from jupyter_platform.client.listing import Listing
from jupyter_platform.client.transport import Transport
from jupyter_platform.client.waiting import polled
from jupyter_platform.core.catalogue import DatasetLook, DatasetRecord
from jupyter_platform.core.datasets import DatasetPreview, check_dataset_name
from jupyter_platform.core.errors import (
    FieldError,
    InvalidDataError,
    UnavailableError,
    nearest,
    refusal,
    sendable,
)
from jupyter_platform.core.tables import TableOptions
from jupyter_platform.runtime.names import name_from

KINDS = {
    ".npz": "npz",
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".txt": "characters",
}
"""File format by suffix."""
SUFFIXES = tuple(KINDS)
CHUNK = 1_000_000
_OTHER_OPTIONS = ("kind", "shape", "scale", "task", "shuffle", "skip_broken")
"""Options of reading that are not of tables alone."""


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
        data: Any,
        target: str | int | Sequence[str] | None = None,
        task: str | None = None,
        *,
        shuffle: bool = True,
        replace: bool = False,
        **reading: Any,
    ) -> DatasetRecord:
        """Add a dataset.

        Parameters
        ----------
        name : str
            Under which it is kept.
        data : str, Path, DataFrame, ndarray, tuple or dict
            A file: ``.npz`` with ``x`` and ``y``, CSV, Parquet, or a text (``.txt``) whose
            characters are to be learned. A folder of pictures, or of Hugging Face, which is read
            where it lies. A pandas DataFrame without its index. Arrays: ``(x, y)``, a dict of
            ``x`` and ``y`` (or ``x_train``, ``y_train``, ``x_test``, ``y_test``), or one array of
            shape (N, F) of which `target` is a column, the last one when absent.
        target : str, int or sequence of str, optional
            Tables: the column to learn (or columns of numbers); the last one when absent.
        task : str, optional
            ``classification`` or ``regression``; told from the targets when absent.
        shuffle : bool
            Whether validation and test samples are drawn from all rows, with a seed; False: the
            last rows test and those before them validate, as of a text always.
        replace : bool
            Whether a dataset of that name may be replaced.
        **reading
            How it is read, see `core.tables.TableOptions`: ``separator=";"``, ``missing="drop"``,
            ``encode="one-hot"``, ``exclude=["id"]``; and ``shape``, ``scale``, ``kind``. Of
            pictures ``skip_broken=True`` leaves those out that cannot be read; where their sizes
            differ and there is no ``shape``, they are resized as `look_at_dataset` tells.

        Raises
        ------
        InvalidDataError
            If it cannot be used; the message says all that is to blame.
        ConflictError
            If there is one of that name already.
        """
        check_dataset_name(name)
        options = {"target": target, **reading}
        with as_file(data, options) as path:
            return upload(
                self._transport,
                name,
                path,
                task=task,
                shuffle=shuffle,
                replace=replace,
                options=options,
            )

    def look_at_dataset(self, data: Any, target: Any = None, **reading: Any) -> DatasetLook:
        """Return how something would be read as a dataset; nothing is added.

        Parameters
        ----------
        data, target, **reading
            As of `add_dataset`.

        Returns
        -------
        DatasetLook
            What was recognised, the first rows or samples, and all that is wrong.
        """
        options = {"target": target, **reading}
        with as_file(data, options) as path:
            params = {**read_as(options), "file_name": path.name}
            if path.is_dir():
                params["path"] = str(path.resolve())
            elif not path.is_file():
                raise _no_file(path)
            chunks = iter(()) if path.is_dir() else None
            answer = self._transport.upload(
                "/api/datasets/look",
                lambda: _chunks(path) if chunks is None else chunks,
                params,
                method="POST",
            )
        return DatasetLook.model_validate_json(answer.content)

    def look_at_bytes(self, content: bytes, file_name: str, **options: Any) -> DatasetLook:
        """Return how the content of a file would be read; options as of `look_at_dataset`.

        Parameters
        ----------
        content : bytes
            Content of the file.
        file_name : str
            Name of the file; its suffix tells the format.
        """
        params = {**read_as(options), "file_name": file_name}
        answer = self._transport.upload(
            "/api/datasets/look", lambda: iter((content,)), params, method="POST"
        )
        return DatasetLook.model_validate_json(answer.content)

    def look_again(self, content: str, *, file_name: str = "", **options: Any) -> DatasetLook:
        """Return how data inspected before would be read with other options.

        Parameters
        ----------
        content : str
            `DatasetLook.content`; or ``path:<file or folder>`` on the platform's machine.
        file_name : str
            What it is called.
        **options
            As of `add_dataset`.
        """
        params = {**read_as(options), "file_name": file_name or None}
        given = content.removeprefix("path:")
        params |= {"path": given} if content.startswith("path:") else {"content": content}
        answer = self._transport.upload(
            "/api/datasets/look", lambda: iter(()), params, method="POST"
        )
        return DatasetLook.model_validate_json(answer.content)

    def add_looked_at(
        self, name: str, content: str, *, replace: bool = False, **options: Any
    ) -> DatasetRecord:
        """Add inspected data as a dataset; see `look_again`.

        Parameters
        ----------
        name : str
            Name of the new dataset.
        content : str
            `DatasetLook.content` of the inspected data.
        replace : bool
            Whether it takes the place of an added dataset of the same name.
        **options
            As of `look_again`, to read the data in the same way.
        """
        check_dataset_name(name)
        params = {**read_as(options), "content": content}
        params["replace"] = "true" if replace else None
        answer = self._transport.upload(_address(name), lambda: iter(()), params)
        return DatasetRecord.model_validate_json(answer.content)

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
        """Remove an added dataset, or the files of a downloaded one."""
        self._transport.request("DELETE", _address(name))


def is_file_argument(dataset: str | Path) -> bool:
    """Return whether a dataset argument means a file and not a name."""
    return isinstance(dataset, Path) or dataset.lower().endswith(SUFFIXES)


def upload(
    transport: Transport,
    name: str,
    path: Path,
    *,
    task: str | None = None,
    shuffle: bool = True,
    replace: bool = False,
    rename: bool = False,
    options: Mapping[str, Any] | None = None,
) -> DatasetRecord:
    """Send a file, or name a folder, and return the dataset made of it.

    Parameters
    ----------
    transport : Transport
        Connection to the coordinator.
    name : str
        Name of the new dataset.
    path : Path
        File to send, or folder of the platform's machine.
    task : str, optional
        ``"classification"`` or ``"regression"``; None: recognised from the data.
    shuffle : bool
        Whether samples are shuffled before they are split into parts.
    replace : bool
        Whether it takes the place of an added dataset of the same name.
    rename : bool
        Whether a number is appended to a name that other data have: ``sales-2``.
    options : mapping, optional
        How it is read, as of `Datasets.add_dataset`.
    """
    check_dataset_name(name)
    params = {
        **read_as(options or {}),
        "task": task,
        "shuffle": None if shuffle else "false",
        "replace": "true" if replace else None,
        "rename": "true" if rename else None,
    }
    if path.is_dir():
        params["content"] = f"path:{path.resolve()}"
        response = transport.upload(_address(name), lambda: iter(()), params)
    else:
        params["kind"] = params.get("kind") or _kind(path)
        response = transport.upload(_address(name), lambda: _chunks(path), params)
    return DatasetRecord.model_validate_json(response.content)


def read_as(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return options of reading as query parameters: those of tables are one JSON object.

    Raises
    ------
    OptionError
        If one is unknown; the nearest is named.
    """
    given = {key: item for key, item in options.items() if item is not None}
    known = [*TableOptions.model_fields, *_OTHER_OPTIONS]
    for key in given:
        if key not in known:
            near = nearest(key, known)
            hint = f" Did you mean {near!r}?" if near else ""
            accepted = ", ".join(known)
            message = f"There is no option {key!r} of reading a dataset.{hint} Known: {accepted}."
            raise refusal(key, sendable(str(given[key])), message, accepted, near)
    table = {key: _plain(given[key]) for key in given if key in TableOptions.model_fields}
    others = {key: _word(given[key]) for key in given if key in _OTHER_OPTIONS}
    return {**others, **({"table": json.dumps(table)} if table else {})}


def _plain(value: Any) -> Any:
    """Return an option as JSON holds it; columns may be numbers."""
    if isinstance(value, Mapping):
        return {str(key): item for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [str(item) for item in value]
    is_column = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if is_column else value


def ensure_added(transport: Transport, path: Path) -> str:
    """Add a file, unless its content is there, and return the name; see `Datasets.ensure_dataset`.

    Parameters
    ----------
    transport : Transport
        Connection to the coordinator.
    path : Path
        File to add.

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
        raise _no_file(path)
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


def _no_file(path: Path) -> InvalidDataError:
    message = (
        f"{str(path)!r} is no file, but a folder, a device or a pipe."
        if path.exists()
        else f"There is no file {str(path)!r}."
    )
    field = FieldError(field="dataset", value=str(path), message=message)
    return InvalidDataError(message, errors=[field])


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
