"""What the file ``checkpoint.json`` of a checkpoint tells of the weights within."""

from pydantic import BaseModel, Field

FACTS, MODEL = "checkpoint.json", "model.safetensors"


class WeightsWithin(BaseModel):
    """The weights of one network within a checkpoint."""

    prefix: str = ""
    """What the names of its tensors begin with in ``model.safetensors``."""
    metadata: dict[str, str] = Field(default_factory=dict)
    """Of a safetensors file that holds them alone."""
    best: str = ""
    """Name of the file with the best ones, where there are some yet."""


class CheckpointFacts(BaseModel):
    """The facts of a checkpoint that are needed to store its weights."""

    networks: dict[str, WeightsWithin] = Field(default_factory=dict)
    """By name; those that learn. Checkpoints of earlier releases tell none."""
    best_step: int | None = None
    best_scores: dict[str, float | None] = Field(default_factory=dict)
