"""Detection of secrets in environment variables, by name or value."""

from __future__ import annotations

import re

SECRET_NAME = re.compile(
    r"TOKEN|SECRET|PASSW|PASSPHRASE|CREDENTIAL|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|COOKIE|AUTH"
    r"|^JPY_|^JUPYTERHUB_|^JUPYTER_PLATFORM_API_|^DASK_",
    re.IGNORECASE,
)
"""Names of variables that may open something of their owner."""
SECRET_VALUE = re.compile(r"://[^/\s@]*:[^/\s@]+@")
"""An address with a password in it."""
