"""DIANNE's dataset descriptors in our terms (dianne.md, section 3).

Both say the same with other words: ``type`` for kind, ``inputDims`` for shape, and so on. Where
DIANNE has names of files built in, those that lie beside the descriptor are taken.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_platform.core.errors import nearest
from jupyter_platform.core.options.groups.adapters import AdapterOptions
from jupyter_platform.runtime.bounded import read_text

_MARKS = frozenset(
    {"type", "adapter", "inputDims", "targetDims", "noSamples", "inputFiles", "targetFiles"}
)
"""Keys that only DIANNE's descriptors have."""
_IGNORED = frozenset({"inputType", "targetType", "prefetch", "targetDims", "targetFilter"})
_PREFIXES = {
    "MNIST": "MNIST",
    "CIFAR-100": "CIFAR100",
    "CIFAR-10": "CIFAR10",
    "STL-10": "STL10",
    "SVHN": "SVHN",
}
"""Types by what a name begins with, where none is given."""
_ADAPTERS = {
    "Range": ("range",),
    "RandomFlip": ("vflip", "hflip", "vlip"),
    "RandomRotation": ("rotationTheta", "rotationCenter", "zeropad"),
    "RandomCrop": ("cropWidth", "cropHeight", "cropPadding"),
    "Frame": ("frame",),
    "Autoencoder": ("encoder_noise", "encoder_drop"),
    "Label": ("labels", "other"),
    "MaskToClass": ("center", "threshold"),
    "Binarize": ("binarize",),
}
_SWITCHES: dict[str, dict[str, Any]] = {
    "RandomRotation": {"rotationTheta": "3.141592653589793"},
    "Autoencoder": {"autoencode": True},
    "MaskToClass": {"mask_to_class": True},
    "Binarize": {"binarize": 0.5},
}
"""Implicit settings of DIANNE's adapters."""

_WORDS: tuple[str, ...] = ("name", "title", "summary")
"""Keys that mean the same here."""

Content = dict[str, Any]


def is_dianne(content: Mapping[str, Any]) -> bool:
    """Return whether a descriptor is one of DIANNE's."""
    if "kind" in content:
        return False
    name = str(content.get("name", ""))
    return not _MARKS.isdisjoint(content) or any(name.startswith(item) for item in _PREFIXES)


def translate(content: Mapping[str, Any], folder: Path) -> Content:
    """Return one of DIANNE's descriptors in our terms.

    Parameters
    ----------
    content : mapping
        What the file holds.
    folder : Path
        Where it lies: files that DIANNE finds by their names are looked for there.

    Raises
    ------
    ValueError
        If a key is unknown, or it is for something that is no dataset here.
    """
    if "adapter" in content:
        return _adapted(content)
    kind = _type(content)
    translators: dict[str, Callable[[_Source], Content]] = {
        "MNIST": _mnist,
        "CIFAR10": _cifar10,
        "CIFAR100": _cifar100,
        "SVHN": _svhn,
        "STL10": _stl10,
        "FileDataset": _raw,
        "GenericFileDataset": _raw,
        "CSVDataset": _csv,
        "ImageClassificationDataset": _images,
        "ImageSegmentationDataset": _masks,
        "CharSequenceDataset": _characters,
    }
    if kind not in translators:
        near = nearest(kind, translators)
        hint = f" Did you mean {near!r}?" if near else ""
        if kind.endswith("ExperiencePool"):
            hint = " Experience pools are made by ACT jobs."
        raise ValueError(f"type {kind!r} is not known.{hint} Known: {', '.join(translators)}")
    rest = {key: value for key, value in content.items() if key not in _IGNORED}
    found: Content = {key: rest.pop(key) for key in _WORDS if key in rest}
    rest.pop("type", None)
    found |= _classes(rest, kind, folder)
    if "noSamples" in rest:
        found["size"] = rest.pop("noSamples")
    if "inputDims" in rest:
        found["shape"] = _dims(rest.pop("inputDims"))
    found = translators[kind](_Source(content, rest, folder)) | found
    if rest:
        raise ValueError(f"key {next(iter(rest))!r} is not one of type {kind!r}")
    return found


