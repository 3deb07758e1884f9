"""The README of an exported network."""

from __future__ import annotations

from collections.abc import Sequence

from jupyter_platform._version import __version__
from jupyter_platform.core.catalogue import NetworkRecord, TagRecord
from jupyter_platform.core.units import format_bytes


def readme(record: NetworkRecord, tags: Sequence[TagRecord]) -> str:
    """Return ``README.md`` of an archive.

    Parameters
    ----------
    record : NetworkRecord
        The network.
    tags : sequence of TagRecord
        Its weights.
    """
    description, facts = record.description, record.facts
    lines = [f"# {description.title or description.name}", "", description.summary, ""]
    told = [
        ("name", description.name),
        ("learns", description.task),
        ("input", _shape(description.input_shape or (facts.input_shape if facts else None))),
        ("outputs", description.outputs),
        ("parameters", f"{facts.parameters:,}" if facts and facts.parameters else None),
        ("structure", f"SHA-256 {description.digest}"),
    ]
    lines += [f"- {name}: {value}" for name, value in told if value is not None]
    if facts is not None and facts.layers:
        lines += ["", "| layer | type | output | parameters |", "|---|---|---|---|"]
        lines += [
            f"| {row.name} | {row.type} | {_shape(row.output_shape) or ''} | {row.parameters:,} |"
            for row in facts.layers
        ]
    code = ""
    if description.source is not None:
        code = " --code"
        files = ", ".join(f"`{path}`" for path in description.source.files)
        lines += ["", f"It is made by Python source in `network.json` ({files}), which runs as "]
        lines[-1] += "whoever imports it: read it first."
    lines += ["", "## Weights", ""]
    lines += [line for tag in tags for line in _weights(tag)] or ["None."]
    lines += [
        "",
        "## Use",
        "",
        f"Import it: `jupyter platform networks import {description.name}.zip{code}`. "
        "The weights are safetensors files; any program that knows the format reads them.",
        "",
        f"Made by jupyter-platform {__version__}.",
    ]
    return "\n".join(lines) + "\n"


def _weights(tag: TagRecord) -> list[str]:
    origin = tag.origin
    made = [
        ("dataset", tag.dataset),
        ("job", tag.job),
        ("seed", origin.seed),
        ("torch", origin.torch),
        ("from", origin.source),
    ]
    known = ", ".join(f"{name} {value}" for name, value in made if value is not None)
    lines = [f"- `{tag.tag}`, {tag.updated_at:%Y-%m-%d}" + (f": {known}" if known else "")]
    for variant in tag.variants:
        scores = ", ".join(
            f"{name} {'not finite' if value is None else f'{value:.4g}'}"
            for name, value in variant.scores.items()
        )
        size = format_bytes(variant.bytes)
        lines.append(f"  - `{variant.variant}`, step {variant.step:,}, {size} {scores}".rstrip())
    return lines


def _shape(sizes: Sequence[int] | None) -> str | None:
    if sizes is None:
        return None
    return "×".join(str(size) for size in sizes) or "1"
