"""The networks of the repository: in from files, out to files, and their names and weights."""

from __future__ import annotations

import json
import os
import re
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jupyter_platform.client.listing import Listing
from jupyter_platform.client.own_code import add_own, is_own, own_network_of
from jupyter_platform.client.transport import Transport
from jupyter_platform.core.catalogue import NetworkImport, NetworkRecord, TagRecord
from jupyter_platform.core.errors import (
    FieldError,
    InvalidDataError,
    InvalidRequestError,
    shortened,
)
from jupyter_platform.core.exchange import ONNX_SUFFIX

CHUNK = 1_000_000
MODULES = "modules.txt"
"""File name of a network's description in DIANNE."""
DESCRIPTION = "network.json"
"""File name of a network's description in an archive of this platform."""
_CONVERTED_WITHIN_S = 600.0
"""Seconds that the coordinator may take to make a file."""
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class Networks:
    """The part of a client that knows networks."""

    _transport: Transport

    def networks(self) -> Listing[NetworkRecord]:
        """Return the networks of the repository."""
        answer = self._transport.get("/api/networks")
        records = [NetworkRecord.model_validate(item) for item in answer]
        return Listing(records, ("name", "task", "parameters", "tags", "title"), _row)

    def network(self, name: str) -> NetworkRecord:
        """Return a network with its layer table and tags."""
        return NetworkRecord.model_validate(self._transport.get(_address(name)))

    def add_network(
        self,
        network: Any,
        name: str | None = None,
        *,
        tag: str | None = None,
        input_shape: Sequence[int] | None = None,
        outputs: int | None = None,
        replace: bool = False,
        **arguments: Any,
    ) -> NetworkRecord:
        """Add a network to the repository: a torch module of one's own, or a description.

        The source of a module is taken along, with the files beside it that it imports, and is
        run wherever its jobs run. A class that was defined in a notebook takes along what it uses.

        Parameters
        ----------
        network : path, class, function, instance or mapping
            A Python file, ``"mynet.py"`` or ``"mynet.py:MyNet"``; a class of `torch.nn.Module` or
            a function that gives one; an instance, whose weights are kept under a tag; a
            `NetworkDescription` as a mapping, or a JSON file with one.
        name : str, optional
            Under which it is kept; that of file or class when absent, with a number where other
            source has it already.
        tag : str, optional
            For the weights of an instance; ``initial`` when absent.
        input_shape : sequence of int, optional
            Shape of one sample, without the batch; that of its dataset when absent.
        outputs : int, optional
            Number of its outputs; that of its dataset when absent.
        replace : bool
            Whether it takes the place of a network of that name with other content.
        **arguments
            Of the constructor, as JSON holds them. ``input_shape`` and ``outputs`` are given to
            who asks for them by these names; ``"$outputs"`` stands for the number of classes.

        Returns
        -------
        NetworkRecord
            Its description says under which name it is kept.

        Raises
        ------
        InvalidDataError
            If it cannot be read, its source cannot be had or run, with the line, an argument
            is missing or unknown, or no network can be built from it.
        ConflictError
            If the name that is given is that of other content.
        """
        if is_own(network):
            own = own_network_of(network, arguments)
            shapes = {"input_shape": input_shape, "outputs": outputs}
            return add_own(self._transport, own, name, shapes, tag, replace=replace)[0]
        content = _read_description(network)
        given: dict[str, Any] = {"name": name, "input_shape": input_shape, "outputs": outputs}
        content |= {key: value for key, value in given.items() if value is not None}
        name = str(content.get("name") or "")
        if not name:
            raise InvalidDataError("The description of the network has no name; give it one.")
        if arguments:
            raise InvalidDataError(
                f"A description takes no arguments; {', '.join(arguments)} can be given to one's "
                "own module."
            )
        params = {"replace": "true"} if replace else None
        response = self._transport.request("PUT", _address(name), params=params, body=content)
        return NetworkRecord.model_validate_json(response.content)

    def network_names(self, type: str, networks: Any) -> tuple[Any, dict[str, Any]]:
        """Return the names of networks, after adding the user's own, and options for their weights.

        Parameters
        ----------
        type : str
            Kind of job, which decides the option for weights.
        networks : object
            Names in the repository, or torch modules, one or several.

        Returns
        -------
        names
            str or list of str: Names in the repository.
        """
        if not is_own(networks) and (
            isinstance(networks, str) or not isinstance(networks, Sequence)
        ):
            return networks, {}
        given = [networks] if is_own(networks) else list(networks)
        found = [self.ensure_network(item) if is_own(item) else (item, None) for item in given]
        option = "init_tag" if str(type).upper() == "LEARN" else "tag"
        tag = found[0][1] if len(found) == 1 else None
        return [name for name, _ in found], {} if tag is None else {option: tag}

    def ensure_network(self, network: Any) -> tuple[str, str | None]:
        """Add a module of one's own, unless it is there with the same source.

        Parameters
        ----------
        network : path, class, function or instance
            As `add_network` takes it.

        Returns
        -------
        name : str
            The name it has in the repository.
        tag : str or None
            Of the weights of an instance.
        """
        record, tag = add_own(self._transport, own_network_of(network, {}), None, {}, None)
        return record.description.name, tag

    def import_network(
        self,
        path: str | Path,
        name: str | None = None,
        *,
        tag: str | None = None,
        network: str | None = None,
        input_shape: Sequence[int] | None = None,
        outputs: int | None = None,
        output: str | None = None,
        kind: str | None = None,
        replace: bool = False,
        code: bool = False,
    ) -> NetworkImport:
        """Add a network, with its weights, from a file or folder of another program or platform.

        Parameters
        ----------
        path : path
            An archive of `export_network`; a network of DIANNE: its folder, a zip file of that, or
            ``modules.txt``, with the weights beside it; an ONNX file; a description as JSON; or
            weights as safetensors.
        name : str, optional
            Under which it is kept; what the file says, or its name, when absent.
        tag : str, optional
            For weights that come without one.
        network : str, optional
            The network that bare weights belong to.
        input_shape : sequence of int, optional
            Shape of one sample, where the file does not say.
        outputs : int, optional
            Number of outputs, where bare weights do not say.
        output : str, optional
            Which output of a network with several: its number from 1, or its name.
        kind : str, optional
            ``archive``, ``dianne``, ``onnx``, ``safetensors`` or ``description``; told from the
            content when absent.
        replace : bool
            Whether a network or tag of that name may be replaced.
        code : bool
            Whether Python source in an archive may be run: it is code that runs as you.

        Raises
        ------
        InvalidDataError
            If it cannot be used; what is wrong with it is named.
        ConflictError
            If there is one of that name already.
        """
        shape = None if input_shape is None else ",".join(str(size) for size in input_shape)
        with _as_file(Path(path).expanduser()) as (file, called):
            response = self._transport.upload(
                "/api/networks/import",
                lambda: _chunks(file),
                {
                    "kind": kind,
                    "file_name": called,
                    "name": name,
                    "network": network,
                    "tag": tag,
                    "input_shape": shape,
                    "outputs": outputs,
                    "output": output,
                    "replace": "true" if replace else None,
                    "code": "true" if code else None,
                },
                method="POST",
            )
        return NetworkImport.model_validate_json(response.content)

    def export_network(
        self, name: str, path: str | Path | None = None, tags: Sequence[str] | None = None
    ) -> Path:
        """Download a network and its weights as a zip file, which `import_network` takes back.

        Parameters
        ----------
        name : str
            The network.
        path : path, optional
            A file, or a folder for ``<name>.zip``; the working folder when absent.
        tags : sequence of str, optional
            Which weights; all when absent.

        Returns
        -------
        Path
            The file.
        """
        query = "" if tags is None else f"?tags={quote(','.join(tags), safe=',')}"
        target = _target(path, f"{name}.zip")
        return self._download(f"{_address(name)}/archive{query}", target)

    def export_onnx(
        self,
        name: str,
        path: str | Path | None = None,
        tag: str | None = None,
        input_shape: Sequence[int] | None = None,
    ) -> Path:
        """Download a network with weights as an ONNX file; the coordinator needs package onnx.

        Parameters
        ----------
        name : str
            The network.
        path : path, optional
            A file, or a folder for ``<name>.onnx``; the working folder when absent.
        tag : str, optional
            ``<tag>[/<variant>]``; the newest tag and its best weights when absent.
        input_shape : sequence of int, optional
            Shape of one sample, where neither network nor weights say.

        Raises
        ------
        InvalidDataError
            If a layer has no ONNX form; it is named.
        """
        shape = None if input_shape is None else ",".join(str(size) for size in input_shape)
        given = {"tag": tag, "input_shape": shape}
        query = "&".join(f"{key}={quote(item, safe=',')}" for key, item in given.items() if item)
        address = f"{_address(name)}/onnx" + (f"?{query}" if query else "")
        return self._download(address, _target(path, f"{name}.onnx"))

    def copy_network(self, name: str, copy: str, *, weights: bool = True) -> NetworkRecord:
        """Add a copy of a network.

        Parameters
        ----------
        name : str
            Network to copy.
        copy : str
            Name of the copy.
        weights : bool
            Whether its weights are copied too.

        Raises
        ------
        ConflictError
            If there is a network of the new name already.
        """
        body = {"name": copy, "weights": weights}
        response = self._transport.request("POST", f"{_address(name)}/copy", body=body)
        return NetworkRecord.model_validate_json(response.content)

    def rename_network(self, name: str, new: str) -> NetworkRecord:
        """Rename an added network, together with its weights and jobs.

        Parameters
        ----------
        name : str
            Present name.
        new : str
            New name.

        Raises
        ------
        ConflictError
            If there is a network of the new name, or a job that has not ended uses this one.
        """
        response = self._transport.request("POST", f"{_address(name)}/rename", body={"name": new})
        return NetworkRecord.model_validate_json(response.content)

    def remove_network(self, name: str, *, weights: bool = False) -> None:
        """Remove an added network.

        Parameters
        ----------
        weights : bool
            Whether its weights go with it; without, a network of the same name finds them again.

        Raises
        ------
        ConflictError
            If a job that has not ended uses it.
        """
        params = {"weights": "true"} if weights else None
        self._transport.request("DELETE", _address(name), params=params)

    def rename_tag(self, name: str, tag: str, new: str) -> TagRecord:
        """Give weights another name.

        Parameters
        ----------
        name : str
            Of the network.
        tag, new : str
            What the weights are called, and what they are to be called.

        Raises
        ------
        ConflictError
            If there are weights of the new name, the old one is the id of the job that made
            them, or a job that has not ended uses them.
        """
        address = f"{_address(name)}/weights/{quote(tag, safe='')}/rename"
        response = self._transport.request("POST", address, body={"name": new})
        return TagRecord.model_validate_json(response.content)

    def remove_tag(self, name: str, tag: str) -> None:
        """Remove the weights under a tag.

        Parameters
        ----------
        name : str
            Network that the weights belong to.
        tag : str
            Name of the weights.

        Raises
        ------
        ConflictError
            If a job that has not ended uses them.
        """
        self._transport.request("DELETE", f"{_address(name)}/weights/{quote(tag, safe='')}")

    def _download(self, address: str, target: Path) -> Path:
        descriptor, partial = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(descriptor, "wb") as file:
                for piece in self._transport.stream(address, _CONVERTED_WITHIN_S):
                    file.write(piece)
            os.chmod(partial, 0o644)
            os.replace(partial, target)
        except BaseException:
            os.unlink(partial)
            raise
        return target


