"""FastAPI with pydantic: ``python fastapi_server.py PORT``."""

import sys
from typing import Any

import uvicorn
from fastapi import FastAPI
from mlp import make_network, predict
from pydantic import BaseModel

app = FastAPI()
network = make_network()


class Sample(BaseModel):
    """Body of a request."""

    inputs: list[float]


@app.post("/predict")
async def answer(sample: Sample) -> dict[str, Any]:
    """Predict one sample."""
    return predict(network, sample.inputs)


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), log_level="warning", access_log=False)
