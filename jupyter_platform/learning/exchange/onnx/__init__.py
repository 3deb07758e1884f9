"""ONNX files: the operators that have a layer here, both ways."""

from importlib.util import find_spec

from jupyter_platform.core.errors import UnavailableError

if find_spec("onnx") is None:
    raise UnavailableError(
        "ONNX files need the package onnx: pip install 'jupyter-platform[onnx]'."
    )
