"""Variables on their way from a notebook to a job and back, in formats that cannot hold code.

Standard library only; pandas, NumPy and safetensors are imported where a value is of theirs. The
kernel of a job runs this file by its path, in an environment that may lack the platform.

=============================================  ================
type                                           file
=============================================  ================
``pandas.DataFrame``                           ``.parquet``
``numpy.ndarray``, a number of NumPy's         ``.npy``
dictionary of arrays                           ``.npz``
``torch.Tensor``, a state dictionary           ``.safetensors``
None, bool, int, float, str, lists and
dictionaries of them                           ``.json``
=============================================  ================

A ``torch.nn.Module`` gives its state dictionary. A tensor comes back on the CPU, without gradient.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any, Callable, Dict  # noqa: UP035 - Python 3.8 has no dict[str, int]

_SINGLE = "jupyter_platform.value"
"""Key of a tensor that stands alone in its file."""
_TEXTS = ("string", "empty", "boolean", "integer", "floating", "decimal", "date", "datetime",
          "datetime64", "timedelta", "bytes", "mixed-integer-float")  # fmt: skip
"""Types that pandas infers of object columns which Parquet restores unchanged."""


class ValueRefusedError(TypeError):
    """A value that no file format without code can restore unchanged."""


def save_value(name: str, value: Any, folder: str) -> str:
    """Write a value to a file ``<name><suffix>``.

    Parameters
    ----------
    name : str
        Name of the variable.
    value : object
        Of one of the types above.
    folder : str
        Where the file is made.

    Returns
    -------
    str
        Name of the file; its suffix is the format.

    Raises
    ------
    ValueRefusedError
        If there is no format for it that holds no code, naming variable and type.
    """
    suffix, write = _writer(name, value)
    file = name + suffix
    write(os.path.join(folder, file))
    return file


def load_value(path: str) -> Any:
    """Return the value in a file that `save_value` has written."""
    return _READERS[os.path.splitext(path)[1]](path)


def load_into(variables: Dict[str, Any], files: Dict[str, str]) -> None:  # noqa: UP006 - Python 3.8
    """Set variables from files: name to path.

    Parameters
    ----------
    variables : dict
        Namespace to change.
    files : dict
        Path by name of the variable.
    """
    for name, path in files.items():
        variables[name] = load_value(path)


def save_from(variables: Dict[str, Any], names: list[str], folder: str) -> None:  # noqa: UP006
    """Write variables to files of a folder, all of them or none.

    Parameters
    ----------
    variables : dict
        Namespace that holds the variables.
    names : list of str
        Variables to save.
    folder : str
        Folder for the files.

    Raises
    ------
    NameError
        If one of them is not there.
    ValueRefusedError
        As of `save_value`.
    """
    for name in names:
        if name not in variables:
            raise NameError(f"name {name!r} is not defined: it was to be a result of this cell")
    for name in names:
        save_value(name, variables[name], folder)


def _writer(name: str, value: Any) -> tuple[str, Callable[[str], None]]:
    torch, numpy, pandas = (sys.modules.get(key) for key in ("torch", "numpy", "pandas"))
    if torch is not None and isinstance(value, torch.nn.Module):
        value = value.state_dict()
    if torch is not None and isinstance(value, torch.Tensor):
        return ".safetensors", lambda path: _write_tensors(name, {_SINGLE: value}, path)
    if pandas is not None and isinstance(value, pandas.DataFrame):
        return ".parquet", lambda path: _write_frame(name, value, path)
    if numpy is not None and isinstance(value, (numpy.ndarray, numpy.generic)):
        return ".npy", lambda path: _write_array(name, value, path)
    if isinstance(value, dict) and value and all(isinstance(key, str) for key in value):
        if torch is not None and all(isinstance(item, torch.Tensor) for item in value.values()):
            return ".safetensors", lambda path: _write_tensors(name, value, path)
        if numpy is not None and all(isinstance(item, numpy.ndarray) for item in value.values()):
            return ".npz", lambda path: _write_arrays(name, value, path)
    _check_plain(name, value, name)
    return ".json", lambda path: _write_json(value, path)


def _refused(name: str, value: Any, hint: str = "") -> ValueRefusedError:
    kind = type(value)
    of = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
    of += kind.__qualname__
    return ValueRefusedError(
        f"{name} is a {of}, which cannot go along{hint}. Accepted are DataFrames, arrays and "
        "dictionaries of arrays, tensors, modules and state dictionaries of torch, and plain "
        "values as JSON has them; nothing is pickled."
    )


_HINTS = {
    "tuple": "; make it a list",
    "set": "; make it a list",
    "Series": "; take .to_frame()",
    "Index": "; take .to_numpy()",
}


def _check_plain(name: str, value: Any, where: str) -> None:
    """Refuse what JSON would lose or change."""
    if value is None or type(value) in (bool, int, str):
        return
    if type(value) is float:
        return
    if type(value) is list:
        for index, item in enumerate(value):
            _check_plain(name, item, f"{where}[{index}]")
        return
    if type(value) is dict:
        for key, item in value.items():
            if type(key) is not str:
                raise _refused(f"the key {key!r} of {where}", key, "; make it text")
            _check_plain(name, item, f"{where}[{key!r}]")
        return
    raise _refused(where, value, _HINTS.get(type(value).__name__, ""))


def _write_json(value: Any, path: str) -> None:
    with open(path, "w", encoding="utf-8") as file:
        json.dump(value, file)


def _read_json(path: str) -> Any:
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def _write_frame(name: str, frame: Any, path: str) -> None:
    import pandas  # noqa: PLC0415 - where a value is of its

    if isinstance(frame.columns, pandas.MultiIndex) or not all(
        isinstance(column, str) for column in frame.columns
    ):
        raise _refused(name, frame, " as its columns are no texts; name them so")
    if type(frame) is not pandas.DataFrame:
        raise _refused(name, frame)
    for column in frame.columns:
        kind = pandas.api.types.infer_dtype(frame[column], skipna=True)
        if frame[column].dtype == object and kind not in _TEXTS:
            raise _refused(f"column {column!r} of {name}", frame[column].iloc[0], "")
    try:
        frame.to_parquet(path)
    except ImportError:
        raise
    except Exception as error:
        raise ValueRefusedError(f"{name} cannot be written as Parquet: {error}") from error


def _read_frame(path: str) -> Any:
    import pandas  # noqa: PLC0415 - where a value is of its

    return pandas.read_parquet(path)


def _check_array(name: str, array: Any) -> None:
    if array.dtype.hasobject:
        raise _refused(name, array, f" with elements of type {array.dtype}")
    numpy = sys.modules["numpy"]
    if type(array) is not numpy.ndarray and not isinstance(array, numpy.generic):
        raise _refused(name, array, "; make it a plain array")


def _write_array(name: str, array: Any, path: str) -> None:
    import numpy  # noqa: PLC0415 - where a value is of its

    _check_array(name, array)
    if isinstance(array, numpy.generic):
        # A structured array of one field tells it from an array without axes.
        array = numpy.array([(array,)], dtype=[("scalar", array.dtype)])
    numpy.save(path, array, allow_pickle=False)


def _read_array(path: str) -> Any:
    import numpy  # noqa: PLC0415 - where a value is of its

    array = numpy.load(path, allow_pickle=False)
    return array["scalar"][0] if array.dtype.names == ("scalar",) else array


def _write_arrays(name: str, arrays: Dict[str, Any], path: str) -> None:  # noqa: UP006
    import numpy  # noqa: PLC0415 - where a value is of its

    for key, array in arrays.items():
        _check_array(f"{name}[{key!r}]", array)
    with open(path, "wb") as file:
        # Written by hand: `savez` takes no key called file.
        import zipfile  # noqa: PLC0415 - for this alone

        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            for key, array in arrays.items():
                with archive.open(key + ".npy", "w", force_zip64=True) as member:
                    numpy.lib.format.write_array(member, array, allow_pickle=False)


def _read_arrays(path: str) -> Dict[str, Any]:  # noqa: UP006 - Python 3.8
    import numpy  # noqa: PLC0415 - where a value is of its

    with numpy.load(path, allow_pickle=False) as archive:
        return {key: archive[key] for key in archive.files}


def _write_tensors(name: str, tensors: Dict[str, Any], path: str) -> None:  # noqa: UP006
    from safetensors.torch import save_file  # noqa: PLC0415 - where a value is of torch

    plain = {}
    for key, tensor in tensors.items():
        where = name if key == _SINGLE else f"{name}[{key!r}]"
        if tensor.is_sparse or tensor.is_quantized or tensor.is_complex() or tensor.is_meta:
            raise _refused(where, tensor, "; make it dense and real")
        # Clones, as the format refuses tensors that share memory: tied weights do.
        plain[key] = tensor.detach().cpu().contiguous().clone()
    try:
        save_file(plain, path)
    except (KeyError, ValueError) as error:
        raise ValueRefusedError(f"{name} cannot be written as safetensors: {error}") from error


def _read_tensors(path: str) -> Any:
    from safetensors.torch import load_file  # noqa: PLC0415 - where a value is of torch

    tensors = load_file(path)
    return tensors[_SINGLE] if tensors.keys() == {_SINGLE} else tensors


_READERS: Dict[str, Callable[[str], Any]] = {  # noqa: UP006 - Python 3.8
    ".json": _read_json,
    ".npy": _read_array,
    ".npz": _read_arrays,
    ".parquet": _read_frame,
    ".safetensors": _read_tensors,
}
