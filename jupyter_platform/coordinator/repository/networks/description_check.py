"""Whether weights belong to their network as it is described now."""

from __future__ import annotations

from jupyter_platform.core.catalogue import TagRecord
from jupyter_platform.core.errors import ConflictError
from jupyter_platform.core.networks import NetworkDescription


def check_description(network: NetworkDescription, record: TagRecord, cure: str) -> None:
    """Refuse weights that were learnt by an earlier description of their network.

    Parameters
    ----------
    network : NetworkDescription
        The network as it is now.
    record : TagRecord
        The tag that holds the weights.
    cure : str
        What helps, as an imperative without a full stop.

    Raises
    ------
    ConflictError
        If the weights belong to another description.
    """
    if record.network_digest != network.digest:
        raise ConflictError(
            f"The weights under tag {record.tag!r} belong to an earlier description of network "
            f"{network.name!r}; {cure}."
        )
