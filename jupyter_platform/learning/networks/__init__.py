"""Networks: from a description to a module, its weights, its layer table."""

from jupyter_platform.learning.networks.builder import build, build_source, check_layers
from jupyter_platform.learning.networks.calibration import calibrate
from jupyter_platform.learning.networks.shapes import network_facts, shape_text
from jupyter_platform.learning.networks.weights import (
    WeightsHeader,
    load_weights,
    read_metadata,
    save_weights,
)

__all__ = [
    "WeightsHeader",
    "build",
    "build_source",
    "calibrate",
    "check_layers",
    "load_weights",
    "network_facts",
    "read_metadata",
    "save_weights",
    "shape_text",
]
