"""From Arrow tables, as Parquet files and Hugging Face datasets hold them, to samples."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from jupyter_platform.core.datasets import DatasetDescriptor, Part
from jupyter_platform.core.errors import FieldError, InvalidDataError, nearest
from jupyter_platform.core.tables import TableLook, options_of
from jupyter_platform.learning.data.arrays import StoredArrays
from jupyter_platform.learning.data.pictures.decoding import Picture
from jupyter_platform.learning.data.pictures.masks import picture_masks
from jupyter_platform.learning.data.pictures.pictures import ImageSamples
from jupyter_platform.learning.data.samples import Samples

IMAGE_NAMES = ("image", "img", "picture")
_HUGGING_FACE = b"huggingface"
"""Key of a schema's metadata with the features of its columns."""
_INDEX_NAME = re.compile(r"__index_level_\d+__")
"""What pandas calls an index that has no name."""
LABEL_NAMES = ("label", "labels", "fine_label", "target", "class")


def read_arrow(
    tables: Sequence[pa.Table],
    parts: Mapping[Part, tuple[int, int]] | None,
    descriptor: DatasetDescriptor,
    look: TableLook | None = None,
) -> StoredArrays:
    """Tell inputs and targets of Arrow tables, which follow one another, apart.

    A column of images (bytes, or a struct with ``bytes``, as Hugging Face stores them) or of lists
    of equal shape is an input of its own; plain numbers are features of one input. The index that
    pandas wrote is no column.

    Parameters
    ----------
    tables : sequence of Table
        With the same columns.
    parts : mapping, optional
        Half-open ranges of rows.
    look : TableLook, optional
        Is filled in with what was recognised, also where the table is then refused.

    Raises
    ------
    InvalidDataError
        If columns differ, are missing, or hold nothing that can be learned.
    """
    name = descriptor.name
    try:
        table = pa.concat_tables(tables)
    except pa.ArrowException as error:
        raise InvalidDataError(
            f"Dataset {name!r}: its files do not have the same columns: "
            f"{str(error).splitlines()[0]}."
        ) from error
    if not len(table):
        raise InvalidDataError(f"Dataset {name!r}: its tables hold no row.")
    index = _index_columns(table)
    named = {*_names(descriptor.target), *(descriptor.inputs or ())}
    hidden = {*(item for item in index if item not in named), *descriptor.exclude}
    shown = table.drop_columns([item for item in table.column_names if item in hidden])
    inputs = _special_inputs(shown, descriptor)
    if inputs is None:
        return _plain(table, index, parts, descriptor, look)
    target = _target_column(shown, descriptor, inputs)
    _check_nested(shown, [*inputs, *_names(target)], name)
    _check_targets(shown, _names(target), name)
    stored = _special(shown, inputs[0], target, descriptor)
    return replace(stored, parts=parts, classes=_class_names(table.schema, target))


def _plain(
    table: pa.Table,
    index: Sequence[str],
    parts: Mapping[Part, tuple[int, int]] | None,
    descriptor: DatasetDescriptor,
    look: TableLook | None,
) -> StoredArrays:
    """Read a table of numbers, dates and text."""
    # pandas takes a second to import, and tables of images do without it.
    from jupyter_platform.learning.data.formats.tables import (  # noqa: PLC0415
        Table,
        kept_ranges,
        read_table,
    )

    options = options_of(descriptor)
    if options.target is None:
        named = options.inputs or ()
        usable = [
            item
            for item in table.column_names
            if item not in (*options.exclude, *named)
            and item not in index
            and table.column(item).null_count < len(table)
        ]
        target = _guessed_target(usable or table.column_names)
        options = options.model_copy(update={"target": target})
    used = options.inputs or [
        item for item in table.column_names if item not in (*index, *options.exclude)
    ]
    _check_nested(table, [item for item in used if item in table.column_names], descriptor.name)
    flat = table.select([item for item in table.column_names if not _is_nested(table, item)])
    found = read_table(
        Table(
            flat.to_pandas(ignore_metadata=True),
            look=look or TableLook(rows=0, columns=[]),
            left_out=tuple(index),
        ),
        options,
        descriptor.name,
    )
    return StoredArrays(
        found.features,
        found.targets,
        parts=kept_ranges(parts, found.kept),
        classes=_class_names(table.schema, options.target or ""),
        notes=found.notes,
    )


