"""Write docs/onnx.md: what ONNX's own tests of its operators say of the import.

``python scripts/write_onnx_docs.py``; takes a minute or two.
"""

from __future__ import annotations

import re
import tempfile
import textwrap
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import numpy_helper

from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.core.exchange import ImportRequest
from jupyter_platform.learning.exchange.onnx.emitters import EMITTERS
from jupyter_platform.learning.exchange.onnx.graph_writer import OPSET
from jupyter_platform.learning.exchange.onnx.operators import OPERATORS
from jupyter_platform.learning.exchange.onnx.shape_emitters import SHAPE_EMITTERS
from jupyter_platform.learning.exchange.onnx.translation import GATES
from jupyter_platform.learning.exchange.onnx.writing import ACCEPTED_DIFFERENCE
from jupyter_platform.learning.exchange.reading import read
from jupyter_platform.learning.networks import build, load_weights
from jupyter_platform.learning.networks.registry import LAYER_TYPES

PATH = Path(__file__).parents[1] / "docs" / "onnx.md"
KNOWN = sorted({*OPERATORS, *GATES, "Split"})
_TOLERANCE = 1e-5
_FLOATS = (np.float32, np.float64)

INTRODUCTION = """\
# ONNX

`jupyter platform networks import model.onnx` makes a description and weights of an ONNX file, and
`jupyter platform networks export NAME --onnx` an ONNX file of a network with weights. Both need the
package `onnx`: `pip install 'jupyter-platform[onnx]'`.

A network here takes one tensor and gives one, with the batch on axis 0. So what mixes the samples
of a batch is refused, and weights must be constants. A node that has no layer here is refused by
name.

Of several outputs one is chosen (`--output`); inputs and nodes that it does not need are left out.
Nodes may come in any order. A model that computes in float16 or bfloat16, or that is quantised, is
refused by the name of the value or node; weights that are only kept so are taken
as the numbers that they are.

LSTM and GRU are taken as both of torch's exporters write them: sequences that come with the batch
first, states that start at zero, one direction or two. What turns axes around them becomes no
layer.

`torch.onnx.export` writes the weights of a model into a second file, `model.onnx.data`. Where that
lies beside the model it is taken along; elsewhere send a zip file of both.

## Import

What ONNX {version} (operators up to version {opset}) tests of its operators, with every input but
the first as a constant, and what becomes of it here: *equal* to the expected outputs, *refused*
with a sentence that says why, or of *other types* than float and double. Nothing may be imported
and compute something else. This page is made by `python scripts/write_onnx_docs.py`.

| operator | tests | equal | refused | other types | refused because |
|---|--:|--:|--:|--:|---|
"""


EXPORT = """
## Export

Files are written with version {opset} of the operators, the batch left open. Before one is given
out, its outputs for random samples are computed by ONNX's reference and compared with torch's: a
file that would differ by more than {difference:g} of the largest output is refused.

These layers are written, and all but Threshold are known again by the import: {written}.

These have no form in ONNX that would be written here, and are refused by name: {refused}. So are
networks that go through sequences step by step, and those that are made by code:
`torch.onnx.export` writes the module that `job.network()` returns.
"""


@dataclass(frozen=True)
class Verdict:
    """What became of one test."""

    name: str
    op: str
    result: str
    """``equal``, ``refused``, ``other types`` or ``wrong``."""
    reason: str = ""


def judge(name: str, op: str, model: Any, inputs: list[Any], outputs: list[Any]) -> Verdict:
    """Import a model and compare what it computes with what it should."""
    place = 1 if op == "Gather" else 0
    values = np.asarray(inputs[place]) if len(inputs) > place else None
    kinds = _FLOATS if op != "Gather" else (np.int32, np.int64)
    if values is None or values.dtype.type not in kinds or values.ndim == 0:
        return Verdict(name, op, "other types")
    if any(np.asarray(item).dtype.type not in (*_FLOATS, np.int64, np.bool_) for item in inputs):
        return Verdict(name, op, "other types")
    fixed = _with_constants(model, inputs, place)
    try:
        found = _run(fixed, values)
    except InvalidDataError as error:
        return Verdict(name, op, "refused", error.message)
    wanted = np.asarray(outputs[0])
    same = found.shape == wanted.shape and np.allclose(
        found, wanted, rtol=1e-3, atol=_TOLERANCE, equal_nan=True
    )
    return Verdict(name, op, "equal" if same else "wrong")