@dataclass(frozen=True)
class _Source:
    """One descriptor on its way."""

    content: Mapping[str, Any]
    """All of it."""
    rest: Content
    """What is not translated yet."""
    folder: Path

    def classes(self) -> Content:
        """Return classes named by their numbers, as many as `targetDims` says."""
        dims = _dims(self.content.get("targetDims", []))
        return {"classes": [str(number) for number in range(dims[0])]} if dims else {}


def _type(content: Mapping[str, Any]) -> str:
    if "type" in content:
        return str(content["type"]).rsplit(".", 1)[-1]
    name = str(content.get("name", ""))
    return next((kind for prefix, kind in _PREFIXES.items() if name.startswith(prefix)), name)


def _adapted(content: Mapping[str, Any]) -> Content:
    name = str(content["adapter"]).rsplit(".", 1)[-1]
    short = name.removesuffix("Adapter").removeprefix("Dataset")
    if short not in _ADAPTERS:
        near = nearest(short, _ADAPTERS)
        hint = f" Did you mean '{near}Adapter'?" if near else ""
        known = ", ".join(f"{item}Adapter" for item in _ADAPTERS)
        raise ValueError(f"adapter {name!r} is not known.{hint} Known: {known}")
    if "dataset" not in content:
        raise ValueError("an adapter needs 'dataset', the name of what it adapts")
    spellings = {**AdapterOptions.spellings(), "vlip": "vertical_flip"}
    options = dict(_SWITCHES.get(short, {}))
    found: Content = {"dataset": content["dataset"]}
    for key, value in content.items():
        if key in _WORDS:
            found[key] = value
        elif key in _ADAPTERS[short]:
            options[key] = value
        elif key not in ("adapter", "dataset") and key not in _IGNORED:
            known = ", ".join(_ADAPTERS[short])
            raise ValueError(f"key {key!r} is not one of adapter {name!r}, which has {known}")
    found["adapters"] = {spellings.get(key, key): value for key, value in options.items()}
    return found


def _classes(rest: Content, kind: str, folder: Path) -> Content:
    if "labels" in rest:
        return {"classes": _list(rest.pop("labels"))}
    if "labelsFile" not in rest:
        return {}
    text = _read(folder / str(rest.pop("labelsFile")))
    if kind == "CharSequenceDataset":
        return {"classes": list(dict.fromkeys(text))}
    return {"classes": [line.strip() for line in text.splitlines() if line.strip()]}


def _read(path: Path) -> str:
    try:
        return read_text(path)
    except (OSError, ValueError) as error:
        raise ValueError(f"labelsFile {path.name} cannot be read: {error}") from error


def _list(value: Any) -> list[Any]:
    if isinstance(value, str):
        return [part.strip() for part in value.split(",")]
    return list(value) if isinstance(value, list | tuple) else [value]


def _dims(value: Any) -> list[int]:
    try:
        return [int(side) for side in _list(value)]
    except (TypeError, ValueError):
        raise ValueError(f"{value!r} is no list of dimensions, such as [3, 32, 32]") from None


def _column(rest: Content, key: str) -> int:
    value = rest.pop(key, 0)
    try:
        return int(value)
    except (TypeError, ValueError):
        raise ValueError(f"{key} = {value!r} is no number of columns") from None


def _beside(folder: Path, *names: str) -> str:
    """Return the first of some names that lies there, or the first of them."""
    found = [name for name in names if (folder / name).exists()]
    return (found or list(names))[0]


def _digits() -> list[str]:
    return [str(digit) for digit in range(10)]


def _mnist(source: _Source) -> Content:
    def file(start: str, form: str) -> str:
        names = (f"{start}.{form}", f"{start}-{form}")
        return _beside(source.folder, *names, *(f"{name}.gz" for name in names))

    images, labels = "idx3-ubyte", "idx1-ubyte"
    return {
        "kind": "idx",
        "train": [file("train-images", images), file("train-labels", labels)],
        "test": [file("t10k-images", images), file("t10k-labels", labels)],
        "classes": _digits(),
    }