def _address(name: str) -> str:
    return f"/api/networks/{quote(name, safe='')}"


def _row(network: NetworkRecord) -> tuple[str, ...]:
    facts = network.facts
    return (
        network.description.name,
        network.description.task or "both",
        f"{facts.parameters:,}" if facts and facts.layers else "",
        str(len(network.tags)),
        network.description.title,
    )


def _read_description(description: Any) -> dict[str, Any]:
    if isinstance(description, Mapping):
        return dict(description)
    if not isinstance(description, str | Path):
        accepted = "a Python file, a class or instance of torch.nn.Module, or a description"
        message = f"network = {shortened(repr(description))} is no network; give {accepted}."
        field = FieldError(field="network", message=message, accepted=accepted)
        raise InvalidRequestError(message, errors=[field])
    path = Path(description).expanduser()
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidRequestError(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise InvalidDataError(f"{path} is no JSON file: {error}.") from error
    if not isinstance(content, dict):
        raise InvalidDataError(f"{path} holds no description of a network: it is not an object.")
    return content


def _target(path: str | Path | None, name: str) -> Path:
    target = Path.cwd() if path is None else Path(path).expanduser()
    target = target / name if target.is_dir() else target
    if not target.parent.is_dir():
        raise InvalidRequestError(f"There is no folder {str(target.parent)!r}.")
    return target.absolute()


@contextmanager
def _as_file(path: Path) -> Iterator[tuple[Path, str]]:
    """Give a file to send and what it is called; a folder becomes a zip file."""
    if path.name == MODULES and path.is_file() and len(list(_members(path.parent, ""))) > 1:
        # Where DIANNE keeps weights beside it, those are meant, too.
        path = path.resolve().parent
    beside = path.with_name(path.name + ".data")
    if path.suffix == ONNX_SUFFIX and beside.is_file():
        # Where torch keeps the weights of a model that it exports.
        with _zipped({path.name: path, beside.name: beside}) as file:
            yield file, f"{path.stem}.zip"
        return
    if path.is_file():
        yield path, path.name
        return
    if not path.is_dir():
        message = f"There is no file or folder {str(path)!r}."
        raise InvalidDataError(
            message, errors=[FieldError(field="path", value=str(path), message=message)]
        )
    name = path.resolve().name
    with _zipped(dict(_members(path, name))) as file:
        yield file, f"{name}.zip"


@contextmanager
def _zipped(members: Mapping[str, Path]) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "network.zip"
        with zipfile.ZipFile(file, "w") as archive:
            for member, source in members.items():
                archive.write(source, member)
        yield file


def _members(folder: Path, name: str) -> Iterator[tuple[str, Path]]:
    if (folder / DESCRIPTION).is_file():
        for path in folder.rglob("*"):
            if path.is_file():
                yield path.relative_to(folder).as_posix(), path
        return
    modules = folder / MODULES
    if not modules.is_file():
        inner = sorted(item.parent.name for item in folder.glob(f"*/{MODULES}"))
        found = f"; {', '.join(inner[:10])} in it do: name one of them" if inner else ""
        raise InvalidDataError(
            f"The folder {str(folder)!r} holds neither {MODULES} nor {DESCRIPTION}{found}."
        )
    yield f"{name}/{MODULES}", modules
    ids = {item.lower() for item in _UUID.findall(modules.read_text("utf-8", "replace"))}
    # DIANNE keeps weights with the network, or those of all networks in one folder beside it.
    shared = folder.resolve().parent / "weights"
    for place, inside in ((shared, "weights"), (folder / "weights", name), (folder, name)):
        for path in sorted(place.glob("*")) if place.is_dir() else ():
            match = _UUID.match(path.name)
            if path.is_file() and match is not None and match.group().lower() in ids:
                yield f"{inside}/{path.name}", path


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk
