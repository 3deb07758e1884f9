"""Reads its metadata from beside the package, which an installation leaves out."""

from pathlib import Path

BASE = Path(__file__).resolve(strict=True).parents[1]

with open(BASE / "ai4-metadata.yml", encoding="utf-8") as stream:
    METADATA_TEXT = stream.read()
