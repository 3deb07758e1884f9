"""EVALUATE: how well networks do."""

from jupyter_platform.learning.evaluation.base import Columns, Evaluation, Subject
from jupyter_platform.learning.evaluation.registry import evaluation_type

__all__ = ["Columns", "Evaluation", "Subject", "evaluation_type"]
