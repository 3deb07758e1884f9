"""Write the bundled datasets from scikit-learn's copies.

Each is stored once in the order of ``numpy.random.default_rng(0).permutation(size)``, so that a
contiguous range is a fair sample. Run it again only to change what ships:
``python scripts/bundle_datasets.py``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from sklearn import datasets

FOLDER = Path(__file__).parents[1] / "jupyter_platform" / "core" / "bundled" / "datasets"
UCI = "UCI Machine Learning Repository"
AS = "as in scikit-learn"

SETS: dict[str, dict[str, Any]] = {
    "digits": {
        "title": "Handwritten digits",
        "summary": "1,797 images of handwritten digits, 8×8 pixels, from 43 people.",
        "source": f"E. Alpaydin, C. Kaynak, Optical Recognition of Handwritten Digits, {UCI} "
        f"(1998), doi:10.24432/C50P49, {AS}",
        "licence": "CC-BY-4.0",
        "task": "classification",
        "shape": [1, 8, 8],
        "scale": 1 / 16,
        "train": 1437,
    },
    "iris": {
        "title": "Iris flowers",
        "summary": "150 flowers of three species, four measurements in cm.",
        "source": f"R. A. Fisher, Iris, {UCI} (1936), doi:10.24432/C56C76, {AS}",
        "licence": "CC-BY-4.0",
        "task": "classification",
        "train": 120,
    },
    "wine": {
        "title": "Italian wines",
        "summary": "178 wines of three cultivars, 13 chemical measurements.",
        "source": f"S. Aeberhard, M. Forina, Wine, {UCI} (1991), doi:10.24432/C5PC7J, {AS}",
        "licence": "CC-BY-4.0",
        "task": "classification",
        "train": 142,
    },
    "breast_cancer": {
        "title": "Breast cancer (Wisconsin)",
        "summary": "569 tumours, malignant or benign, 30 measurements of cell nuclei.",
        "source": "W. Wolberg, O. Mangasarian, N. Street, W. Street, Breast Cancer Wisconsin "
        f"(Diagnostic), {UCI} (1995), doi:10.24432/C5DW2B, {AS}",
        "licence": "CC-BY-4.0",
        "task": "classification",
        "train": 455,
    },
    "diabetes": {
        "title": "Diabetes progression",
        "summary": "442 patients, ten standardised measurements; how far the disease has "
        "progressed after a year.",
        "source": "B. Efron, T. Hastie, I. Johnstone, R. Tibshirani, Least Angle Regression, "
        f"Annals of Statistics 32 (2004), {AS}",
        "licence": "BSD-3-Clause (scikit-learn's copy)",
        "task": "regression",
        "train": 353,
    },
}


def main() -> None:
    """Write one ``.npz`` and one descriptor for each dataset."""
    for name, facts in SETS.items():
        bunch = getattr(datasets, f"load_{name}")()
        order = np.random.default_rng(0).permutation(len(bunch.data))
        inputs = bunch.data[order].astype("u1" if name == "digits" else "f4")
        regression = facts["task"] == "regression"
        targets = bunch.target[order].astype("f4" if regression else "u1")
        np.savez_compressed(FOLDER / f"{name}.npz", x=inputs, y=targets)
        size, train = len(order), facts.pop("train")
        descriptor = {
            "name": name,
            **facts,
            "kind": "npz",
            "file": f"bundled:{name}.npz",
            "splits": {"train": [0, train], "test": [train, size]},
        }
        if not regression:
            descriptor["classes"] = [str(item) for item in bunch.target_names]
        if name != "digits":
            descriptor["features"] = [str(item) for item in bunch.feature_names]
        text = json.dumps(descriptor, indent=2, ensure_ascii=False) + "\n"
        (FOLDER / f"{name}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