def _with_constants(model: Any, inputs: list[Any], place: int) -> Any:
    fixed = onnx.ModelProto()
    fixed.CopyFrom(model)
    graph = fixed.graph
    names = [item.name for item in graph.input]
    for index, name in enumerate(names):
        if index != place:
            graph.initializer.append(numpy_helper.from_array(np.asarray(inputs[index]), name))
    kept = graph.input[place]
    del graph.input[:]
    graph.input.append(kept)
    if len(graph.output) > 1:
        del graph.output[1:]
    return fixed


def _run(model: Any, values: Any) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        onnx.save(model, str(path))
        made = Path(folder) / "made"
        made.mkdir()
        answer = read(
            ImportRequest(file=str(path), folder=str(made), kind="onnx", name="n", file_name="n")
        )
        network = build(answer.description, values.shape[1:], 0).eval()
        if answer.weights:
            load_weights(network, Path(answer.weights[0].file), "n")
        kind = np.int64 if values.dtype.kind == "i" else np.float32
        with torch.no_grad():
            return network(torch.from_numpy(values.astype(kind))).numpy()


def verdicts() -> list[Verdict]:
    """Run all tests of the operators that are known here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from onnx.backend.test.case.node import collect_testcases  # noqa: PLC0415 - takes seconds

        cases = collect_testcases(None)
    found = []
    for case in cases:
        op = _operator(case.model)
        if op in KNOWN:
            inputs, outputs = case.data_sets[0]
            found.append(judge(case.name, op, case.model, list(inputs), list(outputs)))
    return found


def _operator(model: Any) -> str:
    operators = {node.op_type for node in model.graph.node}
    return operators.pop() if len(operators) == 1 else ""


def render(found: Iterable[Verdict]) -> str:
    """Return the page."""
    by_op: dict[str, list[Verdict]] = defaultdict(list)
    for item in found:
        by_op[item.op].append(item)
    lines = [INTRODUCTION.format(version=onnx.__version__, opset=onnx.defs.onnx_opset_version())]
    for op in KNOWN:
        counts = Counter(item.result for item in by_op[op])
        reasons = sorted({_reason(item.reason) for item in by_op[op] if item.reason})
        numbers = [len(by_op[op]), *(counts[key] for key in ("equal", "refused", "other types"))]
        cells = " | ".join(str(number) for number in numbers)
        lines.append(f"| {op} | {cells} | {'; '.join(reasons)} |\n")
    return "".join(lines) + _export()


def _export() -> str:
    written = {kind.__name__ for kind in (*EMITTERS, *SHAPE_EMITTERS)}
    page = EXPORT.format(
        opset=OPSET,
        difference=ACCEPTED_DIFFERENCE,
        written=", ".join(sorted(written)),
        refused=", ".join(sorted(set(LAYER_TYPES) - written)),
    )
    return "\n".join(textwrap.fill(line, 100) for line in page.split("\n"))


def _reason(text: str) -> str:
    if text.startswith("Layer "):
        return "torch does not take such sizes"
    reason = re.sub(r"^.*cannot be imported: ", "", text).rstrip(".")
    reason = re.sub(r"\d+(, \d+)*", "N", re.sub(r"\(\d+,?[^)]*\)", "…", reason))
    return reason.replace("|", "/").splitlines()[0][:90]


def main() -> None:
    """Write the page, and say what is wrong."""
    found = verdicts()
    for item in found:
        if item.result == "wrong":
            print("wrong:", item.name)
    PATH.write_text(render(found), encoding="utf-8")
    print(Counter(item.result for item in found))


if __name__ == "__main__":
    main()
