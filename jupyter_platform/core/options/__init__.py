"""Options of each job type: one model a type, served as a schema and validated at submit."""

from jupyter_platform.core.options.act import ActOptions
from jupyter_platform.core.options.evaluate import EvaluateOptions
from jupyter_platform.core.options.index_set import IndexSet
from jupyter_platform.core.options.learn import LearnOptions
from jupyter_platform.core.options.model import OptionModel
from jupyter_platform.core.options.resolve import OPTION_MODELS, resolve_options
from jupyter_platform.core.options.schema import OptionSchema, option_schema

__all__ = [
    "OPTION_MODELS",
    "ActOptions",
    "EvaluateOptions",
    "IndexSet",
    "LearnOptions",
    "OptionModel",
    "OptionSchema",
    "option_schema",
    "resolve_options",
]
