"""A module of DEEPaaS, which has installed it as an entry point: ``deepaas-run``."""

from typing import Any

from mlp import make_network
from mlp import predict as predicted
from webargs import fields

network: Any = None


def warm() -> None:
    """Make the network."""
    global network
    network = make_network()


def get_metadata() -> dict[str, Any]:
    """Return what is told of it."""
    return {"name": "mlp"}


def get_predict_args() -> dict[str, Any]:
    """Return its argument."""
    return {"inputs": fields.List(fields.Float(), required=True)}


def predict(inputs: list[float]) -> dict[str, Any]:
    """Predict one sample."""
    return predicted(network, inputs)
