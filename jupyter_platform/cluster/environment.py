"""The environment that a process of a job gets: what it needs, and none of our secrets."""

from __future__ import annotations

from collections.abc import Mapping

from jupyter_platform.core.runs import RunSpec
from jupyter_platform.core.secret_names import SECRET_NAME, SECRET_VALUE

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
DEVICE_VARIABLE = "CUDA_VISIBLE_DEVICES"


def public_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return `environment` without anything that looks like a secret."""
    return {
        name: value
        for name, value in environment.items()
        if not SECRET_NAME.search(name) and not SECRET_VALUE.search(value)
    }


def run_variables(spec: RunSpec) -> dict[str, str]:
    """Return the variables that bind a process to its lease: threads and GPUs.

    A process without a leased GPU sees none.
    """
    variables = {name: str(spec.threads) for name in THREAD_VARIABLES}
    variables[DEVICE_VARIABLE] = ",".join(str(index) for index in spec.gpus)
    variables["PYTHONUNBUFFERED"] = "1"
    return variables