def _cifar10(source: _Source) -> Content:
    batches = [f"data_batch_{number}.bin" for number in range(1, 6)]
    named = _named_classes(source, "batches.meta.txt")
    return {"kind": "cifar10", "train": batches, "test": ["test_batch.bin"], **named}


def _cifar100(source: _Source) -> Content:
    is_coarse = _dims(source.content.get("targetDims", 100)) == [20]
    named = _named_classes(source, f"{'coarse' if is_coarse else 'fine'}_label_names.txt")
    if is_coarse and not named:
        named = source.classes()
    return {"kind": "cifar100", "train": ["train.bin"], "test": ["test.bin"], **named}


def _named_classes(source: _Source, name: str) -> Content:
    path = source.folder / name
    return _classes({"labelsFile": name}, "", source.folder) if path.is_file() else {}


def _svhn(source: _Source) -> Content:
    if (source.folder / "train_32x32.mat").exists():
        files = {"train": ["train_32x32.mat"], "test": ["test_32x32.mat"]}
        return {"kind": "svhn", **files, "classes": _digits()}
    return {
        "kind": "raw",
        "label_bytes": 0,
        "shape": [3, 32, 32],
        "train": ["train_images.bin", "train_labels.bin"],
        "test": ["test_images.bin", "test_labels.bin"],
        "classes": _digits(),
    }


def _stl10(source: _Source) -> Content:
    files = {"train": ["train_X.bin", "train_y.bin"], "test": ["test_X.bin", "test_y.bin"]}
    return {"kind": "stl10", **files, **_named_classes(source, "class_names.txt")}


def _raw(source: _Source) -> Content:
    found = {"kind": "raw", **source.classes()}
    if "files" in source.rest:
        return {**found, "train": _list(source.rest.pop("files"))}
    inputs, targets = (_list(source.rest.pop(key, [])) for key in ("inputFiles", "targetFiles"))
    if not inputs:
        raise ValueError("a FileDataset needs 'files', or 'inputFiles' and 'targetFiles'")
    if not targets:
        return {**found, "train": inputs}
    if len(inputs) != len(targets):
        raise ValueError(
            f"inputFiles names {len(inputs)} files and targetFiles {len(targets)}; each input file "
            "has one target file"
        )
    pairs = [name for pair in zip(inputs, targets, strict=True) for name in pair]
    return {**found, "label_bytes": 0, "train": pairs}


def _csv(source: _Source) -> Content:
    rest, content = source.rest, source.content
    if "inputDims" not in content or "file" not in rest:
        raise ValueError("a CSVDataset needs 'file' and 'inputDims'")
    first = _column(rest, "inputOffset")
    last = first + math.prod(_dims(content["inputDims"]))
    target = last + _column(rest, "targetOffset")
    found: Content = {
        "kind": "csv",
        "header": False,
        "file": rest.pop("file"),
        "separator": rest.pop("separator", ","),
        "inputs": [str(column) for column in range(first, last)],
    }
    if str(rest.pop("classification", False)).lower() == "true":
        return {**found, "target": str(target), "task": "classification", **source.classes()}
    count = math.prod(_dims(content.get("targetDims", 1)))
    columns = [str(column) for column in range(target, target + count)]
    return {**found, "target": columns, "task": "regression"}


def _images(source: _Source) -> Content:
    if "targetsFile" not in source.rest:
        raise ValueError("an ImageClassificationDataset needs 'targetsFile'")
    labels = str(source.rest.pop("targetsFile"))
    return {"kind": "images", "file": ".", "labels": labels, **source.classes()}


def _masks(source: _Source) -> Content:
    return {"kind": "masks", "file": "."}


def _characters(source: _Source) -> Content:
    return {"kind": "characters", "file": str(source.rest.pop("file", "input.txt"))}
