"""Seeds of random streams."""

from __future__ import annotations

import hashlib


def stream_seed(*path: int) -> int:
    """Return the seed of one random stream.

    Streams whose paths differ anywhere have nothing in common, however close the seeds that
    people choose.

    Parameters
    ----------
    *path : int
        What the stream belongs to: the job's seed, the rank, what draws, …

    Returns
    -------
    int
        From 0 to 2**63 - 1, as torch's generators take it.
    """
    digest = hashlib.blake2b(repr(path).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1
