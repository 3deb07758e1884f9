"""The way of one's own torch module into the repository."""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from jupyter_platform.client.own_code.files import (
    is_source_argument,
    source_of_file,
    split_argument,
)
from jupyter_platform.client.own_code.modules import OwnNetwork, is_torch_module, own_network
from jupyter_platform.client.transport import Transport
from jupyter_platform.core.catalogue import NetworkImport, NetworkRecord
from jupyter_platform.core.errors import ConflictError, InvalidDataError, NotFoundError
from jupyter_platform.core.networks import NAME_PATTERN, NetworkDescription
from jupyter_platform.runtime.names import name_from

FIRST_TAG = "initial"
"""Tag of the weights of an instance."""
_MOST_NAMES = 1000


def is_own(network: Any) -> bool:
    """Return whether something is a module of one's own, and no name or description."""
    return (
        is_source_argument(network)
        or is_torch_module(network)
        or inspect.isfunction(network)
        or (inspect.isclass(network))
    )


def own_network_of(network: Any, arguments: Mapping[str, Any]) -> OwnNetwork:
    """Describe a module as a network; parameters and errors as of `Networks.add_network`.

    Parameters
    ----------
    network : object
        Path of a source file, or a class, function or instance.
    arguments : mapping
        Arguments of the class or function, by name.

    Raises
    ------
    InvalidDataError
        If the file is absent, or the object is no network.
    """
    if is_source_argument(network):
        path, attribute = split_argument(network)
        if not path.is_file():
            raise InvalidDataError(f"There is no file {str(path)!r}.")
        return OwnNetwork(path.stem, source_of_file(path, attribute, arguments))
    if inspect.isclass(network) and not is_torch_module(network):
        raise InvalidDataError(
            f"{network.__name__} is no torch.nn.Module; give a class or an instance of one."
        )
    return own_network(network, arguments)


def add_own(
    transport: Transport,
    own: OwnNetwork,
    name: str | None,
    shapes: Mapping[str, Any],
    tag: str | None,
    *,
    replace: bool = False,
) -> tuple[NetworkRecord, str | None]:
    """Add a module, and the weights of an instance.

    Parameters
    ----------
    name : str, optional
        Under which it is kept. When absent it is that of file or class: one with the same source
        is taken as it is, and beside one with other source it gets a number, which a warning
        tells.
    shapes : mapping
        ``input_shape`` and ``outputs`` of the description, None where the dataset tells.
    tag : str, optional
        For the weights.
    replace : bool
        Whether it takes the place of a network of that name with other content.

    Returns
    -------
    record : NetworkRecord
        What is kept.
    tag : str or None
        Under which the weights are.

    Raises
    ------
    PlatformError
        If the source cannot be used, or the name is taken by a network that nobody added.
    """
    fields = {key: value for key, value in shapes.items() if value is not None}
    fields |= {"source": own.source, "title": own.source.attribute or own.source.main}
    if name is not None:
        record = _put(transport, NetworkDescription(name=_checked(name), **fields), replace)
    else:
        record = _added(transport, _name_of(own.name), fields)
    if own.weights is None:
        return record, None
    kept = _keep_weights(transport, record.description, own.weights, tag)
    return _known(transport, record.description.name) or record, kept


def _added(transport: Transport, wanted: str, fields: Mapping[str, Any]) -> NetworkRecord:
    for number in range(1, _MOST_NAMES):
        name = wanted if number == 1 else f"{wanted[:58]}-{number}"
        description = NetworkDescription(name=name, **fields)
        known = _known(transport, name)
        if known is not None and known.description.digest != description.digest:
            continue
        record = known or _put(transport, description)
        if number > 1:
            warnings.warn(
                f"{wanted!r} is another network already; this one is {name!r}.", stacklevel=4
            )
        return record
    raise ConflictError(f"There are {_MOST_NAMES} networks named like {wanted!r}; give a name.")


def _put(
    transport: Transport, description: NetworkDescription, replace: bool = False
) -> NetworkRecord:
    response = transport.request(
        "PUT",
        _address(description.name),
        body=description.model_dump(mode="json", exclude_unset=True),
        params={"code": "true", **({"replace": "true"} if replace else {})},
    )
    return NetworkRecord.model_validate_json(response.content)


def _known(transport: Transport, name: str) -> NetworkRecord | None:
    try:
        return NetworkRecord.model_validate(transport.get(_address(name)))
    except NotFoundError:
        return None


def _keep_weights(
    transport: Transport, description: NetworkDescription, weights: bytes, tag: str | None
) -> str:
    """Keep weights under a tag; under the first free one where none is named."""
    for number in range(1, _MOST_NAMES):
        name = tag or (FIRST_TAG if number == 1 else f"{FIRST_TAG}-{number}")
        shape = description.input_shape
        given = {
            "kind": "safetensors",
            "network": description.name,
            "tag": name,
            "input_shape": None if shape is None else ",".join(map(str, shape)),
            "outputs": description.outputs,
            "file_name": "an instance",
            "replace": "true" if tag else None,
        }
        try:
            answer = transport.upload(
                "/api/networks/import", lambda: [weights], given, method="POST"
            )
        except ConflictError:
            if tag is not None:
                raise
            continue
        return NetworkImport.model_validate_json(answer.content).tags[0]
    raise ConflictError(f"Network {description.name!r} has {_MOST_NAMES} such tags; name one.")


def _checked(name: str) -> str:
    if re.fullmatch(NAME_PATTERN, name) is None:
        accepted = "1 to 64 letters, digits, '.', '_' or '-', the first a letter or digit"
        raise InvalidDataError(
            f"name = {name[:100]!r} is no name of a network; accepted: {accepted}."
        )
    return name


def _name_of(text: str) -> str:
    return name_from(text, "network")


def _address(name: str) -> str:
    return f"/api/networks/{quote(name, safe='')}"