def _index_columns(table: pa.Table) -> list[str]:
    """Return the columns in which pandas wrote its index."""
    described = (table.schema.metadata or {}).get(b"pandas")
    told: list[str] = []
    try:
        columns = json.loads(described)["index_columns"] if described else []
        told = [item for item in columns if isinstance(item, str)]
    except (ValueError, KeyError, TypeError):
        pass  # somebody else's metadata
    return [item for item in table.column_names if item in told or _INDEX_NAME.fullmatch(item)]


def _is_nested(table: pa.Table, column: str) -> bool:
    kind = table.schema.field(column).type
    return bool(pa.types.is_nested(kind) or _is_special(kind))


def _check_targets(table: pa.Table, target: Sequence[str], dataset: str) -> None:
    for name in target:
        column = table.column(name)
        if column.null_count:
            row = pc.index(column.is_null(), True).as_py()
            raise InvalidDataError(
                f"Dataset {dataset!r}: column {name!r}, the target, has no value in row {row} "
                f"({column.null_count:,} of {len(table):,} rows); fill such rows in or remove them."
            )


def _check_nested(table: pa.Table, columns: Sequence[str], dataset: str) -> None:
    """Refuse columns of things that are made of other things, but for images."""
    for column in columns:
        kind = table.schema.field(column).type
        nested = pa.types.is_struct(kind) or pa.types.is_map(kind) or pa.types.is_union(kind)
        if nested and not _is_image(kind):
            raise InvalidDataError(
                f"Dataset {dataset!r}: column {column!r} holds {kind}; accepted are numbers, text "
                "as a target, lists of one shape, and images. Name other columns as inputs and "
                "target, or take it apart."
            )


def _special_inputs(table: pa.Table, descriptor: DatasetDescriptor) -> list[str] | None:
    """Return the one column of images or lists that is the input; None where there is none."""
    if descriptor.inputs is not None:
        if len(descriptor.inputs) > 1 or descriptor.inputs[0] not in table.column_names:
            return None
        special = list(descriptor.inputs)
    else:
        target = _names(descriptor.target)
        special = [item for item in table.column_names if item not in target]
    special = [item for item in special if _is_special(table.schema.field(item).type)]
    preferred = [item for item in special if item.lower() in IMAGE_NAMES]
    return (preferred or special)[:1] or None


def _target_column(
    table: pa.Table, descriptor: DatasetDescriptor, inputs: Sequence[str]
) -> str | tuple[str, ...]:
    target = descriptor.target
    if target is None:
        return _guessed_target([item for item in table.column_names if item not in inputs])
    found = tuple(_column(table, item, "target", descriptor.name) for item in _names(target))
    return found[0] if isinstance(target, str) else found


def _guessed_target(columns: Sequence[str]) -> str:
    """Return the column that is called like a target, or the last one."""
    named = [item for item in LABEL_NAMES if item in columns]
    return named[0] if named else columns[-1]


def _names(target: str | tuple[str, ...] | None) -> tuple[str, ...]:
    return () if target is None else (target,) if isinstance(target, str) else target


def _column(table: pa.Table, wanted: str, field_name: str, dataset: str) -> str:
    columns = table.column_names
    if wanted in columns:
        return wanted
    near = nearest(wanted, columns)
    hint = f" Did you mean {near!r}?" if near else ""
    message = f"Dataset {dataset!r} has no column {wanted!r}.{hint} Columns: {', '.join(columns)}."
    field = FieldError(field=field_name, value=wanted, message=message, nearest=near)
    raise InvalidDataError(message, errors=[field])


def _is_special(kind: pa.DataType) -> bool:
    return _is_image(kind) or _is_list(kind)


def _is_image(kind: pa.DataType) -> bool:
    if pa.types.is_struct(kind):
        return bool(kind.get_field_index("bytes") >= 0)
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _is_list(kind: pa.DataType) -> bool:
    if isinstance(kind, pa.BaseExtensionType):
        kind = kind.storage_type
    return bool(
        pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    )


def _special(
    table: pa.Table, column: str, target: str | tuple[str, ...], descriptor: DatasetDescriptor
) -> StoredArrays:
    values = table.column(column)
    if _is_image(values.type):
        inputs = _images(values, column, descriptor)
        return StoredArrays(inputs, _targets_of_images(table, target, inputs, descriptor))
    return StoredArrays(_arrays(values, column, descriptor.name), _targets(table, target))


