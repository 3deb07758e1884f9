"""LitServe as its documentation shows it: ``python litserve_server.py PORT``."""

import sys
from typing import Any

import litserve
from mlp import make_network, predict


class Api(litserve.LitAPI):
    """The network."""

    def setup(self, device: str) -> None:
        """Make it."""
        self.network = make_network()

    def decode_request(self, request: dict[str, Any]) -> list[float]:
        """Return the sample of a request."""
        inputs: list[float] = request["inputs"]
        return inputs

    def predict(self, sample: list[float]) -> dict[str, Any]:
        """Predict one sample."""
        return predict(self.network, sample)

    def encode_response(self, output: dict[str, Any]) -> dict[str, Any]:
        """Return the answer."""
        return output


if __name__ == "__main__":
    server = litserve.LitServer(Api(), accelerator="cpu")
    server.run(port=int(sys.argv[1]), log_level="warning", generate_client_file=False)
