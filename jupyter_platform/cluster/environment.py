"""The environment that a process of a job gets: what it needs, and none of our secrets."""

from __future__ import annotations

import re
from collections.abc import Mapping

from jupyter_platform.core.runs import RunSpec

SECRET_NAME = re.compile(
    r"TOKEN|SECRET|PASSW|PASSPHRASE|CREDENTIAL|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|COOKIE|AUTH"
    r"|^JPY_|^JUPYTERHUB_|^JUPYTER_PLATFORM_API_|^DASK_",
    re.IGNORECASE,
)
"""Names of variables that may open something of their owner."""
SECRET_VALUE = re.compile(r"://[^/\s@]*:[^/\s@]+@")
"""An address with a password in it."""
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
