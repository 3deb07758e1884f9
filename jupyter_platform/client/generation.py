"""Samples and text that trained networks make."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote

from jupyter_platform.client.transport import Transport
from jupyter_platform.core.generations import Generation

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class GenerationResult:
    """The output of a generative network."""

    record: Generation

    @property
    def samples(self) -> NDArray[np.float64] | None:
        """Samples, shape (n, …); None of text."""
        import numpy as np  # noqa: PLC0415 - slow to import, and rarely needed

        found = self.record.samples
        return None if found is None else np.asarray(found, dtype=np.float64)

    @property
    def text(self) -> str | None:
        """The continuation of the start; None where samples were generated."""
        return self.record.text

    def __str__(self) -> str:
        if self.record.text is not None:
            return f"{self.record.start}{self.record.text}"
        assert self.samples is not None
        count, *shape = self.samples.shape
        return f"{count} samples of shape {'×'.join(map(str, shape)) or 'one value'}"

    def __repr__(self) -> str:
        return f"<Generation of {self.record.network} {self.record.tag}>\n{self}"

    def _repr_html_(self) -> str:
        head = f"{self.record.network} {self.record.tag}"
        return f"<p>{escape(head)}</p><pre>{escape(str(self))}</pre>"


class Generating:
    """The part of a client that lets trained networks make something."""

    _transport: Transport

    def generate(
        self,
        network: str,
        *,
        tag: str | None = None,
        seed: int = 0,
        count: int | None = None,
        start: str | None = None,
        length: int | None = None,
        temperature: float | None = None,
    ) -> GenerationResult:
        """Let a generator or decoder make samples, or a network that reads text go on with one.

        Parameters
        ----------
        network : str
            Name in the repository.
        tag : str, optional
            ``<tag>[/<variant>]``; the newest tag and its best weights when absent.
        seed : int
            Seed of what is drawn; the same one gives the same.
        count : int, optional
            Samples to make; 16 when absent.
        start : str, optional
            Text to go on with; the first character that the network knows when absent.
        length : int, optional
            Characters to make; 200 when absent.
        temperature : float, optional
            How freely characters are drawn: near 0 the likeliest always; 1 when absent.

        Raises
        ------
        NotFoundError
            If there is no such network or tag.
        InvalidRequestError
            If the network makes nothing, or something else than is asked for.

        Examples
        --------
        >>> platform.generate("vae-decoder", count=4).samples.shape  # doctest: +SKIP
        (4, 1, 8, 8)
        """
        body = {
            "tag": tag,
            "seed": seed,
            "count": count,
            "start": start,
            "length": length,
            "temperature": temperature,
        }
        path = f"/api/networks/{quote(network, safe='')}/generate"
        answer = self._transport.request("POST", path, body=body, repeatable=True)
        return GenerationResult(Generation.model_validate_json(answer.content))
