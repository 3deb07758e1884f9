"""From a network and its weights to an ONNX file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import helper
from onnx.reference import ReferenceEvaluator
from onnx.reference.op_run import OpRun
from torch import Tensor

from jupyter_platform._version import __version__
from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.core.exchange import ExportAnswer, ExportRequest
from jupyter_platform.core.networks import NetworkDescription
from jupyter_platform.core.preparations import METADATA_KEY, to_metadata
from jupyter_platform.learning.exchange.onnx.emitters import EMITTERS, LayerNode
from jupyter_platform.learning.exchange.onnx.graph_writer import IR_VERSION, OPSET, GraphWriter
from jupyter_platform.learning.exchange.onnx.shape_emitters import SHAPE_EMITTERS
from jupyter_platform.learning.networks import build, load_weights
from jupyter_platform.learning.networks.graph import INPUT, GraphNetwork, StepwiseNetwork
from jupyter_platform.learning.networks.layers import Embedding
from jupyter_platform.learning.networks.shapes import shape_text
from jupyter_platform.learning.networks.trained import learnt_for

ACCEPTED_DIFFERENCE = 1e-4
"""Largest difference to torch's outputs, relative to their size, that a file may have."""
_BATCH = 2
_BATCH_NAME = "batch"


def write_onnx(request: ExportRequest) -> ExportAnswer:
    """Write a network, and compare what the file computes with what torch does.

    Raises
    ------
    InvalidDataError
        If a layer has no ONNX form, the shape of a sample is not known, or the file computes
        something else.
    """
    description = request.description
    network, shape = _network(request)
    samples = _samples(network, shape)
    with torch.inference_mode():
        wanted = network(samples)
    model = _model(description, network, samples)
    preparation = learnt_for(Path(request.weights)).preparation
    if preparation is not None:
        onnx.helper.set_model_props(model, {METADATA_KEY: to_metadata(preparation)})
    target = Path(request.target)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, str(target))
    difference = _difference(model, samples, wanted)
    if not difference <= ACCEPTED_DIFFERENCE * max(1.0, float(wanted.abs().max())):
        target.unlink()
        raise InvalidDataError(
            f"The ONNX file of {description.name!r} would give outputs that differ by "
            f"{difference:.2g} from torch's; it is not written."
        )
    return ExportAnswer(opset=OPSET, difference=difference)


def _network(request: ExportRequest) -> tuple[GraphNetwork, tuple[int, ...]]:
    description, path = request.description, Path(request.weights)
    if description.source is not None:
        raise _made_by_code(description.name)
    known = learnt_for(path)
    shape = request.input_shape or known.input_shape or description.input_shape
    outputs = known.outputs or description.outputs or 0
    if not shape:
        raise InvalidDataError(
            f"The shape of a sample of {description.name!r} is not known; give input_shape."
        )
    network = build(description, shape, outputs, known.output_shape)
    load_weights(network, path, description.name)
    if not isinstance(network, GraphNetwork) or isinstance(network, StepwiseNetwork):
        if description.is_code:
            raise _made_by_code(description.name)
        raise InvalidDataError(
            f"Network {description.name!r} cannot be exported: it goes through sequences by steps."
        )
    network.eval()
    return network, tuple(shape)


def _made_by_code(name: str) -> InvalidDataError:
    return InvalidDataError(
        f"Network {name!r} cannot be exported here: code makes it, and its layers are not known. "
        "In Python torch.onnx.export(job.network(), samples, 'model.onnx') writes it, of the job "
        "that learnt the weights, and in a process that has the packages the code needs."
    )


def _samples(network: GraphNetwork, shape: tuple[int, ...]) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    first = next(network.children())
    if isinstance(first, Embedding):
        return torch.randint(first.num_embeddings, (_BATCH, *shape), generator=generator)
    return torch.randn(_BATCH, *shape, generator=generator)


def _model(description: NetworkDescription, network: GraphNetwork, samples: Tensor) -> Any:
    writer = GraphWriter()
    values = {INPUT: INPUT}
    known = {INPUT: samples}
    with torch.inference_mode():
        for node, layer in zip(network.nodes, network.children(), strict=True):
            try:
                output = known[node.name] = network.compute(node, known, {})
            except (RuntimeError, ValueError, IndexError, TypeError) as error:
                raise InvalidDataError(
                    f"Layer {node.name!r} of network {description.name!r} does not take samples "
                    f"of shape {shape_text(samples.shape[1:])}: {error}"
                ) from error
            target = LayerNode(
                name=node.name,
                layer=layer,
                inputs=tuple(values[name] for name in node.inputs),
                shapes=tuple(tuple(known[name].shape) for name in node.inputs),
                output=tuple(output.shape),
            )
            emitter = EMITTERS.get(type(layer)) or SHAPE_EMITTERS.get(type(layer))
            if emitter is None:
                raise target.refuse("ONNX has no operators for it, or they are not written here")
            writer.enter(node.name)
            values[node.name] = emitter(writer, target)
        last = writer.emit("Identity", values[network.nodes[-1].name])
    return _proto(description, writer, samples, known[network.nodes[-1].name], last)


def _proto(
    description: NetworkDescription, writer: GraphWriter, samples: Tensor, output: Tensor, last: str
) -> Any:
    kind = onnx.TensorProto.FLOAT if samples.is_floating_point() else onnx.TensorProto.INT64
    graph = helper.make_graph(
        writer.nodes,
        description.name,
        [helper.make_tensor_value_info(INPUT, kind, [_BATCH_NAME, *samples.shape[1:]])],
        [
            helper.make_tensor_value_info(
                last, onnx.TensorProto.FLOAT, [_BATCH_NAME, *output.shape[1:]]
            )
        ],
        writer.constants,
    )
    return helper.make_model(
        graph,
        ir_version=IR_VERSION,
        opset_imports=[helper.make_opsetid("", OPSET)],
        producer_name="jupyter-platform",
        producer_version=__version__,
    )


class LRN(OpRun):
    """Local response normalisation for the reference, whose own takes samples for channels."""

    def _run(self, x: Any, alpha: float, beta: float, bias: float, size: int) -> tuple[Any]:
        around = [(0, 0), ((size - 1) // 2, size // 2), *[(0, 0)] * (x.ndim - 2)]
        squares = np.pad(x**2, around)
        total = sum(squares[:, shift : shift + x.shape[1]] for shift in range(size))
        return ((x / (bias + alpha / size * total) ** beta).astype(x.dtype),)


def _difference(model: Any, samples: Tensor, wanted: Tensor) -> float:
    results: Any = ReferenceEvaluator(model, new_ops=[LRN]).run(None, {INPUT: samples.numpy()})
    found = np.asarray(results[0])
    if found.shape != tuple(wanted.shape):
        return float("inf")
    return float(np.abs(found - wanted.numpy()).max())