def _targets_of_images(
    table: pa.Table,
    target: str | tuple[str, ...],
    inputs: ImageSamples,
    descriptor: DatasetDescriptor,
) -> NDArray[Any] | Samples:
    """Return masks where the target is a column of images, else what `_targets` does."""
    if not isinstance(target, str) or not _is_image(table.schema.field(target).type):
        return _targets(table, target)
    height, width = inputs.shape[1:]
    masks = _pictures_of(table.column(target), target, descriptor)
    return picture_masks(len(inputs), masks, (height, width), descriptor)


def _targets(table: pa.Table, target: str | tuple[str, ...]) -> NDArray[Any]:
    columns = [table.column(item).to_numpy() for item in _names(target)]
    found = columns[0] if isinstance(target, str) else np.stack(columns, axis=1)
    return found.astype(np.str_) if found.dtype.kind == "O" else found


def _arrays(values: pa.ChunkedArray, column: str, dataset: str) -> NDArray[Any]:
    """Return a column of nested lists, all of one shape, as one array."""
    flat = values.combine_chunks()
    shape: list[int] = [len(flat)]
    while True:
        if isinstance(flat, pa.ExtensionArray):
            flat = flat.storage
        if not _is_list(flat.type):
            break
        lengths = flat.value_lengths().to_numpy(zero_copy_only=False)
        if not len(lengths) or (lengths != lengths[0]).any():
            bad = int(np.argmax(lengths != lengths[0])) if len(lengths) else 0
            raise InvalidDataError(
                f"Dataset {dataset!r}: the lists of column {column!r} differ in length, first in "
                f"row {bad // max(1, len(lengths) // shape[0])}; samples have one shape."
            )
        shape.append(int(lengths[0]))
        flat = flat.flatten()
    array: NDArray[Any] = flat.to_numpy(zero_copy_only=False)
    if array.dtype.kind not in "biuf":
        raise InvalidDataError(
            f"Dataset {dataset!r}: column {column!r} holds {flat.type}; inputs are real numbers."
        )
    return array.reshape(shape)


def _images(values: pa.ChunkedArray, column: str, descriptor: DatasetDescriptor) -> ImageSamples:
    picture = _pictures_of(values, column, descriptor)
    return ImageSamples(len(values), picture, descriptor.shape, descriptor.name)


def _pictures_of(
    values: pa.ChunkedArray, column: str, descriptor: DatasetDescriptor
) -> Callable[[int], Picture]:
    """Return what gives the image of a row."""
    content = pc.struct_field(values, "bytes") if pa.types.is_struct(values.type) else values
    if content.null_count:
        row = pc.index(content.is_null(), True).as_py()
        raise InvalidDataError(
            f"Dataset {descriptor.name!r}: column {column!r} holds no image in row {row}; images "
            "must lie inside the table."
        )

    def picture(number: int) -> Picture:
        return Picture(f"row {number}", io.BytesIO(content[number].as_py()))

    return picture


def with_features(table: pa.Table, features: Mapping[str, Any]) -> pa.Table:
    """Return a table whose schema tells its features as Hugging Face writes them.

    What the file itself tells holds.

    Parameters
    ----------
    features : mapping
        Column to feature; empty: none are known.
    """
    known = dict(table.schema.metadata or {})
    if not features or _HUGGING_FACE in known:
        return table
    told = json.dumps({"info": {"features": dict(features)}}).encode()
    return table.replace_schema_metadata({**known, _HUGGING_FACE: told})


def _class_names(schema: pa.Schema, target: str | tuple[str, ...]) -> tuple[str, ...] | None:
    """Return the names of the classes that a Hugging Face schema gives its target."""
    described = (schema.metadata or {}).get(_HUGGING_FACE)
    if described is None or not isinstance(target, str) or target not in schema.names:
        return None
    if not pa.types.is_integer(schema.field(target).type):
        return None  # texts name their classes themselves, in an order of their own
    try:
        feature = json.loads(described)["info"]["features"][target]
        names = feature["names"] if feature["_type"] == "ClassLabel" else None
    except (ValueError, KeyError, TypeError):
        return None
    return tuple(str(item) for item in names) if names else None
