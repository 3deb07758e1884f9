"""EVALUATE: how well networks do."""

from jupyter_platform.learning.scoring.evaluations.base import Columns, Evaluation, Subject
from jupyter_platform.learning.scoring.evaluations.registry import evaluation_type

__all__ = ["Columns", "Evaluation", "Subject", "evaluation_type"]
